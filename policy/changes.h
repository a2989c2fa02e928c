// SPDX-License-Identifier: Apache-2.0
// Changes: the one ChangeListener of a shard, which tells each kind of record to whom it concerns. Filled while the
// services are built; not thread-safe.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/records.h"

namespace gatehouse::policy {

class Changes final : public ChangeListener {
  public:
    /// `told` is called when a record of that kind changed, and whenever one may have unheard: each time the feed comes
    /// up. It must return at once (a Mirror's refresh()).
    void on(std::string_view kind, std::function<void()> told) {
        listeners_.emplace_back(std::string(kind), std::move(told));
    }

    void on_changed(std::string_view kind) override {
        for (const auto& [wanted, told] : listeners_)
            if (wanted == kind) told();
    }
    void on_changes_up() override {
        for (const auto& [wanted, told] : listeners_)
            told();
    }

  private:
    std::vector<std::pair<std::string, std::function<void()>>> listeners_;
};

}  // namespace gatehouse::policy

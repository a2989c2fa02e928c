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
    /// up. `unheard`, if there is one, when the feed is down. Both must return at once (a Mirror's refresh() and
    /// go_blind()).
    void on(std::string_view kind, std::function<void()> told, std::function<void()> unheard = {}) {
        listeners_.push_back({std::string(kind), std::move(told), std::move(unheard)});
    }

    void on_changed(std::string_view kind) override {
        for (const Listener& each : listeners_)
            if (each.kind == kind) each.told();
    }
    void on_changes_up() override {
        for (const Listener& each : listeners_)
            each.told();
    }
    void on_changes_down() override {
        for (const Listener& each : listeners_)
            if (each.unheard) each.unheard();
    }

  private:
    struct Listener {
        std::string kind;
        std::function<void()> told;
        std::function<void()> unheard;
    };

    std::vector<Listener> listeners_;
};

}  // namespace gatehouse::policy

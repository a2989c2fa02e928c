// SPDX-License-Identifier: Apache-2.0
// The Journal in memory: what was written, in order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

#include "gateway/observe/journal.h"

namespace gatehouse::testing {

class MemoryJournal final : public observe::Journal {
  public:
    void write(const observe::Entry& entry) override { entries.push_back(entry); }
    void write(const observe::SecurityEvent& event) override { events.push_back(event); }

    std::size_t count(std::string_view event) const {
        return static_cast<std::size_t>(
            std::ranges::count_if(events, [&](const auto& each) { return each.name == event; }));
    }

    std::vector<observe::Entry> entries;
    std::vector<observe::SecurityEvent> events;
};

}  // namespace gatehouse::testing

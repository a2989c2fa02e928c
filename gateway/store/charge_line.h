// SPDX-License-Identifier: Apache-2.0
// The lines of the spend journal, as JSON: what was begun, what it cost, what cost nothing, and how far everything is
// in the store. Written by spend_journal, and read by it after a crash or an outage. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "policy/charge.h"

namespace gatehouse::store {

struct StartLine {
    std::string request_id;
    std::string user;
    std::string session;
    Money reserved;
};
struct SettleLine {
    std::uint64_t number = 0;
    policy::Charge charge;
};
struct ReleaseLine {
    std::string request_id;
};
/// Every settlement below this number is in the store.
struct CheckpointLine {
    std::uint64_t number = 0;
};
using JournalLine = std::variant<StartLine, SettleLine, ReleaseLine, CheckpointLine>;

/// All with their newline.
std::string start_line(const policy::Begun& begun, Instant when);
std::string settle_line(std::uint64_t number, const policy::Charge& charge);
std::string release_line(std::string_view request_id, std::string_view why, Instant when);
std::string checkpoint_line(std::uint64_t number, Instant when);

/// Nothing when it is no such line (a torn one at the end of a crash).
std::optional<JournalLine> parse_line(std::string_view line);

}  // namespace gatehouse::store

// SPDX-License-Identifier: Apache-2.0
// What is kept of a paused session, as reserve.lua writes it: `since cost requests minutes most_cost most_requests
// user` with blanks between; moments in ms since 1970, money in nano-dollars, 0 for a bound that the rule does not
// have.
#pragma once

#include <optional>
#include <string_view>

#include "policy/brake.h"

namespace gatehouse::store {

/// The session's id is not in it. Nothing when it is not such a record.
std::optional<policy::PausedSession> parse_paused(std::string_view record);

}  // namespace gatehouse::store

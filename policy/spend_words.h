// SPDX-License-Identifier: Apache-2.0
// What people are told when money stops a request: one wording for the refusal itself (messages/spend_answer) and for
// the admin who asks why (admin/explain). Pure.
#pragma once

#include <string>
#include <string_view>

#include "policy/limit.h"
#include "policy/utilization.h"

namespace gatehouse::policy {

/// The cap is reached. `blocked_message` is what the operator added; may be empty.
std::string over_budget_words(const Described& cap, const Limit& limit, std::string_view blocked_message);
/// What is left of the cap is held for requests under way.
inline constexpr std::string_view held_budget_words =
    "what is left of your spend limit is set aside for requests that are under way: try again when one has ended";

}  // namespace gatehouse::policy

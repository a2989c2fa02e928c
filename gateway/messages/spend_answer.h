// SPDX-License-Identifier: Apache-2.0
// What a caller is told about their caps: the usage-limit headers of an answer, the refusal of a request, and the body
// of GET /api/oauth/usage. The wording of the wire contract (docs/api.md); which cap it is about was decided in
// policy/utilization. Pure.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/http/message.h"
#include "policy/brake.h"
#include "policy/utilization.h"

namespace gatehouse::messages {

/// Adds the headers of an answer to a caller who is capped.
void add_usage_headers(http::Headers& headers, const policy::Described& cap);

/// 429 `billing_error`: the cap is reached. `pool`: it is shared. `blocked_message` is what the operator added.
http::Response refuse_over_budget(const policy::Described& cap, const policy::Limit& limit, Instant now,
                                  std::string_view blocked_message);
/// 429 `billing_error` without figures: the store does not answer and the operator wants to fail closed.
http::Response refuse_unknown_spend();
/// 429 `rate_limit_error`: what is left of the cap is held for requests under way.
http::Response refuse_held_budget();
/// 429 `rate_limit_error`: too fast.
http::Response refuse_rate(const policy::Braked& braked, const policy::RateLimits& rates);
/// 429 `rate_limit_error` that is not to be tried again: a person must say that the session is meant to go on, at
/// `access_page`.
http::Response refuse_paused(const policy::PausedSession& paused, std::string_view access_page);

/// One of a caller's caps, for GET /api/oauth/usage.
struct UsageRow {
    policy::Period period = policy::Period::monthly;
    policy::Described cap;
};
/// Who has caps: the one that headers describe, and a row each, shortest period first.
boost::json::object capped_usage(const std::vector<UsageRow>& rows, const policy::Described& described);
/// Who has none: what they spent in the present month, week and day.
boost::json::object uncapped_usage(Money day, Money week, Money month);

}  // namespace gatehouse::messages

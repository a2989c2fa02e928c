// SPDX-License-Identifier: Apache-2.0
// What is asked of increase requests, as read from bodies and queries: a developer's ask, an admin's grant, which ones
// to list. Called by increase_requests; the first fault is the answer, as `<field>: <reason>`. Pure.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <vector>

#include "gateway/admin/query.h"
#include "gateway/base/clock.h"
#include "gateway/base/result.h"
#include "policy/increase.h"
#include "policy/period.h"

namespace gatehouse::admin {

/// What somebody asks for.
struct IncreaseAsk {
    std::optional<policy::Period> period;
    std::optional<std::string> wished;  ///< cents in digits
    std::string reason;
};

/// What an admin grants.
struct IncreaseGrant {
    std::string amount;                    ///< cents in digits
    std::optional<policy::Period> period;  ///< nothing: the request's
    std::optional<Instant> expires_at;     ///< nothing: for good
    std::string note;
};

struct IncreaseListing {
    std::vector<policy::IncreaseStatus> statuses;  ///< empty: any
    std::vector<std::string> users;                ///< empty: anybody's
    std::size_t limit = 0;
    std::string after;  ///< the last one of the page before

    bool fits_status(const policy::IncreaseRequest& request, Instant now) const;
    bool fits(const policy::IncreaseRequest& request, Instant now) const;
};

/// A member that nobody knows is refused: a misspelt one would silently be another wish.
Result<IncreaseAsk> parse_increase_ask(const boost::json::object& body);
/// Members that nobody knows are ignored: a client written for Anthropic's API may send `suppress_notification`.
Result<IncreaseGrant> parse_increase_grant(const boost::json::object& body, Instant now);
/// The words of a decision, `note`; empty when there are none.
Result<std::string> parse_increase_note(const boost::json::object& body);
Result<IncreaseListing> parse_increase_listing(const Query& query);

}  // namespace gatehouse::admin

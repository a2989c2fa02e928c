// SPDX-License-Identifier: Apache-2.0
// CapOrder: the cap that an admin asks for, as read from a body of POST /v1/organizations/spend_limits. Pure; knows
// nothing of who is there (people.h) or what is stored (cap_store.h).
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>

#include "gateway/base/clock.h"
#include "gateway/base/result.h"
#include "policy/cap.h"

namespace gatehouse::admin {

struct CapOrder {
    policy::Scope scope;
    std::string user_email;  ///< names the user instead of `scope.id`, until it is resolved
    std::optional<std::string> amount;
    policy::Period period = policy::Period::monthly;
    std::optional<Instant> expires_at;
    std::string reason;  ///< for the audit trail; may be empty

    bool operator==(const CapOrder&) const = default;
};

/// The first fault in it is the answer, as `<field path>: <reason>`. Members that nobody knows are ignored.
Result<CapOrder> parse_cap_order(const boost::json::object& body, Instant now);

}  // namespace gatehouse::admin

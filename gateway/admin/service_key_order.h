// SPDX-License-Identifier: Apache-2.0
// ServiceKeyOrder: what an admin wants a service key to be, as read from the bodies of POST
// /v1/organizations/service_keys and below. Pure; knows nothing of who asks or what is stored. A member that nobody
// knows is refused: a misspelt `allowed_cidrs` would otherwise silently open a key to every address.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "auth/service_key.h"
#include "gateway/base/clock.h"
#include "gateway/base/result.h"
#include "policy/period.h"

namespace gatehouse::admin {

/// A cap of its own, created with the key.
struct ServiceKeyLimit {
    std::optional<std::string> amount;  ///< cents in digits; nothing: unlimited
    policy::Period period = policy::Period::monthly;

    bool operator==(const ServiceKeyLimit&) const = default;
};

/// What is not said is nothing: of a new key a default, of a present one left as it is.
struct ServiceKeyOrder {
    std::optional<std::string> name;
    std::optional<std::string> owner;
    std::optional<std::vector<std::string>> groups;
    std::optional<std::vector<std::string>> allowed_cidrs;
    bool says_expiry = false;
    std::optional<Instant> expires_at;               ///< when it is said: nothing is never
    std::optional<boost::json::object> rate_limits;  ///< as a policy writes them; empty: those of its policy
    std::optional<bool> disabled;
    std::vector<ServiceKeyLimit> limits;
    std::string reason;  ///< for the audit trail; may be empty

    bool operator==(const ServiceKeyOrder&) const = default;
};

struct RotationOrder {
    std::chrono::seconds overlap{0};
    std::string reason;

    bool operator==(const RotationOrder&) const = default;
};

/// `name`, `owner` and `groups` are there, and an expiry: 90 days when the body does not say one. Faults: bad_request,
/// the first fault as `<field path>: <reason>`.
Result<ServiceKeyOrder> parse_new_service_key(const boost::json::object& body, Instant now);
/// At least one thing is said.
Result<ServiceKeyOrder> parse_service_key_change(const boost::json::object& body, Instant now);
Result<RotationOrder> parse_rotation(const boost::json::object& body);

/// Overwrites what the order says.
void apply(const ServiceKeyOrder& order, auth::ServiceKey& key);

}  // namespace gatehouse::admin

// SPDX-License-Identifier: Apache-2.0
// Charge: one settled request, as it is added to accounts and reports; Dimensions: what reports can group it by.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/money.h"
#include "policy/principal.h"
#include "policy/usage.h"

namespace gatehouse::policy {

/// "standard", "long_context", "fast", "fast_long_context".
std::string_view to_slug(Tier tier);

/// Empty where there is none.
struct Dimensions {
    std::string user;            ///< the identity's subject; a service key's is "service:<key id>"
    std::string group;           ///< the one group that this is allocated to (docs/metering.md)
    std::string model;           ///< catalogue id
    std::string upstream;        ///< name of the upstream that answered
    std::string upstream_model;  ///< the id that was sent there, which the price depends on
    std::string project;
    std::string service_key;  ///< id of the service key
    Tier tier = Tier::standard;

    auto operator<=>(const Dimensions&) const = default;
    bool operator==(const Dimensions&) const = default;
};

/// Names of accounts, as caps are counted on them. A user's spend is on one, a pool's on another.
std::string user_account(std::string_view user);
std::string pool_account(std::string_view group);
/// Whose account it is; nothing: it is no user's, no pool's.
std::optional<std::string> user_of(std::string_view account);
std::optional<std::string> pool_of(std::string_view account);

/// A request that may cost something, on its way to be sent.
struct Begun {
    std::string_view request_id;
    std::string_view user;
    std::string_view model;
    std::string_view session;
    Money reserved;
};

struct Charge {
    std::string request_id;  ///< also the id of its reservation, if it had one
    Instant when;            ///< decides the hour, day, week and month that it counts in
    Dimensions who;
    std::string session;  ///< x-claude-code-session-id
    std::string agent;    ///< x-claude-code-agent-id
    Usage usage;
    Money cost;
    bool estimated = false;              ///< the provider did not say its usage to the end
    bool reserved = false;               ///< there is a reservation of this id to take back
    std::vector<std::string> accounts;   ///< where it is added up (CapBook::accounts)
    std::optional<Principal> principal;  ///< given when it should be written down anew
};

}  // namespace gatehouse::policy

// SPDX-License-Identifier: Apache-2.0
// Limit, Hold, Standing: the words in which a request's money is set aside. An account is a name that spend is added up
// on (charge.h); a limit bounds it in a period. `spent` and `held` are separate figures everywhere. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/money.h"
#include "policy/brake.h"
#include "policy/period.h"

namespace gatehouse::policy {

/// A bound on what one account may spend in the present period.
struct Limit {
    std::string account;
    Period period = Period::monthly;
    Money amount;
    bool pool = false;  ///< the account is shared by a group

    bool operator==(const Limit&) const = default;
};

/// How an account stands in one period.
struct Standing {
    Money spent;
    Money held;  ///< set aside for requests under way; the same for every period of an account

    bool operator==(const Standing&) const = default;
};

/// What a request wants set aside, and what it is counted on.
struct Hold {
    std::string id;  ///< the request's id
    Instant now;
    Money estimate;
    std::chrono::seconds lifetime{0};  ///< it goes back by itself after that long, should we die
    std::vector<Limit> limits;
    std::vector<Gauge> gauges{};
    std::optional<Watch> watch{};
    std::int64_t tokens = 0;  ///< that the gauges are filled by, beside the estimate
};

/// What became of it. Granted: the estimate is held on every account of the limits. An account that nothing else is
/// held on and whose limits are not reached grants what is left below the limit, however small: so nobody who is alone
/// is refused before they have reached their cap, and of several at once nobody passes it by more than their estimates
/// were wrong. Money comes first, then whether the session is paused, then the gauges; whatever refuses, nothing is
/// held and nothing is counted.
struct Held {
    bool granted = false;
    Money reserved;                   ///< the least of what was held on the accounts
    std::vector<Standing> standings;  ///< index for index what the limits were before this request
    std::optional<Braked> braked{};   ///< there is money, and a gauge without room
    /// There is money, and the session is paused: by this request (`since` is now) or before.
    std::optional<PausedSession> paused{};
};

/// The end of a request that gauges or a watch count.
struct Finish {
    std::string id;
    Instant now;
    std::vector<Gauge> gauges;
    std::optional<Watch> watch;
    Draw guessed;  ///< as it was reserved
    Draw drawn;    ///< as it came to be
};

/// The amount that a hold is granted on one account, or nothing. `room` is the least of limit - spent over the
/// account's limits, `held` what others hold there. The store's script does the same.
std::optional<Money> grant(Money estimate, Money room, Money held);

}  // namespace gatehouse::policy

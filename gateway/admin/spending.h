// SPDX-License-Identifier: Apache-2.0
// Spending: what people and pools spent in their present periods, read from the ledger in pieces, and how it is shown.
// `spent` and `held` are separate figures everywhere.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/task.h"
#include "policy/cap.h"
#include "policy/ledger.h"
#include "policy/limit.h"
#include "policy/rollups.h"

namespace gatehouse::admin {

/// policy::Ledger::standings.
using Standings = std::function<Task<std::vector<policy::Standing>>(std::vector<policy::Limit>, Instant)>;
Standings standings_of(policy::Ledger& ledger);
/// policy::Ledger::readings.
using Readings = std::function<Task<std::vector<policy::Reading>>(std::vector<policy::Gauge>, Instant)>;
Readings readings_of(policy::Ledger& ledger);

/// The same for any number of limits.
Task<std::vector<policy::Standing>> read_standings(Standings ledger, std::vector<policy::Limit> limits, Instant now);

/// One person in some periods.
struct Spender {
    policy::Principal who;
    std::vector<policy::Standing> standings;  ///< index for index the periods that were asked for

    bool has_any() const;
};

Task<std::vector<Spender>> read_spenders(Standings ledger, std::vector<policy::Principal> people,
                                         std::vector<policy::Period> periods, Instant now);

/// Adds `period_to_date_spend` and `held`, in cents.
void add_standing(boost::json::object& row, const policy::Standing& standing);
/// Adds `amount`, `currency`, `period`, `source` and `spend_limit_id`, and `expires_at` of a temporary cap.
void add_cap(boost::json::object& row, policy::Period period, const policy::Cap* cap);
/// Whether a cap is reached: what requests are refused for.
bool is_reached(const policy::Cap& cap, const policy::Standing& standing);

}  // namespace gatehouse::admin

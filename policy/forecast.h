// SPDX-License-Identifier: Apache-2.0
// Forecast: what a month will have cost when it ends. Pure and deterministic in `now`; docs/reports.md has the rules
// with an example.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>

#include "gateway/base/clock.h"
#include "gateway/base/money.h"

namespace gatehouse::policy {

/// Cost by the UTC day that it was settled on (its midnight). Days without spend may be missing.
using DailySpend = std::map<Instant, Money>;

enum class ForecastMethod : std::uint8_t {
    weekdays,  ///< each day to come costs what that day of the week has cost lately
    linear,    ///< too little history for that: each day to come costs the average day
    spent,     ///< no complete day of history: what was spent so far, as a lower bound
};

/// "weekdays", "linear", "spent".
std::string_view to_slug(ForecastMethod method);

struct Forecast {
    Money amount;  ///< month to date, the rest of today and the days to come
    ForecastMethod method = ForecastMethod::spent;
    int days_of_history = 0;  ///< complete days that it rests on, at most 28
};

/// For the month that `now` lies in. `spent` should reach back to its first day and 28 days.
Forecast forecast(const DailySpend& spent, Instant now);

}  // namespace gatehouse::policy

// SPDX-License-Identifier: Apache-2.0
#include "policy/forecast.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "policy/period.h"

namespace gatehouse::policy {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

/// Four of each day of the week: long enough to know Fridays from Sundays, short enough to notice that a team grew.
constexpr int history_days = 28;
/// Every day of the week at least twice.
constexpr int weekday_days = 14;

/// What was spent in a number of days.
struct Rate {
    Money sum;
    int over = 0;

    void add(Money spent) {
        sum += spent;
        ++over;
    }
    /// What `count` such days cost, rounded down.
    Money times(std::int64_t count) const {
        if (over == 0) return {};
        const std::int64_t each = sum.nano() / over;
        const std::int64_t left = sum.nano() % over;
        return Money::nano(each) * count + Money::nano(left * count / over);
    }
};

Money spent_on(const DailySpend& spent, sys_days day) {
    const auto found = spent.find(Instant{day});
    return found == spent.end() ? Money() : found->second;
}

/// The first day of history: 28 days ago, or the first day with spend when that is later.
sys_days history_begin(const DailySpend& spent, sys_days today) {
    const sys_days earliest = today - days{history_days};
    for (const auto& [day, cost] : spent)
        if (!cost.is_zero()) return std::clamp(std::chrono::floor<days>(day), earliest, today);
    return today;
}

using Rates = std::array<Rate, 7>;

Rates rates_of(const DailySpend& spent, sys_days first, sys_days today, bool by_weekday) {
    Rates rates;
    Rate all;
    for (sys_days day = first; day < today; day += days{1}) {
        rates[std::chrono::weekday{day}.c_encoding()].add(spent_on(spent, day));
        all.add(spent_on(spent, day));
    }
    if (!by_weekday) rates.fill(all);
    return rates;
}

}  // namespace

std::string_view to_slug(ForecastMethod method) {
    switch (method) {
        case ForecastMethod::weekdays:
            return "weekdays";
        case ForecastMethod::linear:
            return "linear";
        case ForecastMethod::spent:
            return "spent";
    }
    return "spent";
}

Forecast forecast(const DailySpend& spent, Instant now) {
    const auto today = std::chrono::floor<days>(now);
    const auto first = std::chrono::floor<days>(period_begin(Period::monthly, now));
    const auto end = std::chrono::floor<days>(period_end(Period::monthly, now));
    Forecast result;
    for (sys_days day = first; day < today; day += days{1})
        result.amount += spent_on(spent, day);

    const sys_days begin = history_begin(spent, today);
    result.days_of_history = static_cast<int>((today - begin).count());
    if (result.days_of_history >= weekday_days)
        result.method = ForecastMethod::weekdays;
    else if (result.days_of_history > 0)
        result.method = ForecastMethod::linear;

    const Rates rates = rates_of(spent, begin, today, result.method == ForecastMethod::weekdays);
    std::array<std::int64_t, 7> to_come{};
    for (sys_days day = today + days{1}; day < end; day += days{1})
        ++to_come[std::chrono::weekday{day}.c_encoding()];
    // Nobody knows at which hours a company works, so today is not scaled by the clock: it costs what such a day
    // costs, or what it has cost already if that is more.
    result.amount += std::max(spent_on(spent, today), rates[std::chrono::weekday{today}.c_encoding()].times(1));
    for (std::size_t weekday = 0; weekday < rates.size(); ++weekday)
        result.amount += rates[weekday].times(to_come[weekday]);
    return result;
}

}  // namespace gatehouse::policy

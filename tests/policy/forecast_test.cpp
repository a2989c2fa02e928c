// SPDX-License-Identifier: Apache-2.0
#include "policy/forecast.h"

#include <gtest/gtest.h>

namespace gatehouse::policy {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::sys_days;

// November 2026 begins on a Sunday and has 30 days.
sys_days november(int day) {
    return std::chrono::year{2026} / 11 / day;
}

/// `count` days that end before `today`, each costing what `cost` says of it.
template <class Cost>
DailySpend history(sys_days today, int count, Cost cost) {
    DailySpend spent;
    for (int back = 1; back <= count; ++back)
        spent[Instant{today - days{back}}] = cost(today - days{back});
    return spent;
}

Money workdays(sys_days day) {
    const std::chrono::weekday weekday{day};
    return weekday == std::chrono::Saturday || weekday == std::chrono::Sunday ? Money::dollars(1) : Money::dollars(10);
}

TEST(Forecast, KnowsWeekendsFromWorkdays) {
    // Today is Monday the 16th, nothing spent yet: 15 days behind, today and 14 more ahead.
    const auto spent = history(november(16), 28, workdays);

    const Forecast found = forecast(spent, Instant{november(16)} + 1h);

    // Behind: 10 workdays and 5 weekend days. Ahead, today included: 11 workdays and 4 weekend days.
    EXPECT_EQ(found.amount, Money::dollars(100 + 5 + 110 + 4));
    EXPECT_EQ(found.method, ForecastMethod::weekdays);
    EXPECT_EQ(found.days_of_history, 28);
}

TEST(Forecast, TodayCostsWhatSuchADayCostsOrWhatItHasCost) {
    auto spent = history(november(30), 29, workdays);
    const Money before = Money::dollars(20 * 10 + 9 * 1);  // the 1st to the 29th

    spent[Instant{november(30)}] = Money::dollars(4);
    EXPECT_EQ(forecast(spent, Instant{november(30)} + 12h).amount, before + Money::dollars(10));
    spent[Instant{november(30)}] = Money::dollars(40);
    EXPECT_EQ(forecast(spent, Instant{november(30)} + 12h).amount, before + Money::dollars(40));
}

TEST(Forecast, IsTheSameAtEveryMomentOfADayWithTheSameSpend) {
    const auto spent = history(november(16), 28, workdays);
    EXPECT_EQ(forecast(spent, Instant{november(16)}).amount, forecast(spent, Instant{november(17)} - 1ms).amount);
}

TEST(Forecast, IsLinearWhileThereIsLittleHistory) {
    // First spend on Friday the 6th; today is the 9th. Three days: 9, 0, 3 dollars.
    const DailySpend spent{{Instant{november(6)}, Money::dollars(9)}, {Instant{november(8)}, Money::dollars(3)}};

    const Forecast found = forecast(spent, Instant{november(9)} + 5h);

    EXPECT_EQ(found.method, ForecastMethod::linear);
    EXPECT_EQ(found.days_of_history, 3);
    EXPECT_EQ(found.amount, Money::dollars(12 + 4 * 22));
}

TEST(Forecast, NeedsEveryWeekdayTwiceToTellThemApart) {
    const auto thirteen = history(november(20), 13, workdays);
    const auto fourteen = history(november(20), 14, workdays);

    EXPECT_EQ(forecast(thirteen, Instant{november(20)}).method, ForecastMethod::linear);
    EXPECT_EQ(forecast(fourteen, Instant{november(20)}).method, ForecastMethod::weekdays);
}

TEST(Forecast, WithoutACompleteDayIsWhatWasSpent) {
    const Forecast today = forecast({{Instant{november(9)}, Money::dollars(3)}}, Instant{november(9)} + 5h);
    EXPECT_EQ(today.method, ForecastMethod::spent);
    EXPECT_EQ(today.amount, Money::dollars(3));
    EXPECT_EQ(today.days_of_history, 0);

    EXPECT_EQ(forecast({}, Instant{november(9)}).amount, Money());
}

TEST(Forecast, AQuietBeginOfTheWindowIsHistoryToo) {
    // Spend long ago, then nothing until the 15th: the zeros count.
    DailySpend spent = history(november(29), 14, workdays);
    spent[Instant{november(1) - days{25}}] = Money::dollars(1);

    const Forecast found = forecast(spent, Instant{november(29)});

    EXPECT_EQ(found.days_of_history, 28);
}

TEST(Forecast, RestsOnLastMonthWhenThisOneIsYoung) {
    const auto spent = history(november(1), 28, workdays);

    // November 2026: 21 workdays, 9 weekend days.
    EXPECT_EQ(forecast(spent, Instant{november(1)}).amount, Money::dollars(21 * 10 + 9));
}

TEST(Forecast, LosesLessThanANanoDollarForEachWeekday) {
    // Seven days ahead from a sum of 10 nano-dollars over 3 days.
    const DailySpend spent{{Instant{november(20)}, Money::nano(10)}};

    const Forecast found = forecast(spent, Instant{november(23)});

    EXPECT_EQ(found.amount, Money::nano(10 + 3 + 7 * 3));
}

TEST(Forecast, NamesItsMethods) {
    EXPECT_EQ(to_slug(ForecastMethod::weekdays), "weekdays");
    EXPECT_EQ(to_slug(ForecastMethod::linear), "linear");
    EXPECT_EQ(to_slug(ForecastMethod::spent), "spent");
}

}  // namespace
}  // namespace gatehouse::policy

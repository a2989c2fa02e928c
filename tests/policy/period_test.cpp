// SPDX-License-Identifier: Apache-2.0
#include "policy/period.h"

#include <gtest/gtest.h>

namespace gatehouse::policy {
namespace {

using namespace std::chrono;

Instant at(int year, unsigned month, unsigned day, int hour = 0, int minute = 0) {
    return Instant{sys_days{std::chrono::year{year} / std::chrono::month{month} / std::chrono::day{day}}} +
           hours(hour) + minutes(minute);
}

TEST(Period, BeginsAtMidnightOnMondayAndOnTheFirst) {
    const Instant wednesday = at(2026, 11, 25, 22, 5);
    EXPECT_EQ(period_begin(Period::daily, wednesday), at(2026, 11, 25));
    EXPECT_EQ(period_begin(Period::weekly, wednesday), at(2026, 11, 23));
    EXPECT_EQ(period_begin(Period::monthly, wednesday), at(2026, 11, 1));
}

TEST(Period, EndsWhereTheNextOneBegins) {
    const Instant new_years_eve = at(2026, 12, 31, 23, 59);  // a Thursday
    EXPECT_EQ(period_end(Period::daily, new_years_eve), at(2027, 1, 1));
    EXPECT_EQ(period_end(Period::weekly, new_years_eve), at(2027, 1, 4));
    EXPECT_EQ(period_end(Period::monthly, new_years_eve), at(2027, 1, 1));
    for (const Period period : every_period)
        EXPECT_EQ(period_begin(period, period_end(period, new_years_eve)), period_end(period, new_years_eve));
}

TEST(Period, TakesSundayForTheEndOfAWeek) {
    EXPECT_EQ(period_begin(Period::weekly, at(2026, 11, 29, 12)), at(2026, 11, 23));
    EXPECT_EQ(period_begin(Period::weekly, at(2026, 11, 30)), at(2026, 11, 30));
}

TEST(Period, HasANameOfItsOwnForEveryWindow) {
    EXPECT_EQ(period_key(Period::daily, at(2026, 3, 5, 9)), "d20260305");
    EXPECT_EQ(period_key(Period::weekly, at(2026, 3, 5, 9)), "w20260302");
    EXPECT_EQ(period_key(Period::monthly, at(2026, 3, 5, 9)), "m202603");
}

TEST(Period, IsSpelledAsTheContractDoes) {
    for (const Period period : every_period)
        EXPECT_EQ(parse_period(to_slug(period)), period);
    EXPECT_FALSE(parse_period("yearly"));
}

}  // namespace
}  // namespace gatehouse::policy

// SPDX-License-Identifier: Apache-2.0
#include "policy/utilization.h"

#include <gtest/gtest.h>

namespace gatehouse::policy {
namespace {

Utilization of(std::int64_t spent, std::int64_t amount) {
    return {Money::cents(spent), Money::cents(amount)};
}

TEST(Utilization, IsWrittenWithTwoDecimalsAndNoTrailingZeros) {
    EXPECT_EQ(of(0, 100).to_text(), "0");
    EXPECT_EQ(of(10, 100).to_text(), "0.1");
    EXPECT_EQ(of(82, 100).to_text(), "0.82");
    EXPECT_EQ(of(5, 100).to_text(), "0.05");
    EXPECT_EQ(of(125, 100).to_text(), "1.25");
    EXPECT_EQ(of(1, 3).to_text(), "0.33");
    EXPECT_EQ(of(2, 3).to_text(), "0.67");
    EXPECT_EQ(of(0, 0).to_text(), "1");
}

TEST(Utilization, StaysBelowOneForWhoIsAllowed) {
    EXPECT_EQ(of(999, 1000).to_text_below_one(), "0.99");
    EXPECT_EQ(of(50, 100).to_text_below_one(), "0.5");
}

TEST(Utilization, IsPastAThresholdOnlyStrictly) {
    EXPECT_FALSE(of(75, 100).is_past(75));
    EXPECT_TRUE((Utilization{Money::cents(75) + Money::nano(1), Money::cents(100)}).is_past(75));
}

TEST(Utilization, SurvivesTheLargestAmounts) {
    EXPECT_EQ((Utilization{Money::most(), Money::most()}).percent(), 100);
    EXPECT_GT((Utilization{Money::most(), Money::nano(1)}).percent(), 1'000'000);
    EXPECT_FALSE((Utilization{Money::nano(1), Money::most()}).is_past(75));
}

class DescribedTest : public ::testing::Test {
  protected:
    static Limit limit(Period period, std::int64_t cents, bool pool = false) {
        return {pool ? "g:eng" : "u:ada", period, Money::cents(cents), pool};
    }
    static Standing spent(std::int64_t cents) { return {Money::cents(cents), Money()}; }
    static constexpr Instant now{std::chrono::milliseconds{1'795'262'400'000}};  // 2026-11-21T12:00:00Z
};

TEST_F(DescribedTest, TellsOfTheFullestCap) {
    const auto told = fullest({limit(Period::daily, 100), limit(Period::monthly, 200)}, {spent(10), spent(100)}, now);
    ASSERT_TRUE(told);
    EXPECT_EQ(told->limit, 1U);
    EXPECT_EQ(told->resets_at, period_end(Period::monthly, now));
}

TEST_F(DescribedTest, TellsOfTheShortestPeriodWhenNothingIsSpent) {
    const auto told = fullest({limit(Period::monthly, 500), limit(Period::daily, 100)}, {spent(0), spent(0)}, now);
    ASSERT_TRUE(told);
    EXPECT_EQ(told->limit, 1U);
}

TEST_F(DescribedTest, LeavesPoolsOutWhileTheCallerMayGoOn) {
    EXPECT_FALSE(fullest({limit(Period::monthly, 100, true)}, {spent(90)}, now));
}

TEST_F(DescribedTest, TellsABlockedCallerOfTheCapThatResetsLast) {
    const std::vector<Limit> limits{limit(Period::daily, 100), limit(Period::monthly, 100), limit(Period::weekly, 500)};
    const auto told = last_to_reset(limits, {spent(100), spent(100), spent(100)}, now);
    ASSERT_TRUE(told);
    EXPECT_EQ(told->limit, 1U);
    EXPECT_FALSE(last_to_reset(limits, {spent(99), spent(99), spent(99)}, now));
}

TEST_F(DescribedTest, PrefersACallersOwnCapToAPool) {
    const std::vector<Limit> limits{limit(Period::monthly, 100, true), limit(Period::monthly, 100)};
    EXPECT_EQ(last_to_reset(limits, {spent(100), spent(100)}, now)->limit, 1U);
    EXPECT_EQ(last_to_reset(limits, {spent(100), spent(0)}, now)->limit, 0U);
}

}  // namespace
}  // namespace gatehouse::policy

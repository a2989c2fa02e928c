// SPDX-License-Identifier: Apache-2.0
#include "policy/alert.h"

#include <gtest/gtest.h>

namespace gatehouse::policy {
namespace {

using Percents = std::vector<std::int64_t>;

constexpr Instant noon{std::chrono::milliseconds{1'795'262'400'000}};  // 2026-11-21T12:00:00Z, a Saturday

TEST(Thresholds, AreReachedAtTheirShareExactly) {
    const Percents all{75, 95, 100};
    const Money limit = Money::cents(1'000);
    EXPECT_EQ(reached(all, Money::cents(750) - Money::nano(1), limit), Percents{});
    EXPECT_EQ(reached(all, Money::cents(750), limit), Percents{75});
    EXPECT_EQ(reached(all, Money::cents(999), limit), (Percents{75, 95}));
    EXPECT_EQ(reached(all, Money::cents(5'000), limit), all);
}

TEST(Thresholds, OfACapOfNothingAreNone) {
    EXPECT_EQ(reached({75, 100}, Money::cents(5), Money()), Percents{});
}

TEST(Thresholds, DoNotOverflow) {
    EXPECT_EQ(reached({100}, Money::cents(1), Money::most()), Percents{});
    EXPECT_EQ(reached({100}, Money::dollars(80'000'000), Money::dollars(80'000'000)), Percents{100});
}

TEST(Thresholds, AreNamedByAccountPeriodAndShare) {
    const std::string name = threshold_key("u:ada", Period::monthly, noon, 75);
    EXPECT_EQ(threshold_key("u:ada", Period::monthly, noon + std::chrono::days(5), 75), name);
    EXPECT_NE(threshold_key("u:ada", Period::monthly, noon + std::chrono::days(10), 75), name);
    EXPECT_NE(threshold_key("u:ada", Period::weekly, noon, 75), name);
    EXPECT_NE(threshold_key("u:ada", Period::monthly, noon, 95), name);
    EXPECT_NE(threshold_key("u:bob", Period::monthly, noon, 75), name);
    EXPECT_GE(remembered(Period::monthly), std::chrono::days(31));
}

TEST(Spikes, AreDaysFarAboveTheUsualOne) {
    const SpikeRule rule{300, Money::dollars(10)};
    const std::vector<Money> week{Money::dollars(5), Money(), Money::dollars(7), Money::dollars(6)};
    EXPECT_EQ(usual_if_spike(rule, Money::dollars(18), week), Money::dollars(6));
    EXPECT_EQ(usual_if_spike(rule, Money::dollars(18) - Money::nano(1), week), std::nullopt);
}

TEST(Spikes, AreNeverLittleAndNeedAUsualDay) {
    const SpikeRule rule{300, Money::dollars(10)};
    const std::vector<Money> cheap{Money::cents(1), Money::cents(1), Money::cents(1)};
    EXPECT_EQ(usual_if_spike(rule, Money::dollars(9), cheap), std::nullopt);
    EXPECT_EQ(usual_if_spike(rule, Money::dollars(10), cheap), Money::cents(1));
    EXPECT_EQ(usual_if_spike(rule, Money::dollars(90), {Money::cents(1), Money::cents(1)}), std::nullopt);
    EXPECT_NE(spike_key("u:ada", noon), spike_key("u:ada", noon + std::chrono::days(1)));
    EXPECT_EQ(spike_key("u:ada", noon), spike_key("u:ada", noon + std::chrono::hours(11)));
}

}  // namespace
}  // namespace gatehouse::policy

// SPDX-License-Identifier: Apache-2.0
// What every policy::Ledger must do, as tests. A test executable includes this once and instantiates LedgerContract
// with a maker of LedgerSetup for each implementation.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "policy/ledger.h"
#include "policy/paused_sessions.h"
#include "tests/support/run_task.h"
#include "tests/support/run_together.h"

namespace gatehouse::testing {

/// One implementation, empty.
class LedgerSetup {
  public:
    virtual ~LedgerSetup() = default;
    virtual boost::asio::io_context& context() = 0;
    virtual policy::Ledger& ledger() = 0;
    virtual policy::PausedSessions& paused_sessions() = 0;
};

struct LedgerMaker {
    const char* name;
    std::unique_ptr<LedgerSetup> (*make)();
    friend std::ostream& operator<<(std::ostream& out, const LedgerMaker& maker) { return out << maker.name; }
};

class LedgerContract : public ::testing::TestWithParam<LedgerMaker> {
  protected:
    LedgerContract() : setup_(GetParam().make()) {}

    policy::Ledger& ledger() { return setup_->ledger(); }
    template <class T>
    T good(Task<T> task) {
        auto result = run(setup_->context(), std::move(task));
        if (!result) throw std::runtime_error("the ledger failed: " + describe(result.error()));
        if constexpr (!std::is_void_v<T>) return std::move(*result);
    }

    static policy::Limit limit(std::string account, std::int64_t cents,
                               policy::Period period = policy::Period::monthly) {
        return {std::move(account), period, Money::cents(cents), false};
    }
    static policy::Hold hold(std::string id, std::int64_t cents, std::vector<policy::Limit> limits,
                             Instant now = evening) {
        return {std::move(id), now, Money::cents(cents), std::chrono::seconds(60), std::move(limits)};
    }
    static policy::Charge charge(std::string id, std::int64_t cents, std::vector<std::string> accounts,
                                 Instant when = evening) {
        policy::Charge one;
        one.request_id = std::move(id);
        one.when = when;
        one.who = {.user = "ada", .group = "eng", .model = "m", .upstream = "u", .upstream_model = "m"};
        one.usage = {.input = 1, .output = 2};
        one.cost = Money::cents(cents);
        one.accounts = std::move(accounts);
        return one;
    }
    policy::Held reserve(policy::Hold one) { return good(ledger().reserve(std::move(one))); }
    void settle(policy::Charge one) { good(ledger().settle(std::move(one), std::nullopt)); }
    policy::Standing standing(std::string account, policy::Period period = policy::Period::monthly,
                              Instant now = evening) {
        return good(ledger().standings({limit(std::move(account), 0, period)}, now)).at(0);
    }
    policy::PausedSessions& paused_sessions() { return setup_->paused_sessions(); }
    static policy::Gauge gauge(policy::RateLimits rates, std::string name = "u:3:ada:") {
        return {policy::BrakeScope::user, std::move(name), rates};
    }
    /// A request that no limit of money is on.
    static policy::Hold braked(std::string id, std::vector<policy::Gauge> gauges, Instant now = evening) {
        policy::Hold one = hold(std::move(id), 10, {}, now);
        one.tokens = 100;
        one.gauges = std::move(gauges);
        return one;
    }
    static policy::Finish finished(const policy::Hold& hold, policy::Draw drawn, Instant now) {
        return {hold.id, now, hold.gauges, hold.watch, {hold.tokens, hold.estimate}, drawn};
    }
    static policy::Watch watch(std::optional<Money> cost, std::optional<std::int64_t> requests) {
        return {"ada", "s 1", {cost, requests, std::chrono::minutes(10)}};
    }
    static policy::Hold watched(std::string id, policy::Watch watch, Instant now = evening) {
        policy::Hold one = hold(std::move(id), 10, {}, now);
        one.watch = std::move(watch);
        return one;
    }
    std::vector<Result<policy::Held>> reserve_together(std::vector<policy::Hold> holds) {
        std::vector<Task<policy::Held>> tasks;
        for (policy::Hold& one : holds)
            tasks.push_back(ledger().reserve(std::move(one)));
        return run_together(setup_->context(), std::move(tasks));
    }

    /// 2026-11-21T23:59:59.999Z, a Saturday, one millisecond before the next day.
    static constexpr Instant evening{std::chrono::milliseconds{1'795'305'599'999}};

  private:
    std::unique_ptr<LedgerSetup> setup_;
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LedgerContract);

TEST_P(LedgerContract, KnowsNothingOfAnAccountThatNobodyUsed) {
    EXPECT_EQ(standing("u:ada"), policy::Standing{});
}

TEST_P(LedgerContract, HoldsAnEstimateUntilTheTrueCostTakesItsPlace) {
    const auto held = reserve(hold("r1", 30, {limit("u:ada", 100)}));
    EXPECT_TRUE(held.granted);
    EXPECT_EQ(held.reserved, Money::cents(30));
    EXPECT_EQ(held.standings, std::vector<policy::Standing>{policy::Standing{}});
    EXPECT_EQ(standing("u:ada"), (policy::Standing{Money(), Money::cents(30)}));

    settle(charge("r1", 12, {"u:ada"}));

    EXPECT_EQ(standing("u:ada"), (policy::Standing{Money::cents(12), Money()}));
}

TEST_P(LedgerContract, TellsHowTheLimitsStoodBefore) {
    settle(charge("r0", 10, {"u:ada"}));
    reserve(hold("r1", 5, {limit("u:ada", 100)}));

    const auto held = reserve(hold("r2", 5, {limit("u:ada", 100, policy::Period::daily), limit("u:ada", 200)}));

    const policy::Standing before{Money::cents(10), Money::cents(5)};
    EXPECT_EQ(held.standings, (std::vector<policy::Standing>{before, before}));
}

TEST_P(LedgerContract, RefusesTheSecondOfTwoReservationsThatTogetherCrossTheLimit) {
    ASSERT_TRUE(reserve(hold("r1", 60, {limit("u:ada", 100)})).granted);

    const auto second = reserve(hold("r2", 60, {limit("u:ada", 100)}));

    EXPECT_FALSE(second.granted);
    EXPECT_EQ(second.reserved, Money());
    EXPECT_EQ(standing("u:ada").held, Money::cents(60));
}

TEST_P(LedgerContract, GrantsToTheLastUnitOfALimit) {
    EXPECT_TRUE(reserve(hold("r1", 60, {limit("u:ada", 100)})).granted);
    EXPECT_TRUE(reserve(hold("r2", 40, {limit("u:ada", 100)})).granted);
    EXPECT_FALSE(reserve(hold("r3", 1, {limit("u:ada", 100)})).granted);
}

TEST_P(LedgerContract, GivesWhoIsAloneWhatIsLeft) {
    settle(charge("r0", 95, {"u:ada"}));

    const auto alone = reserve(hold("r1", 30, {limit("u:ada", 100)}));

    EXPECT_TRUE(alone.granted);
    EXPECT_EQ(alone.reserved, Money::cents(5));
    EXPECT_FALSE(reserve(hold("r2", 1, {limit("u:ada", 100)})).granted);
}

TEST_P(LedgerContract, RefusesWhoHasReachedALimitWhateverTheyAsk) {
    EXPECT_FALSE(reserve(hold("r1", 0, {limit("u:ada", 0)})).granted);
    settle(charge("r2", 100, {"u:ada"}));
    EXPECT_FALSE(reserve(hold("r3", 0, {limit("u:ada", 100)})).granted);
    EXPECT_EQ(standing("u:ada").held, Money());
}

TEST_P(LedgerContract, HoldsOnEveryAccountOrOnNone) {
    const std::vector<policy::Limit> both{limit("u:ada", 100), limit("g:eng", 50)};
    ASSERT_TRUE(reserve(hold("r1", 40, both)).granted);

    const auto refused = reserve(hold("r2", 40, both));

    EXPECT_FALSE(refused.granted);
    EXPECT_EQ(standing("u:ada").held, Money::cents(40));
    EXPECT_EQ(standing("g:eng").held, Money::cents(40));
}

TEST_P(LedgerContract, TakesTheTightestOfAnAccountsLimits) {
    settle(charge("r0", 30, {"u:ada"}, evening - std::chrono::days(1)));
    const std::vector<policy::Limit> limits{limit("u:ada", 20, policy::Period::daily), limit("u:ada", 40)};

    const auto held = reserve(hold("r1", 30, limits));

    EXPECT_TRUE(held.granted);
    EXPECT_EQ(held.reserved, Money::cents(10));
    EXPECT_EQ(held.standings[0].spent, Money());
    EXPECT_EQ(held.standings[1].spent, Money::cents(30));
}

TEST_P(LedgerContract, CountsDaysWeeksAndMonthsByTheCalendar) {
    settle(charge("r1", 1, {"u:ada"}, evening));
    settle(charge("r2", 2, {"u:ada"}, evening + std::chrono::milliseconds(1)));  // Sunday
    settle(charge("r3", 4, {"u:ada"}, evening + std::chrono::hours(25)));        // Monday
    settle(charge("r4", 8, {"u:ada"}, evening + std::chrono::days(10)));         // December

    const Instant sunday = evening + std::chrono::milliseconds(1);
    EXPECT_EQ(standing("u:ada", policy::Period::daily, evening).spent, Money::cents(1));
    EXPECT_EQ(standing("u:ada", policy::Period::daily, sunday).spent, Money::cents(2));
    EXPECT_EQ(standing("u:ada", policy::Period::weekly, sunday).spent, Money::cents(3));
    EXPECT_EQ(standing("u:ada", policy::Period::monthly, sunday).spent, Money::cents(7));
    EXPECT_EQ(standing("u:ada", policy::Period::monthly, evening + std::chrono::days(20)).spent, Money::cents(8));
}

TEST_P(LedgerContract, GivesBackWhatWasHeldWhenNothingWasConsumed) {
    reserve(hold("r1", 60, {limit("u:ada", 100), limit("g:eng", 100)}));

    good(ledger().release("r1"));
    good(ledger().release("r1"));

    EXPECT_EQ(standing("u:ada"), policy::Standing{});
    EXPECT_EQ(standing("g:eng"), policy::Standing{});
}

TEST_P(LedgerContract, LetsAReservationExpireByItself) {
    reserve(hold("r1", 60, {limit("u:ada", 100)}));
    const Instant later = evening + std::chrono::seconds(60);

    const auto held = reserve(hold("r2", 100, {limit("u:ada", 100)}, later));

    EXPECT_TRUE(held.granted);
    EXPECT_EQ(held.standings[0].held, Money());
    settle(charge("r1", 5, {"u:ada"}, later));
    EXPECT_EQ(standing("u:ada", policy::Period::monthly, later).held, Money::cents(100));
}

TEST_P(LedgerContract, ShowsNoReservationThatHasExpired) {
    reserve(hold("r1", 60, {limit("u:ada", 100)}));
    reserve(hold("r2", 20, {limit("u:ada", 100)}, evening + std::chrono::seconds(30)));
    const auto held_at = [&](int seconds) {
        return standing("u:ada", policy::Period::monthly, evening + std::chrono::seconds(seconds)).held;
    };
    EXPECT_EQ(held_at(59), Money::cents(80));
    EXPECT_EQ(held_at(60), Money::cents(20));
    EXPECT_EQ(held_at(90), Money());
}

TEST_P(LedgerContract, RaisesAndRenewsWhatALongAnswerHolds) {
    reserve(hold("r1", 10, {limit("u:ada", 100)}));
    const Instant later = evening + std::chrono::seconds(59);

    good(ledger().extend("r1", {"u:ada"}, {}, Money::cents(30), later, std::chrono::seconds(60)));
    good(ledger().extend("r1", {"u:ada"}, {}, Money::cents(20), later, std::chrono::seconds(60)));

    EXPECT_EQ(standing("u:ada").held, Money::cents(30));
    EXPECT_FALSE(reserve(hold("r2", 71, {limit("u:ada", 100)}, evening + std::chrono::seconds(61))).granted);
    EXPECT_TRUE(reserve(hold("r3", 71, {limit("u:ada", 100)}, evening + std::chrono::seconds(120))).granted);
}

TEST_P(LedgerContract, AddsChargesThatWereNeverReserved) {
    settle(charge("r1", 7, {"u:ada", "g:eng"}));
    settle(charge("r2", 0, {"u:ada"}));
    EXPECT_EQ(standing("u:ada").spent, Money::cents(7));
    EXPECT_EQ(standing("g:eng").spent, Money::cents(7));
}

TEST_P(LedgerContract, AddsToTheLastNanoDollar) {
    auto one = charge("r1", 0, {"u:ada"});
    one.cost = Money::nano(9'007'199'254'740'993);  // 2^53 + 1, which no double holds
    settle(one);
    one.request_id = "r2";
    settle(one);
    EXPECT_EQ(standing("u:ada").spent.nano(), 18'014'398'509'481'986);
}

TEST_P(LedgerContract, NeverLowersACounter) {
    settle(charge("r1", 5, {"u:ada"}));
    settle(charge("r2", -3, {"u:ada"}));
    EXPECT_EQ(standing("u:ada").spent, Money::cents(5));
}

TEST_P(LedgerContract, KeepsAccountsApartWhateverTheirNames) {
    settle(charge("r1", 1, {"u:ada}:x"}));
    settle(charge("r2", 2, {"u:ada"}));
    EXPECT_EQ(standing("u:ada").spent, Money::cents(2));
    EXPECT_EQ(standing("u:ada}:x").spent, Money::cents(1));
}

TEST_P(LedgerContract, NeverGrantsMoreThanTheLimitToManyAtOnce) {
    std::vector<policy::Hold> holds;
    for (int at = 0; at < 200; ++at)
        holds.push_back(hold("r" + std::to_string(at), 7, {limit("u:ada", 100), limit("g:eng", 150)}));

    int granted = 0;
    for (const auto& held : reserve_together(std::move(holds)))
        granted += held.value().granted ? 1 : 0;

    EXPECT_EQ(granted, 14);
    EXPECT_EQ(standing("u:ada").held, Money::cents(98));
}

TEST_P(LedgerContract, LetsAMinutesWorthOfRequestsThroughAndThenOneAtATime) {
    const auto four = gauge({.requests = 4});
    for (int at = 0; at < 4; ++at)
        EXPECT_TRUE(reserve(braked("r" + std::to_string(at), {four})).granted);

    const auto fifth = reserve(braked("r5", {four}));

    EXPECT_FALSE(fifth.granted);
    const policy::Braked expected{policy::BrakeScope::user, policy::Measure::requests, std::chrono::seconds(15)};
    EXPECT_EQ(fifth.braked, expected);
    EXPECT_FALSE(reserve(braked("r6", {four}, evening + std::chrono::seconds(14))).granted);
    EXPECT_TRUE(reserve(braked("r7", {four}, evening + std::chrono::seconds(15))).granted);
    EXPECT_FALSE(reserve(braked("r8", {four}, evening + std::chrono::seconds(15))).granted);
}

TEST_P(LedgerContract, CountsTheTokensThatWereDrawnInPlaceOfThoseGuessed) {
    const auto thousand = gauge({.tokens = 1'000});
    const auto first = braked("r1", {thousand});
    ASSERT_TRUE(reserve(first).granted);
    good(ledger().finish(finished(first, {2'000, Money()}, evening)));

    const auto second = reserve(braked("r2", {thousand}));

    const policy::Braked expected{policy::BrakeScope::user, policy::Measure::tokens, std::chrono::minutes(1)};
    EXPECT_EQ(second.braked, expected);
    EXPECT_TRUE(reserve(braked("r3", {thousand}, evening + std::chrono::seconds(61))).granted);
}

TEST_P(LedgerContract, EndsARequestOnItsGaugesWithItsSettlement) {
    const auto busy = gauge({.tokens = 1'000, .concurrent = 1, .cost = Money::cents(100)});
    auto first = braked("r1", {busy});
    first.watch = watch(Money::cents(40), std::nullopt);
    first.limits = {limit("u:ada", 100)};
    ASSERT_TRUE(reserve(first).granted);
    ASSERT_TRUE(reserve(braked("r2", {busy})).braked);

    good(ledger().settle(charge("r1", 45, {"u:ada"}), finished(first, {2'000, Money::cents(45)}, evening)));

    EXPECT_EQ(standing("u:ada"), (policy::Standing{Money::cents(45), Money()}));
    const auto second = reserve(braked("r2", {busy}));
    const policy::Braked expected{policy::BrakeScope::user, policy::Measure::tokens, std::chrono::minutes(1)};
    EXPECT_EQ(second.braked, expected);
    first.id = "r3";
    EXPECT_TRUE(reserve(first).paused);
}

TEST_P(LedgerContract, CountsWhatALongAnswerDrewWhenItsGaugeHadRunEmpty) {
    const auto thousand = gauge({.tokens = 1'000});
    const auto first = braked("r1", {thousand});
    ASSERT_TRUE(reserve(first).granted);
    const Instant later = evening + std::chrono::minutes(20);

    good(ledger().finish(finished(first, {3'100, Money()}, later)));

    EXPECT_TRUE(reserve(braked("r2", {thousand}, later)).braked);
}

TEST_P(LedgerContract, HoldsNothingForAnAnswerThatHasCostNothingYet) {
    good(ledger().extend("r1", {"u:ada"}, {}, Money(), evening, std::chrono::seconds(60)));
    EXPECT_EQ(standing("u:ada").held, Money());
    EXPECT_EQ(reserve(hold("r2", 200, {limit("u:ada", 100)})).reserved, Money::cents(100)) << "nobody else holds any";
}

TEST_P(LedgerContract, GivesBackWhatWasGuessedAndNotDrawn) {
    const auto hundred = gauge({.tokens = 100});
    const auto first = braked("r1", {hundred});
    ASSERT_TRUE(reserve(first).granted);
    EXPECT_TRUE(reserve(braked("r2", {hundred})).braked);
    good(ledger().finish(finished(first, {}, evening)));
    EXPECT_TRUE(reserve(braked("r3", {hundred})).granted);
}

TEST_P(LedgerContract, BrakesMoneyByTheMinute) {
    const auto dime = gauge({.cost = Money::cents(20)});
    const auto first = braked("r1", {dime});
    ASSERT_TRUE(reserve(first).granted);
    good(ledger().finish(finished(first, {0, Money::cents(30)}, evening)));

    const auto second = reserve(braked("r2", {dime}));

    ASSERT_TRUE(second.braked);
    EXPECT_EQ(second.braked->measure, policy::Measure::cost);
    EXPECT_EQ(second.braked->wait, std::chrono::seconds(30));
}

TEST_P(LedgerContract, BoundsTheRequestsUnderWay) {
    const auto two = gauge({.concurrent = 2});
    const auto first = braked("r1", {two});
    ASSERT_TRUE(reserve(first).granted);
    ASSERT_TRUE(reserve(braked("r2", {two})).granted);

    const auto third = reserve(braked("r3", {two}));

    const policy::Braked expected{policy::BrakeScope::user, policy::Measure::concurrent, policy::concurrency_pause};
    EXPECT_EQ(third.braked, expected);
    good(ledger().finish(finished(first, {}, evening)));
    EXPECT_TRUE(reserve(braked("r4", {two})).granted);
}

TEST_P(LedgerContract, ForgetsARequestUnderWayThatNobodyRenews) {
    const auto one = gauge({.concurrent = 1});
    ASSERT_TRUE(reserve(braked("r1", {one})).granted);
    good(ledger().extend("r1", {}, {one}, Money(), evening + std::chrono::seconds(30), std::chrono::seconds(60)));
    EXPECT_FALSE(reserve(braked("r2", {one}, evening + std::chrono::seconds(89))).granted);
    EXPECT_TRUE(reserve(braked("r3", {one}, evening + std::chrono::seconds(90))).granted);
}

TEST_P(LedgerContract, NamesTheGaugeThatTakesLongestAndCountsNothingOnTheOthers) {
    const auto wide = gauge({.requests = 2}, "u:3:ada:");
    policy::Gauge narrow = gauge({.requests = 1}, "s:3:ada:1");
    narrow.scope = policy::BrakeScope::session;
    ASSERT_TRUE(reserve(braked("r1", {wide, narrow})).granted);

    const auto second = reserve(braked("r2", {wide, narrow}));

    ASSERT_TRUE(second.braked);
    EXPECT_EQ(second.braked->scope, policy::BrakeScope::session);
    EXPECT_TRUE(reserve(braked("r3", {wide})).granted);
    EXPECT_FALSE(reserve(braked("r4", {wide})).granted);
}

TEST_P(LedgerContract, HoldsNoMoneyForARequestThatIsBraked) {
    const auto one = gauge({.requests = 1});
    auto first = braked("r1", {one});
    first.limits = {limit("u:ada", 100)};
    ASSERT_TRUE(reserve(first).granted);
    auto second = braked("r2", {one});
    second.limits = {limit("u:ada", 100)};

    const auto refused = reserve(second);

    EXPECT_TRUE(refused.braked);
    EXPECT_EQ(refused.standings, (std::vector<policy::Standing>{{Money(), Money::cents(10)}}));
    EXPECT_EQ(standing("u:ada").held, Money::cents(10));
}

TEST_P(LedgerContract, SpeaksOfMoneyBeforeItSpeaksOfSpeed) {
    auto first = braked("r1", {gauge({.requests = 1})});
    ASSERT_TRUE(reserve(first).granted);
    first.limits = {limit("u:ada", 0)};
    const auto refused = reserve(first);
    EXPECT_FALSE(refused.granted);
    EXPECT_FALSE(refused.braked);
}

TEST_P(LedgerContract, TellsHowGaugesStand) {
    const auto bounded = gauge({.requests = 60, .tokens = 6'000, .concurrent = 9, .cost = Money::cents(600)});
    const auto idle = gauge({.requests = 60, .concurrent = 9}, "u:3:bob:");
    const auto first = braked("r1", {bounded});
    ASSERT_TRUE(reserve(first).granted);
    ASSERT_TRUE(reserve(braked("r2", {bounded})).granted);
    good(ledger().finish(finished(first, {300, Money::cents(20)}, evening)));

    const auto readings = good(ledger().readings({bounded, idle}, evening));

    ASSERT_EQ(readings.size(), 2U);
    const policy::Level two{.requests = 2, .tokens = 400, .nano = 300'000'000, .at = evening};
    EXPECT_EQ(readings[0], (policy::Reading{two, 1}));
    EXPECT_EQ(readings[1].level.requests, 0);
    EXPECT_EQ(readings[1].under_way, 0);
    const auto later = good(ledger().readings({bounded}, evening + std::chrono::seconds(1)));
    EXPECT_DOUBLE_EQ(later[0].level.requests, 1);
    EXPECT_DOUBLE_EQ(later[0].level.tokens, 300);
    EXPECT_DOUBLE_EQ(later[0].level.nano, 200'000'000);
    EXPECT_EQ(good(ledger().readings({bounded}, evening + std::chrono::seconds(60)))[0].under_way, 0);
}

TEST_P(LedgerContract, PausesASessionThatCostTooMuchInOneStretch) {
    const auto rule = watch(Money::cents(50), std::nullopt);
    const auto first = watched("r1", rule);
    ASSERT_TRUE(reserve(first).granted);
    good(ledger().finish(finished(first, {0, Money::cents(51)}, evening)));

    const auto second = reserve(watched("r2", rule));

    EXPECT_FALSE(second.granted);
    ASSERT_TRUE(second.paused);
    const policy::PausedSession expected{"ada", "s 1", evening, Money::cents(51), 1, rule.rule};
    EXPECT_EQ(*second.paused, expected);
    // Long after its stretch: only a person ends it.
    const Instant later = evening + std::chrono::hours(5);
    EXPECT_EQ(reserve(watched("r3", rule, later)).paused, expected);
    EXPECT_EQ(good(paused_sessions().of("ada")), std::vector{expected});
    EXPECT_EQ(good(paused_sessions().all()), std::vector{expected});
    EXPECT_TRUE(good(paused_sessions().of("bob")).empty());
}

TEST_P(LedgerContract, ResumesAPausedSessionAndBeginsAnew) {
    const auto rule = watch(std::nullopt, 2);
    ASSERT_TRUE(reserve(watched("r1", rule)).granted);
    ASSERT_TRUE(reserve(watched("r2", rule)).granted);
    ASSERT_TRUE(reserve(watched("r3", rule)).paused);

    EXPECT_FALSE(good(paused_sessions().resume("bob", "s 1")));
    EXPECT_TRUE(good(paused_sessions().resume("ada", "s 1")));
    EXPECT_FALSE(good(paused_sessions().resume("ada", "s 1")));

    EXPECT_TRUE(reserve(watched("r4", rule)).granted);
    EXPECT_TRUE(reserve(watched("r5", rule)).granted);
    EXPECT_TRUE(reserve(watched("r6", rule)).paused);
}

TEST_P(LedgerContract, WatchesASessionStretchByStretch) {
    const auto rule = watch(std::nullopt, 2);
    ASSERT_TRUE(reserve(watched("r1", rule)).granted);
    ASSERT_TRUE(reserve(watched("r2", rule, evening + std::chrono::minutes(9))).granted);
    EXPECT_TRUE(reserve(watched("r3", rule, evening + std::chrono::minutes(10))).granted);
}

TEST_P(LedgerContract, LetsNoMoreThanAMinutesWorthThroughAtOnce) {
    std::vector<policy::Hold> holds;
    for (int at = 0; at < 100; ++at)
        holds.push_back(braked("r" + std::to_string(at), {gauge({.requests = 7, .concurrent = 9})}));
    int granted = 0;
    for (const auto& held : reserve_together(std::move(holds)))
        granted += held.value().granted ? 1 : 0;
    EXPECT_EQ(granted, 7);
}

TEST_P(LedgerContract, PausesAmongManyAtOnceTheFirstOneTooMany) {
    const auto rule = watch(std::nullopt, 3);
    std::vector<policy::Hold> holds;
    for (int at = 0; at < 10; ++at)
        holds.push_back(watched("r" + std::to_string(at), rule));
    int granted = 0;
    int paused = 0;
    for (const auto& held : reserve_together(std::move(holds))) {
        granted += held.value().granted ? 1 : 0;
        paused += held.value().paused ? 1 : 0;
    }
    EXPECT_EQ(granted, 3);
    EXPECT_EQ(paused, 7);
    EXPECT_EQ(good(paused_sessions().of("ada")).at(0).requests, 3);
}

TEST_P(LedgerContract, DecidesForEachOfManyAtOnceByTheirOwnLimits) {
    std::vector<policy::Hold> holds;
    for (int at = 0; at < 40; ++at)
        holds.push_back(hold("r" + std::to_string(at), 10, {limit("u:" + std::to_string(at % 4), 10 * (at % 4))}));
    std::array<int, 4> granted{};
    const auto all = reserve_together(std::move(holds));
    for (std::size_t at = 0; at < all.size(); ++at)
        granted.at(at % 4) += all[at].value().granted ? 1 : 0;
    EXPECT_EQ(granted, (std::array{0, 1, 2, 3}));
}

}  // namespace gatehouse::testing

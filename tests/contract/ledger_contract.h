// SPDX-License-Identifier: Apache-2.0
// What every policy::Ledger must do, as tests. A test executable includes this once and instantiates LedgerContract
// with a maker of LedgerSetup for each implementation.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "policy/ledger.h"
#include "tests/support/run_task.h"
#include "tests/support/run_together.h"

namespace gatehouse::testing {

/// One implementation, empty.
class LedgerSetup {
  public:
    virtual ~LedgerSetup() = default;
    virtual boost::asio::io_context& context() = 0;
    virtual policy::Ledger& ledger() = 0;
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
    void settle(policy::Charge one) { good(ledger().settle(std::move(one))); }
    policy::Standing standing(std::string account, policy::Period period = policy::Period::monthly,
                              Instant now = evening) {
        return good(ledger().standings({limit(std::move(account), 0, period)}, now)).at(0);
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

    good(ledger().release("r1", {"u:ada", "g:eng"}));
    good(ledger().release("r1", {"u:ada", "g:eng"}));

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

TEST_P(LedgerContract, RaisesAndRenewsWhatALongAnswerHolds) {
    reserve(hold("r1", 10, {limit("u:ada", 100)}));
    const Instant later = evening + std::chrono::seconds(59);

    good(ledger().extend("r1", {"u:ada"}, Money::cents(30), later, std::chrono::seconds(60)));
    good(ledger().extend("r1", {"u:ada"}, Money::cents(20), later, std::chrono::seconds(60)));

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

}  // namespace gatehouse::testing

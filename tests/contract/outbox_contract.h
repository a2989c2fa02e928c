// SPDX-License-Identifier: Apache-2.0
// What every policy::Outbox must do, as tests. A test executable includes this once and instantiates OutboxContract
// with a maker of OutboxSetup for each implementation.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "policy/charge.h"
#include "policy/outbox.h"
#include "tests/support/run_task.h"
#include "tests/support/run_together.h"

namespace gatehouse::testing {

/// One implementation, empty.
class OutboxSetup {
  public:
    virtual ~OutboxSetup() = default;
    virtual boost::asio::io_context& context() = 0;
    virtual policy::Outbox& outbox() = 0;
    /// One charge of that amount is settled at that moment, of a user alone.
    virtual void charge(const std::string& user, Money cost, Instant when) = 0;
};

struct OutboxMaker {
    const char* name;
    std::unique_ptr<OutboxSetup> (*make)();
    friend std::ostream& operator<<(std::ostream& out, const OutboxMaker& maker) { return out << maker.name; }
};

class OutboxContract : public ::testing::TestWithParam<OutboxMaker> {
  protected:
    OutboxContract() : setup_(GetParam().make()) {}

    policy::Outbox& outbox() { return setup_->outbox(); }
    template <class T>
    T good(Task<T> task) {
        auto result = run(setup_->context(), std::move(task));
        if (!result) throw std::runtime_error("the outbox failed: " + describe(result.error()));
        if constexpr (!std::is_void_v<T>) return std::move(*result);
    }
    void charge(const std::string& user, std::int64_t cents = 1, Instant when = noon) {
        setup_->charge(user, Money::cents(cents), when);
    }
    std::vector<std::string> touched(std::size_t most = 100) {
        std::vector<std::string> accounts;
        for (const policy::Touched& each : good(outbox().touched(most)))
            accounts.push_back(each.account);
        return accounts;
    }
    static policy::Notice notice(std::string id, std::vector<std::string> to = {"chat"}) {
        return {"key " + id, std::chrono::hours(1), id, R"({"event":")" + id + "\"}", std::move(to)};
    }
    std::vector<std::string> taken(Instant now, std::size_t most = 100) {
        std::vector<std::string> names;
        for (const policy::Delivery& each : good(outbox().take_due(now, lease, most)))
            names.push_back(each.event_id + " " + each.to);
        std::ranges::sort(names);
        return names;
    }
    boost::asio::io_context& context() { return setup_->context(); }

    using Names = std::vector<std::string>;
    static constexpr Instant noon{std::chrono::milliseconds{1'795'262'400'000}};  // 2026-11-21T12:00:00Z
    static constexpr std::chrono::seconds lease{60};

  private:
    std::unique_ptr<OutboxSetup> setup_;
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(OutboxContract);

TEST_P(OutboxContract, KnowsWhichAccountsWereChargedUntilSomebodyHasLooked) {
    EXPECT_EQ(touched(), Names{});
    charge("bob");
    charge("ada");
    charge("bob");
    EXPECT_EQ(touched(), (Names{"u:ada", "u:bob"})) << "longest waiting first";
    EXPECT_EQ(touched(1), Names{"u:ada"});

    good(outbox().looked_at(good(outbox().touched(1))));

    EXPECT_EQ(touched(), Names{"u:bob"});
}

TEST_P(OutboxContract, KeepsAnAccountThatWasChargedWhileSomebodyLooked) {
    charge("ada");
    charge("bob");
    const auto seen = good(outbox().touched(100));
    charge("ada");
    good(outbox().looked_at(seen));
    EXPECT_EQ(touched(), Names{"u:ada"});
}

TEST_P(OutboxContract, KnowsOnWhichDayAnAccountWasCharged) {
    charge("ada x", 1, noon - std::chrono::hours(13));
    charge("ada x", 1, noon);
    const auto seen = good(outbox().touched(100));
    ASSERT_EQ(seen.size(), 2U);
    EXPECT_EQ(seen[0].account, "u:ada x");
    EXPECT_EQ(seen[0].day, noon - std::chrono::hours(36));
    EXPECT_EQ(seen[1].day, noon - std::chrono::hours(12));
    good(outbox().looked_at({seen[0]}));
    EXPECT_EQ(touched().size(), 1U);
}

TEST_P(OutboxContract, KnowsWhatAnAccountSpentOnTheDaysBefore) {
    charge("ada", 7, noon);
    charge("ada", 30, noon - std::chrono::days(1));
    charge("ada", 12, noon - std::chrono::days(1));
    charge("ada", 5, noon - std::chrono::days(3));
    charge("bob", 9, noon - std::chrono::days(2));
    EXPECT_EQ(good(outbox().days_before("u:ada", noon, 4)),
              (std::vector<Money>{Money::cents(42), Money(), Money::cents(5), Money()}));
}

TEST_P(OutboxContract, OwesEachWebhookWhatItWasOfferedOnce) {
    EXPECT_TRUE(good(outbox().offer(notice("e1", {"chat", "siem"}), noon)));
    EXPECT_FALSE(good(outbox().offer(notice("e1", {"chat", "siem"}), noon)));
    EXPECT_TRUE(good(outbox().offer(notice("e2", {}), noon)));
    EXPECT_EQ(good(outbox().owed()), 2);

    const auto due = good(outbox().take_due(noon, lease, 100));

    ASSERT_EQ(due.size(), 2U);
    EXPECT_EQ(due[0].event, R"({"event":"e1"})");
    EXPECT_EQ(due[0].attempts, 0);
    EXPECT_EQ(due[0].since, noon);
}

TEST_P(OutboxContract, GivesADeliveryToOneAtATime) {
    good(outbox().offer(notice("e1", {"chat", "siem"}), noon));
    EXPECT_EQ(taken(noon - std::chrono::seconds(1)), Names{});
    EXPECT_EQ(taken(noon, 1).size(), 1U);
    EXPECT_EQ(taken(noon).size(), 1U) << "the other one";
    EXPECT_EQ(taken(noon + std::chrono::seconds(59)), Names{});
    EXPECT_EQ(taken(noon + std::chrono::seconds(60)), (Names{"e1 chat", "e1 siem"})) << "whoever took it is gone";
}

TEST_P(OutboxContract, ForgetsWhatIsSettledAndBringsBackWhatFailed) {
    good(outbox().offer(notice("e1", {"chat", "siem"}), noon));
    taken(noon);
    good(outbox().settle("e1", "chat"));
    good(outbox().retry("e1", "siem", noon + std::chrono::seconds(5)));
    good(outbox().retry("e1", "chat", noon + std::chrono::seconds(5)));
    EXPECT_EQ(good(outbox().owed()), 1) << "what is settled does not come back";
    EXPECT_EQ(taken(noon + std::chrono::seconds(4)), Names{});

    const auto again = good(outbox().take_due(noon + std::chrono::seconds(5), lease, 100));

    ASSERT_EQ(again.size(), 1U);
    EXPECT_EQ(again[0].to, "siem");
    EXPECT_EQ(again[0].attempts, 1);
    EXPECT_EQ(again[0].since, noon);
}

TEST_P(OutboxContract, TakesTheSameOfferFromOneOfMany) {
    std::vector<Task<bool>> offers;
    for (int count = 0; count < 50; ++count)
        offers.push_back(outbox().offer(notice("e1"), noon));
    int fresh = 0;
    for (const auto& each : run_together(context(), std::move(offers)))
        fresh += each.value() ? 1 : 0;
    EXPECT_EQ(fresh, 1);
    EXPECT_EQ(good(outbox().owed()), 1);
}

}  // namespace gatehouse::testing

// SPDX-License-Identifier: Apache-2.0
// What is told about whose spend, once.
#include "gateway/notify/watcher.h"

#include "gateway/base/json.h"
#include "tests/notify/notify_world.h"

namespace gatehouse::notify {
namespace {

using Texts = std::vector<std::string>;

class WatcherTest : public NotifyWorld {
  protected:
    WatcherTest() {
        rollups.people.push_back({"ada", "ada@x.org", "Ada", {"eng"}, false, noon});
        rollups.people.push_back({"bob", "bob@x.org", "Bob", {"eng"}, false, noon});
    }
    void given_caps(std::vector<policy::Cap> caps) { book = std::make_shared<const policy::CapBook>(std::move(caps)); }
    static policy::Cap cap(policy::ScopeKind kind, std::string id, std::string cents,
                           policy::Period period = policy::Period::monthly) {
        policy::Cap one;
        one.id = "spl_" + std::string(policy::to_slug(kind));
        one.scope = {kind, std::move(id)};
        one.amount = std::move(cents);
        one.period = period;
        return one;
    }
    /// A settlement.
    void spend(const std::string& account, std::int64_t cents) {
        ledger.spend(account, Money::cents(cents), clock.now());
        outbox.touch(account, clock.now());
    }
    /// "text" of every event that was raised since the last call and goes to anybody.
    Texts look() {
        good(watcher.look());
        Texts texts;
        for (; seen_ < outbox.offered.size(); ++seen_) {
            const policy::Notice& notice = outbox.offered[seen_];
            if (!notice.to.empty()) texts.emplace_back(*json::find_string(*json::parse(notice.event), "text"));
        }
        return texts;
    }

    testing::MemoryLedger ledger;
    testing::MemoryRollups rollups;
    policy::CapBookPtr book = std::make_shared<const policy::CapBook>(std::vector<policy::Cap>{});
    Watcher watcher{{.outbox = outbox,
                     .ledger = ledger,
                     .rollups = rollups,
                     .caps = [this] { return book; },
                     .mode = [] { return policy::GroupLimitMode::min; },
                     .settings = current(),
                     .clock = clock}};

  private:
    std::size_t seen_ = 0;
};

TEST_F(WatcherTest, TellsOfEachThresholdOnce) {
    given_caps({cap(policy::ScopeKind::organization, "", "1000")});
    spend("u:ada", 740);
    EXPECT_EQ(look(), Texts{});
    spend("u:ada", 10);
    EXPECT_EQ(look(), Texts{"Ada (ada@x.org) has spent $7.50 of $10.00 this month (75 % reached). It begins anew "
                            "2026-12-01 00:00 UTC."});
    spend("u:ada", 10);
    EXPECT_EQ(look(), Texts{});
    spend("u:ada", 190);
    EXPECT_EQ(look().size(), 1U);
    spend("u:ada", 60);
    EXPECT_EQ(look(), Texts{"Ada (ada@x.org) has spent $10.10 of $10.00 this month (100 % reached). Requests are "
                            "refused until 2026-12-01 00:00 UTC."});
    EXPECT_EQ(look(), Texts{});
}

TEST_F(WatcherTest, TellsOfTheHighestOfSeveralAtOnceAndNeverOfTheOthers) {
    given_caps({cap(policy::ScopeKind::organization, "", "1000")});
    spend("u:ada", 960);
    const Texts first = look();
    ASSERT_EQ(first.size(), 1U);
    EXPECT_NE(first[0].find("(95 % reached)"), std::string::npos);
    given_caps({cap(policy::ScopeKind::organization, "", "1200")});
    spend("u:ada", 1);
    EXPECT_EQ(look(), Texts{}) << "80 % of the new cap, but of 75 nobody needs to hear now";
}

TEST_F(WatcherTest, TellsAgainInTheNextPeriod) {
    given_caps({cap(policy::ScopeKind::organization, "", "100", policy::Period::daily)});
    spend("u:ada", 80);
    EXPECT_EQ(look().size(), 1U);
    clock.advance(std::chrono::days(1));
    spend("u:ada", 80);
    EXPECT_EQ(look().size(), 1U);
}

TEST_F(WatcherTest, TellsOfAPeriodThatEndedBeforeAnybodyLooked) {
    given_caps({cap(policy::ScopeKind::organization, "", "100", policy::Period::daily)});
    outbox.days["u:ada"] = {Money::dollars(1), Money::dollars(1), Money::dollars(1)};
    spend("u:ada", 2'000);
    clock.advance(std::chrono::days(1));
    spend("u:bob", 80);

    EXPECT_EQ(look(),
              (Texts{"Ada (ada@x.org) has spent $20.00 of $1.00 in the day that ended 2026-11-26 00:00 UTC (100 "
                     "% reached).",
                     "Ada (ada@x.org) has spent $20.00 on 2026-11-25, 20.0 times their usual day ($1.00).",
                     "Bob (bob@x.org) has spent $0.80 of $1.00 today (75 % reached). It begins anew 2026-11-27 "
                     "00:00 UTC."}));
}

TEST_F(WatcherTest, TellsOfAServiceKeysOwnCap) {
    rollups.people.push_back({"service:svk_1", "", "nightly build", {"ci"}, true, noon});
    given_caps({cap(policy::ScopeKind::user, "service:svk_1", "100")});
    spend("u:service:svk_1", 100);
    EXPECT_EQ(look(), Texts{"nightly build has spent $1.00 of $1.00 this month (100 % reached). Requests are refused "
                            "until 2026-12-01 00:00 UTC."});
}

TEST_F(WatcherTest, KnowsPoolsAndEachPersonsOwnCap) {
    given_caps({cap(policy::ScopeKind::group_pool, "eng", "1000"), cap(policy::ScopeKind::user, "bob", "100")});
    spend("u:ada", 500);
    spend("u:bob", 96);
    spend("g:eng", 800);
    const Texts told = look();
    ASSERT_EQ(told.size(), 2U);
    EXPECT_NE((told[0] + told[1]).find("Bob (bob@x.org) has spent $0.96 of $1.00"), std::string::npos);
    EXPECT_NE((told[0] + told[1]).find("The group eng has spent $8.00 of its shared $10.00"), std::string::npos);
}

TEST_F(WatcherTest, TellsOfADayThatIsFarFromTheUsualOne) {
    outbox.days["u:ada"] = {Money::dollars(5), Money(), Money::dollars(6), Money::dollars(7)};
    spend("u:ada", 1'799);
    EXPECT_EQ(look(), Texts{});
    spend("u:ada", 1);
    EXPECT_EQ(look(), Texts{"Ada (ada@x.org) has spent $18.00 today, 3.0 times their usual day ($6.00)."});
    spend("u:ada", 5'000);
    EXPECT_EQ(look(), Texts{}) << "once a day";
    settings->rules.spike.reset();
    clock.advance(std::chrono::days(1));
    spend("u:ada", 9'000);
    EXPECT_EQ(look(), Texts{});
}

TEST_F(WatcherTest, TellsOnlyThoseWhoWantToHearOfIt) {
    settings->webhooks.push_back({.name = "chat", .url = {}, .secret = {}, .events = {policy::AlertKind::spike}});
    given_caps({cap(policy::ScopeKind::organization, "", "100")});
    spend("u:ada", 100);
    look();
    EXPECT_EQ(outbox.offered.back().to, Texts{"siem"});
}

TEST_F(WatcherTest, LeavesToTheNextLookWhatItCouldNotRead) {
    given_caps({cap(policy::ScopeKind::organization, "", "100")});
    spend("u:ada", 100);
    ledger.set_down(true);
    EXPECT_FALSE(testing::run(watcher.look()));
    ledger.set_down(false);
    EXPECT_EQ(look().size(), 1U);
}

TEST_F(WatcherTest, LooksAtNothingWithoutWebhooks) {
    given_caps({cap(policy::ScopeKind::organization, "", "100")});
    spend("u:ada", 100);
    settings->webhooks.clear();
    EXPECT_EQ(look(), Texts{});
    EXPECT_EQ(good(outbox.touched(10)).size(), 1U);
}

}  // namespace
}  // namespace gatehouse::notify

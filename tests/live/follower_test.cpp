// SPDX-License-Identifier: Apache-2.0
// Two replicas on one store, each with two shards, all on the test's loop.
#include "gateway/policy_follower.h"

#include <gtest/gtest.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>

#include "policy/changes.h"
#include "tests/live/live_world.h"
#include "tests/support/manual_clock.h"
#include "tests/support/memory_records.h"
#include "tests/support/run_task.h"

namespace gatehouse::testing {
namespace {

namespace asio = boost::asio;

/// Counts how often a version is read.
class CountingRecords final : public policy::Records {
  public:
    explicit CountingRecords(policy::Records& real) : real_(real) {}
    Task<policy::Documents> all(std::string kind) override { return real_.all(std::move(kind)); }
    Task<std::optional<std::string>> find(std::string kind, std::string id) override {
        if (kind == policy::version_record_kind) ++versions_read;
        return real_.find(std::move(kind), std::move(id));
    }
    Task<> write(std::vector<policy::RecordWrite> changes) override { return real_.write(std::move(changes)); }
    Task<> note(policy::AuditEvent event) override { return real_.note(std::move(event)); }
    Task<std::vector<policy::AuditEvent>> audit(std::int64_t before, std::size_t limit) override {
        return real_.audit(before, limit);
    }
    Task<> sweep_audit(Instant before) override { return real_.sweep_audit(before); }

    int versions_read = 0;

  private:
    policy::Records& real_;
};

/// Two shards of one process.
class Replica {
  public:
    Replica(asio::io_context& loop, policy::Records& store, const Clock& clock,
            policy::PolicySource source = policy::PolicySource::store)
        : world(source),
          records(store),
          versions(records, clock),
          shards{{{loop.get_executor(), versions, world.live}, {loop.get_executor(), versions, world.live}}} {}

    LiveWorld world;
    CountingRecords records;
    admin::PolicyVersions versions;
    std::array<PolicyFollower, 2> shards;
};

class Follower : public ::testing::Test {
  protected:
    ~Follower() override {
        for (Replica* replica : {&one_, &two_})
            for (PolicyFollower& shard : replica->shards)
                shard.stop();
        loop_.restart();
        loop_.run();
    }

    void given_both_run() {
        for (Replica* replica : {&one_, &two_})
            for (PolicyFollower& shard : replica->shards) {
                ASSERT_TRUE(run(loop_, shard.prime()));
                changes_.on(policy::current_record_kind, [&shard] { shard.refresh(); });
            }
        store_.add_listener(changes_);
    }
    policy::PolicyVersionPtr given_next_version(boost::json::object document) {
        auto base = run(loop_, one_.versions.current());
        auto added = run(loop_, one_.versions.add({.base = *base,
                                                   .document = std::move(document),
                                                   .author = "a",
                                                   .reason = "r",
                                                   .action = "policy.update"}));
        return added ? *added : nullptr;
    }
    bool run_until(const std::function<bool()>& claim) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (!claim() && std::chrono::steady_clock::now() < end) {
            loop_.restart();
            loop_.run_one_for(std::chrono::milliseconds(5));
        }
        return claim();
    }

    asio::io_context loop_{1};
    ManualClock clock_;
    MemoryRecords store_;
    policy::Changes changes_;
    Replica one_{loop_, store_, clock_};
    Replica two_{loop_, store_, clock_};
};

TEST_F(Follower, MakesTheFilesPoliciesTheFirstVersionOnce) {
    given_both_run();
    EXPECT_EQ(one_.world.live.load()->policies->number, 1);
    EXPECT_EQ(two_.world.live.load()->policies->number, 1);
    EXPECT_EQ(two_.world.live.load()->policies->author, "gateway.yaml");
    EXPECT_EQ(store_.trail.size(), 1U);
}

TEST_F(Follower, BeginsWithTheStoredVersionAndNotWithTheFiles) {
    ASSERT_TRUE(run(loop_, one_.versions.current_or_first(policy_document("model", "haiku"))));
    given_both_run();
    EXPECT_EQ(two_.world.model(), "haiku");
}

TEST_F(Follower, TakesANewVersionOverOnEveryReplicaAndReadsItOnceInEach) {
    given_both_run();
    const int before = two_.records.versions_read;

    ASSERT_TRUE(given_next_version(policy_document("model", "haiku")));

    EXPECT_TRUE(run_until([&] { return one_.world.model() == "haiku" && two_.world.model() == "haiku"; }));
    EXPECT_EQ(two_.records.versions_read, before + 1);
}

TEST_F(Follower, AsksAgainUntilTheStoreAnswers) {
    given_both_run();
    store_.set_down(true);
    two_.shards[0].refresh();
    loop_.restart();
    loop_.poll();
    store_.set_down(false);
    store_.remove_listeners();

    ASSERT_TRUE(given_next_version(policy_document("model", "haiku")));

    EXPECT_TRUE(run_until([&] { return two_.world.model() == "haiku"; }));
    EXPECT_EQ(one_.world.model(), "opus") << "nobody told it";
}

TEST_F(Follower, ReadsAgainWhenTheFeedIsBack) {
    given_both_run();
    store_.remove_listeners();
    ASSERT_TRUE(given_next_version(policy_document("model", "haiku")));

    two_.shards[1].refresh();

    EXPECT_TRUE(run_until([&] { return two_.world.model() == "haiku"; }));
}

TEST_F(Follower, LeavesAVersionThatDoesNotFitUntilTheNext) {
    given_both_run();
    ASSERT_TRUE(given_next_version(policy_document("inTheFuture", "1")));
    EXPECT_TRUE(run_until([&] { return two_.world.live.load()->newest->number == 2; }));
    EXPECT_EQ(two_.world.model(), "opus");

    ASSERT_TRUE(given_next_version(policy_document("model", "haiku")));

    EXPECT_TRUE(run_until([&] { return two_.world.model() == "haiku"; }));
}

TEST_F(Follower, DoesNotStartWithAVersionThatDoesNotFit) {
    ASSERT_TRUE(run(loop_, one_.versions.current_or_first(policy_document("inTheFuture", "1"))));
    const auto primed = run(loop_, one_.shards[0].prime());
    ASSERT_FALSE(primed);
    EXPECT_EQ(primed.error().reason, Reason::configuration_invalid);
}

TEST_F(Follower, DoesNothingWhileTheFileHoldsThePolicies) {
    Replica file{loop_, store_, clock_, policy::PolicySource::file};
    store_.set_down(true);
    EXPECT_TRUE(run(loop_, file.shards[0].prime()));
    EXPECT_EQ(file.world.live.load()->policies, nullptr);
}

}  // namespace
}  // namespace gatehouse::testing

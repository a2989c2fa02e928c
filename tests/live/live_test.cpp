// SPDX-License-Identifier: Apache-2.0
#include "gateway/live.h"

#include <gtest/gtest.h>

#include "tests/live/live_world.h"

namespace gatehouse::testing {
namespace {

TEST(LiveState, BeginsWithTheFilesPolicies) {
    LiveWorld world;
    EXPECT_EQ(world.model(), "opus");
    EXPECT_EQ(world.live.load()->policies, nullptr);
    EXPECT_EQ(world.live.load()->upstreams->rules, world.live.load()->settings.rules);
}

TEST(LiveState, TakesAVersionOverAndKeepsTheProviders) {
    LiveWorld world;
    const LivePtr before = world.live.load();

    EXPECT_TRUE(world.live.take(version(2, "haiku")));

    EXPECT_EQ(world.model(), "haiku");
    const LivePtr after = world.live.load();
    EXPECT_EQ(after->upstreams->rules, after->settings.rules);
    EXPECT_EQ(after->upstreams->providers, before->upstreams->providers);
    EXPECT_EQ(before->upstreams->rules->policy_for({"u", "", {}})->settings_text, R"({"model":"opus"})")
        << "who took the snapshot before keeps it";
    EXPECT_TRUE(world.has_metric("gatehouse_policy_version 2"));
    EXPECT_TRUE(world.has_metric("gatehouse_policy_loads_total{result=\"applied\"} 1"));
}

TEST(LiveState, NeverGoesBackToAnOlderVersion) {
    LiveWorld world;
    EXPECT_TRUE(world.live.take(version(3, "sonnet")));
    EXPECT_TRUE(world.live.take(version(2, "haiku")));
    EXPECT_EQ(world.model(), "sonnet");
}

TEST(LiveState, KeepsTheRulesWhenAVersionDoesNotFitAndNamesTheFaults) {
    LiveWorld world;
    EXPECT_TRUE(world.live.take(version(2, "haiku")));

    const auto taken = world.live.take(unknown_to_us(3));

    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().reason, Reason::configuration_invalid);
    EXPECT_NE(
        taken.error().message.find("policy version 3 does not fit this configuration: policies[0].cli.inTheFuture: "),
        std::string::npos)
        << taken.error().message;
    EXPECT_EQ(world.model(), "haiku");
    EXPECT_EQ(world.live.load()->policies->number, 2);
    EXPECT_TRUE(world.has_metric("gatehouse_policy_loads_total{result=\"refused\"} 1"));
    EXPECT_TRUE(world.has_metric("gatehouse_policy_version 2"));
    EXPECT_TRUE(world.live.take(version(4, "sonnet"))) << "the next one is tried all the same";
    EXPECT_EQ(world.model(), "sonnet");
}

TEST(LiveState, MakesTheRulesOfTheNewFileAndTheStoredVersion) {
    LiveWorld world;
    EXPECT_TRUE(world.live.take(version(2, "haiku")));

    EXPECT_TRUE(world.live.reload(world.settings("only-this-model", "sonnet")));

    EXPECT_EQ(world.model(), "haiku") << "the file's policies are the first version and nothing more";
    const LivePtr live = world.live.load();
    EXPECT_EQ(live->upstreams->rules->resolve("claude-opus-5"), nullptr);
    EXPECT_NE(live->upstreams->rules->resolve("only-this-model"), nullptr);
    EXPECT_EQ(live->upstreams->rules, live->settings.rules);
}

TEST(LiveState, GoesOnWithTheVersionInForceWhenTheNewestStillDoesNotFit) {
    LiveWorld world;
    EXPECT_TRUE(world.live.take(version(2, "haiku")));
    EXPECT_FALSE(world.live.take(unknown_to_us(3)));

    EXPECT_TRUE(world.live.reload(world.settings("only-this-model", "sonnet")));

    EXPECT_EQ(world.live.load()->policies->number, 2);
    EXPECT_EQ(world.live.load()->newest->number, 3);
    EXPECT_NE(world.live.load()->upstreams->rules->resolve("only-this-model"), nullptr);
}

TEST(LiveState, FollowsTheFileWhileItHoldsThePolicies) {
    LiveWorld world(policy::PolicySource::file);
    EXPECT_TRUE(world.live.reload(world.settings("", "sonnet")));
    EXPECT_EQ(world.model(), "sonnet");
}

TEST(LiveState, ChangesTheSourceAtARestartOnly) {
    LiveWorld world;
    EXPECT_TRUE(world.live.take(version(2, "haiku")));
    Settings next = world.settings("", "sonnet");
    next.policy_source = policy::PolicySource::file;
    EXPECT_TRUE(world.live.reload(std::move(next)));
    EXPECT_EQ(world.model(), "haiku");
    EXPECT_EQ(world.live.load()->settings.policy_source, policy::PolicySource::store);
}

TEST(LiveState, GivesAVersionToOneShard) {
    LiveWorld world;
    EXPECT_TRUE(world.live.claim(2));
    EXPECT_FALSE(world.live.claim(2));
    EXPECT_TRUE(world.live.claim(3)) << "a newer one is not what the other shard is at";
    world.live.give_up(3);
    EXPECT_TRUE(world.live.claim(3));
    EXPECT_TRUE(world.live.take(version(3, "haiku")));
    EXPECT_FALSE(world.live.claim(3));
    EXPECT_FALSE(world.live.claim(2));
    EXPECT_TRUE(world.live.claim(4));
}

}  // namespace
}  // namespace gatehouse::testing

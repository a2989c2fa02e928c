// SPDX-License-Identifier: Apache-2.0
// The gateway's own redis-server: what survives the gateway, and what does not.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/flows/world.h"

namespace gatehouse::testing {
namespace {

class EmbeddedStoreFlow : public ::testing::Test {
  protected:
    std::string socket() const { return world_.dir.file("store/redis.sock"); }
    /// A child of the gateway's, found by what it says of itself.
    pid_t redis_pid() const {
        boost::asio::io_context context(1);
        store::RedisSettings settings;
        settings.socket = socket();
        store::RedisClient redis(context.get_executor(), settings);
        const auto reply = testing::run(context, redis.send({"INFO", "server"}));
        constexpr std::string_view field = "process_id:";
        return static_cast<pid_t>(std::stol(reply.value().text.substr(reply->text.find(field) + field.size())));
    }

    World world_;
};

TEST_F(EmbeddedStoreFlow, SurvivesAGatewayThatIsKilled) {
    Tokens ada;
    {
        const auto gateway = world_.serve(world_.config());
        ada = world_.sign_in(gateway->port(), "demo-ada");
        EXPECT_EQ(post_messages(gateway->port(), ada).status, 200);
        EXPECT_TRUE(eventually([&] { return usage_in(socket(), "demo-ada", "claude-sonnet-5").requests == 1; }));
        gateway->signal(SIGKILL);
        EXPECT_EQ(gateway->wait(), -SIGKILL);
    }
    const auto gateway = world_.serve(world_.config());

    EXPECT_EQ(post_messages(gateway->port(), ada).status, 200);
    EXPECT_TRUE(eventually([&] { return usage_in(socket(), "demo-ada", "claude-sonnet-5").requests == 2; }));
    EXPECT_EQ(usage_in(socket(), "demo-ada", "claude-sonnet-5").usage.input, 22);
    const Answer refreshed = world_.refresh(gateway->port(), ada);
    EXPECT_EQ(refreshed.status, 200) << refreshed.body;
    EXPECT_EQ(post_messages(gateway->port(), {text_of(refreshed, "access_token"), ""}).status, 200);
    EXPECT_EQ(gateway->terminate(), 0);
}

TEST_F(EmbeddedStoreFlow, RemembersARevocationAfterARestart) {
    Tokens ada;
    {
        const auto gateway = world_.serve(world_.config());
        ada = world_.sign_in(gateway->port(), "demo-ada");
        HttpConnection(gateway->port()).ask("POST", "/oauth/revoke", {}, http::encode_form({{"token", ada.refresh}}));
        EXPECT_EQ(gateway->terminate(), 0);
    }
    const auto gateway = world_.serve(world_.config());

    EXPECT_EQ(post_messages(gateway->port(), ada).status, 401);
    EXPECT_EQ(world_.refresh(gateway->port(), ada).status, 401);
}

TEST_F(EmbeddedStoreFlow, BelongsToOneGatewayAtATime) {
    const auto first = world_.serve(world_.config());
    const auto second = world_.run({"serve", "--config", world_.write(world_.config(), "second.yaml")});

    EXPECT_EQ(second->wait(), 1);
    const std::string said = second->err();
    EXPECT_NE(said.find("another gateway (process " + std::to_string(first->pid()) + ") is using " +
                        world_.dir.file("store")),
              std::string::npos)
        << said;
    EXPECT_EQ(said.find(R"("msg":"listening")"), std::string::npos);
    EXPECT_EQ(HttpConnection(first->port()).get("/readyz").status, 200);
    EXPECT_EQ(first->terminate(), 0);
}

TEST_F(EmbeddedStoreFlow, ComesBackWhenItsServerIsKilled) {
    const auto gateway = world_.serve(world_.config());
    const Tokens ada = world_.sign_in(gateway->port(), "demo-ada");
    EXPECT_EQ(post_messages(gateway->port(), ada).status, 200);
    EXPECT_TRUE(eventually([&] { return usage_in(socket(), "demo-ada", "claude-sonnet-5").requests == 1; }));
    const pid_t server = redis_pid();

    ::kill(server, SIGKILL);

    EXPECT_EQ(post_messages(gateway->port(), ada).status, 200);
    gateway->line_with(ChildProcess::Stream::err, "ended unexpectedly and is started again");
    EXPECT_TRUE(eventually([&] { return all_shards_are_ready(gateway->port()); }));
    EXPECT_NE(redis_pid(), server);
    EXPECT_EQ(world_.refresh(gateway->port(), ada).status, 200);
    EXPECT_GE(usage_in(socket(), "demo-ada", "claude-sonnet-5").requests, 1);
    EXPECT_EQ(gateway->terminate(), 0) << gateway->err();
}

TEST_F(EmbeddedStoreFlow, LeavesNothingRunningBehind) {
    const auto gateway = world_.serve(world_.config());
    ASSERT_TRUE(std::filesystem::exists(socket()));

    EXPECT_EQ(gateway->terminate(), 0);

    EXPECT_FALSE(std::filesystem::exists(socket()));
}

TEST_F(EmbeddedStoreFlow, KeepsItsDirectoryToItself) {
    const auto gateway = world_.serve(world_.config());

    const auto permissions = std::filesystem::status(world_.dir.file("store")).permissions();

    EXPECT_EQ(permissions & std::filesystem::perms::all, std::filesystem::perms::owner_all);
}

}  // namespace
}  // namespace gatehouse::testing

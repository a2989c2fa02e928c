// SPDX-License-Identifier: Apache-2.0
// Two gateways that share one Redis: what is done at one holds at the other.
#include <gtest/gtest.h>

#include "tests/flows/shared_redis.h"
#include "tests/flows/world.h"

namespace gatehouse::testing {
namespace {

class ReplicasFlow : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        world_ = std::make_unique<World>();
        redis_ = std::make_unique<SharedRedis>();
        Config config = world_->config();
        config.store = redis_->section();
        one_ = world_->serve(config, "one.yaml");
        two_ = world_->serve(config, "two.yaml");
    }
    static void TearDownTestSuite() {
        EXPECT_EQ(one_->terminate(), 0) << one_->err();
        EXPECT_EQ(two_->terminate(), 0) << two_->err();
        one_.reset();
        two_.reset();
        redis_.reset();
        world_.reset();
    }

    /// Connections to the second replica on which the credential has been used: it is in the cache of whatever shard
    /// they are on.
    static std::vector<std::unique_ptr<HttpConnection>> used_connections(const http::Headers& credential) {
        std::vector<std::unique_ptr<HttpConnection>> connections;
        for (int count = 0; count < 8; ++count) {
            connections.push_back(std::make_unique<HttpConnection>(two_->port()));
            EXPECT_EQ(connections.back()->get("/v1/models", credential).status, 200);
        }
        return connections;
    }
    /// Asks on all of them until each refuses; how long that took is in the test's report, for machines differ.
    static bool all_refuse(std::vector<std::unique_ptr<HttpConnection>>& connections, const http::Headers& credential) {
        // Well below the minute after which a replica asks the store again by itself: the feed has to tell it.
        constexpr std::chrono::seconds patience{20};
        const auto began = std::chrono::steady_clock::now();
        const bool refused = eventually(
            [&] {
                return std::ranges::all_of(connections, [&](const auto& connection) {
                    return connection->get("/v1/models", credential).status == 401;
                });
            },
            patience);
        const auto took = std::chrono::steady_clock::now() - began;
        RecordProperty("microseconds_until_revoked",
                       std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
        return refused;
    }

    static inline std::unique_ptr<World> world_;
    static inline std::unique_ptr<SharedRedis> redis_;
    static inline std::unique_ptr<GatehouseProcess> one_;
    static inline std::unique_ptr<GatehouseProcess> two_;
};

TEST_F(ReplicasFlow, ShareASignInWhoseTerminalAndBrowserMeetDifferentOnes) {
    const Tokens ada = world_->sign_in(one_->port(), "demo-ada", two_->port());

    EXPECT_EQ(post_messages(one_->port(), ada).status, 200);
    EXPECT_EQ(post_messages(two_->port(), ada).status, 200);
    EXPECT_EQ(world_->refresh(two_->port(), ada).status, 200);
}

TEST_F(ReplicasFlow, ForgetASessionThatIsRevokedInABrowser) {
    const Tokens ada = world_->sign_in(one_->port(), "demo-ada");
    auto connections = used_connections(ada.bearer());
    Browser browser = world_->browse(one_->port(), "demo-ada");
    const std::string session = claim(ada.access, "sid");
    ASSERT_NE(browser.get("/access").body.find(session), std::string::npos);

    const Answer revoked = browser.post("/access/sessions/revoke", http::encode_form({{"session", session}}));

    EXPECT_EQ(revoked.status, 302) << revoked.body;
    EXPECT_TRUE(all_refuse(connections, ada.bearer()));
    EXPECT_EQ(post_messages(one_->port(), ada).status, 401);
    EXPECT_EQ(world_->refresh(two_->port(), ada).status, 401);
    EXPECT_EQ(browser.get("/access").body.find(session), std::string::npos);
}

TEST_F(ReplicasFlow, ForgetASessionThatItsTerminalGivesUp) {
    const Tokens ada = world_->sign_in(one_->port(), "demo-ada");
    auto connections = used_connections(ada.bearer());

    const Answer revoked = HttpConnection(one_->port())
                               .ask("POST", "/oauth/revoke", {{"content-type", "application/x-www-form-urlencoded"}},
                                    http::encode_form({{"token", ada.refresh}}));

    EXPECT_EQ(revoked.status, 200);
    EXPECT_TRUE(all_refuse(connections, ada.bearer()));
}

TEST_F(ReplicasFlow, ForgetAPersonalKeyThatIsRevoked) {
    Browser browser = world_->browse(one_->port(), "demo-fiona");
    const Answer page = browser.post("/access/keys", http::encode_form({{"name", "a script"}, {"days", "7"}}));
    const std::size_t at = page.body.find("ghk_");
    ASSERT_NE(at, std::string::npos) << page.body;
    const std::string key = page.body.substr(at, 4 + 43);
    const http::Headers credential{{"x-api-key", key}};
    auto connections = used_connections(credential);
    const std::string access = browser.get("/access").body;
    EXPECT_EQ(access.find(key), std::string::npos);
    constexpr std::string_view field = "name=\"key\" value=\"";
    const std::size_t id = access.find(field);
    ASSERT_NE(id, std::string::npos);
    const std::string key_id =
        access.substr(id + field.size(), access.find('"', id + field.size()) - id - field.size());

    const Answer revoked = browser.post("/access/keys/revoke", http::encode_form({{"key", key_id}}));

    EXPECT_EQ(revoked.status, 302) << revoked.body;
    EXPECT_TRUE(all_refuse(connections, credential));
}

TEST_F(ReplicasFlow, LeaveOtherSessionsOfTheSamePersonAlone) {
    const Tokens laptop = world_->sign_in(one_->port(), "demo-ada");
    const Tokens desktop = world_->sign_in(one_->port(), "demo-ada");
    auto connections = used_connections(laptop.bearer());

    HttpConnection(one_->port()).ask("POST", "/oauth/revoke", {}, http::encode_form({{"token", laptop.access}}));

    EXPECT_TRUE(all_refuse(connections, laptop.bearer()));
    EXPECT_EQ(post_messages(two_->port(), desktop).status, 200);
}

TEST_F(ReplicasFlow, GiveTwoTerminalsThatRefreshAtOnceTheSameSuccessor) {
    const Tokens ada = world_->sign_in(one_->port(), "demo-ada");

    const Answer first = world_->refresh(one_->port(), ada);
    const Answer second = world_->refresh(two_->port(), ada);

    EXPECT_EQ(first.status, 200);
    EXPECT_EQ(second.status, 200);
    EXPECT_EQ(text_of(first, "refresh_token"), text_of(second, "refresh_token"));
    EXPECT_NE(text_of(first, "refresh_token"), ada.refresh);
}

TEST_F(ReplicasFlow, EndASessionWhoseOldRefreshTokenComesBack) {
    const Tokens stolen = world_->sign_in(one_->port(), "demo-ada");
    const Answer first = world_->refresh(one_->port(), stolen);
    const Tokens second{text_of(first, "access_token"), text_of(first, "refresh_token")};
    const Answer third = world_->refresh(one_->port(), second);
    const Tokens latest{text_of(third, "access_token"), text_of(third, "refresh_token")};
    auto connections = used_connections(latest.bearer());

    const Answer replayed = world_->refresh(one_->port(), stolen);

    EXPECT_EQ(replayed.status, 401);
    EXPECT_EQ(text_of(replayed, "error"), "invalid_grant");
    EXPECT_TRUE(all_refuse(connections, latest.bearer()));
    EXPECT_EQ(world_->refresh(two_->port(), latest).status, 401);
}

TEST_F(ReplicasFlow, AddUpWhatAPersonConsumedAtEither) {
    const Tokens carl = world_->sign_in(one_->port(), "demo-carl");
    post_messages(one_->port(), carl);
    post_messages(two_->port(), carl);
    post_messages(two_->port(), carl, ask_for("Claude-Haiku-4-5"));

    EXPECT_TRUE(eventually([&] { return usage_in(redis_->socket(), "demo-carl", "claude-sonnet-5").requests == 2; }));
    const Consumed sonnet = usage_in(redis_->socket(), "demo-carl", "claude-sonnet-5");
    EXPECT_EQ(sonnet.usage.input, 22);
    EXPECT_EQ(sonnet.usage.output, 14);
    EXPECT_EQ(sonnet.usage.cache_read, 10);
    EXPECT_EQ(sonnet.usage.cache_write_5m, 6);
    EXPECT_TRUE(eventually(
        [&] { return usage_in(redis_->socket(), "demo-carl", "claude-haiku-4-5-20251001").usage.output == 7; }));
}

TEST_F(ReplicasFlow, ChargeNothingForCountingTokensAndForRefusals) {
    const Tokens fiona = world_->sign_in(one_->port(), "demo-fiona");
    world_->upstream.next(Script::json(200, R"({"input_tokens":42})"));
    HttpConnection client(one_->port());
    client.ask("POST", "/v1/messages/count_tokens", fiona.bearer(), ask_for("claude-sonnet-5"));
    world_->upstream.next(Script::json(400, R"({"usage":{"input_tokens":9,"output_tokens":9}})"));
    client.ask("POST", "/v1/messages", fiona.bearer(), ask_for("claude-sonnet-5"));
    client.ask("POST", "/v1/messages", fiona.bearer(), ask_for("claude-sonnet-5"));

    EXPECT_TRUE(eventually([&] { return usage_in(redis_->socket(), "demo-fiona", "claude-sonnet-5").requests > 0; }));
    EXPECT_EQ(usage_in(redis_->socket(), "demo-fiona", "claude-sonnet-5").usage.input, 11);
}

// ---- the store goes away

/// Each test has a Redis and a gateway of its own, for it takes the first away.
class OutageFlow : public ::testing::Test {
  protected:
    OutageFlow() {
        Config config = world_.config();
        config.store = redis_.section();
        gateway_ = world_.serve(config);
        ada_ = world_.sign_in(gateway_->port(), "demo-ada");
    }
    ~OutageFlow() override { EXPECT_EQ(gateway_->terminate(), 0) << gateway_->err(); }

    Answer ready() { return HttpConnection(gateway_->port()).get("/readyz"); }
    Answer begin_sign_in() { return HttpConnection(gateway_->port()).ask("POST", "/oauth/device_authorization"); }
    void expect_outage() {
        EXPECT_TRUE(eventually([&] { return ready().status == 503; }));
        EXPECT_EQ(ready().body, "store unavailable");
        EXPECT_EQ(HttpConnection(gateway_->port()).get("/healthz").status, 200);
        const Answer answer = post_messages(gateway_->port(), ada_);
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(answer.body, joined(answer_events()));
        EXPECT_EQ(HttpConnection(gateway_->port()).get("/v1/models", ada_.bearer()).status, 200);
        const Answer refused = begin_sign_in();
        EXPECT_EQ(refused.status, 500);
        EXPECT_NE(refused.body.find(R"("type":"error")"), std::string::npos) << refused.body;
        EXPECT_EQ(refused.body.find(redis_.socket()), std::string::npos);
    }
    void expect_recovery() {
        EXPECT_TRUE(eventually([&] { return all_shards_are_ready(gateway_->port()); }));
        EXPECT_EQ(begin_sign_in().status, 200);
        EXPECT_EQ(post_messages(gateway_->port(), ada_).status, 200);
        const Tokens again = world_.sign_in(gateway_->port(), "demo-ada");
        EXPECT_EQ(post_messages(gateway_->port(), again).status, 200);
    }

    World world_;
    SharedRedis redis_;
    std::unique_ptr<GatehouseProcess> gateway_;
    Tokens ada_;
};

TEST_F(OutageFlow, SignedInPeopleGoOnWhileRedisIsAway) {
    EXPECT_EQ(post_messages(gateway_->port(), ada_).status, 200);
    redis_.end();
    expect_outage();
    redis_.start();
    expect_recovery();
}

TEST_F(OutageFlow, SignedInPeopleGoOnWhileRedisHangs) {
    EXPECT_EQ(post_messages(gateway_->port(), ada_).status, 200);
    redis_.hang();
    expect_outage();
    redis_.go_on();
    expect_recovery();
}

TEST_F(OutageFlow, ARevocationOutlivesTheOutage) {
    Browser browser = world_.browse(gateway_->port(), "demo-ada");
    browser.post("/access/sessions/revoke", http::encode_form({{"session", claim(ada_.access, "sid")}}));
    EXPECT_TRUE(eventually([&] { return post_messages(gateway_->port(), ada_).status == 401; }));

    redis_.end();

    EXPECT_TRUE(eventually([&] { return ready().status == 503; }));
    EXPECT_EQ(post_messages(gateway_->port(), ada_).status, 401);
}

TEST(StoreAtStart, IsAskedThreeTimesAndNamedWhenItIsNotThere) {
    const World world;
    Config config = world.config();
    config.store = "  redis_url: unix://" + world.dir.file("nobody.sock") + "\n";

    const auto gateway = world.run({"serve", "--config", world.write(config)});

    EXPECT_EQ(gateway->wait(), 1);
    EXPECT_NE(gateway->err().find("nobody.sock"), std::string::npos) << gateway->err();
    EXPECT_EQ(gateway->err().find(R"("msg":"listening")"), std::string::npos);
}

}  // namespace
}  // namespace gatehouse::testing

// SPDX-License-Identifier: Apache-2.0
// Service keys as an admin and a CI job meet them: made at one replica and used at another, bound to addresses,
// rotated, revoked, and never more than a key.
#include <gtest/gtest.h>

#include "tests/flows/shared_redis.h"
#include "tests/flows/world.h"

namespace gatehouse::testing {
namespace {

constexpr std::string_view admin_key = "the-admin-key-of-at-least-32-characters";
constexpr std::string_view root = "/v1/organizations/service_keys";

Config administered(const World& world) {
    Config config = world.config();
    config.policies =
        "    - match: { groups: [batch] }\n      cli: { availableModels: [haiku] }\n"
        "    - match: {}\n      cli: { availableModels: [sonnet, haiku] }\n";
    config.more = "log_level: debug\nadmin:\n  write_keys: [{ id: terraform, key: " + std::string(admin_key) +
                  " }]\n  admin_groups: [engineering]\n";
    return config;
}

Answer administer(std::uint16_t gateway, std::string_view method, std::string_view path, const std::string& body = {}) {
    return HttpConnection(gateway).ask(method, path, {{"x-api-key", admin_key}}, body);
}

std::string body_of_key(std::string_view more = {}) {
    return std::string(R"({"name":"nightly build","owner":"ada@demo.example","groups":["batch"])")
        .append(more)
        .append("}");
}

struct Key {
    std::string id;
    std::string secret;
    http::Headers bearer() const { return {{"authorization", "Bearer " + secret}}; }
    std::string path(std::string_view more = {}) const { return std::string(root).append("/").append(id).append(more); }
};

Key key_in(const Answer& answer) {
    EXPECT_EQ(answer.status, 200) << answer.body;
    return {text_of(answer, "id"), text_of(answer, "secret")};
}

int status_of(std::uint16_t gateway, const http::Headers& credential) {
    return HttpConnection(gateway).get("/v1/models", credential).status;
}

class ServiceKeysFlow : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        world_ = std::make_unique<World>();
        redis_ = std::make_unique<SharedRedis>();
        Config config = administered(*world_);
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

    /// Made at the first replica, known to every shard of the second.
    static Key create(std::string_view more = {}) {
        Key key = key_in(administer(one_->port(), "POST", root, body_of_key(more)));
        EXPECT_TRUE(everywhere(key, 200));
        return key;
    }
    /// Whether the second replica, whatever shard a connection is on, comes to answer so. How long that took is in the
    /// test's report, for machines differ.
    static bool everywhere(const Key& key, int status) {
        const auto began = std::chrono::steady_clock::now();
        std::vector<std::unique_ptr<HttpConnection>> connections;
        for (int count = 0; count < 8; ++count)
            connections.push_back(std::make_unique<HttpConnection>(two_->port()));
        const bool so = eventually([&] {
            return std::ranges::all_of(connections, [&](const auto& connection) {
                return connection->get("/v1/models", key.bearer()).status == status;
            });
        });
        const auto took = std::chrono::steady_clock::now() - began;
        RecordProperty("microseconds_until_" + std::to_string(status),
                       std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
        return so;
    }
    /// The line of that event about that request; waits for it, for a refusal writes two.
    static json::bj::value line_of(const Answer& answer, std::string_view event) {
        const std::string id = answer.header("x-request-id");
        json::bj::value found;
        EXPECT_TRUE(eventually([&] {
            for (const std::string& line : ChildProcess::lines_with(two_->out(), id)) {
                const auto value = json::parse(line);
                if (value && json::find_string(*value, "evt") == event) found = *value;
            }
            return !found.is_null();
        })) << "no "
            << event << " of " << id;
        return found;
    }
    static std::string text(const json::bj::value& line, std::string_view name) {
        return std::string(json::find_string(line, name).value_or("(nothing)"));
    }

    static inline std::unique_ptr<World> world_;
    static inline std::unique_ptr<SharedRedis> redis_;
    static inline std::unique_ptr<GatehouseProcess> one_;
    static inline std::unique_ptr<GatehouseProcess> two_;
};

TEST_F(ServiceKeysFlow, ServeAProgramAsAMemberOfTheirGroups) {
    const Key key = create();
    HttpConnection job(two_->port());

    const Answer haiku = job.ask("POST", "/v1/messages", key.bearer(), ask_for("claude-haiku-4-5"));
    const Answer sonnet = job.ask("POST", "/v1/messages", {{"x-api-key", key.secret}}, ask_for("claude-sonnet-5"));
    const Answer models = job.get("/v1/models", key.bearer());
    const Answer settings = job.get("/managed/settings", key.bearer());

    EXPECT_EQ(haiku.status, 200);
    EXPECT_EQ(haiku.body, joined(answer_events()));
    EXPECT_EQ(sonnet.status, 400);
    EXPECT_EQ(models.body.find("sonnet"), std::string::npos) << models.body;
    EXPECT_NE(models.body.find("claude-haiku-4-5"), std::string::npos);
    EXPECT_NE(settings.body.find(R"("availableModels":["haiku"])"), std::string::npos) << settings.body;
    const auto line = line_of(haiku, "inference");
    EXPECT_EQ(text(line, "credential"), "service");
    EXPECT_EQ(text(line, "credential_id"), key.id);
    EXPECT_EQ(text(line, "sub"), "service:" + key.id);
    EXPECT_EQ(text(line, "email"), "(nothing)");
    EXPECT_EQ(text(line, "service_key"), key.id);
    const auto refused = line_of(sonnet, "inference");
    EXPECT_EQ(text(refused, "reason"), "model_not_in_policy");
    EXPECT_EQ(text(refused, "service_key"), key.id);
    EXPECT_EQ(text(refused, "policy"), text(line, "policy"));
}

TEST_F(ServiceKeysFlow, AreStoppedByTheirOwnCap) {
    const Key key = create(R"(,"limits":[{"amount":"0","period":"daily"}])");
    const Key other = create();

    EXPECT_TRUE(eventually([&] {
        return HttpConnection(two_->port())
                   .ask("POST", "/v1/messages", key.bearer(), ask_for("claude-haiku-4-5"))
                   .status == 429;
    }));
    EXPECT_EQ(
        HttpConnection(two_->port()).ask("POST", "/v1/messages", other.bearer(), ask_for("claude-haiku-4-5")).status,
        200);
}

TEST_F(ServiceKeysFlow, AreHeldToTheirOwnSpeed) {
    const Key key = create(R"(,"rate_limits":{"user":{"requests_per_minute":1}})");
    const Key other = create();
    const auto prompt = [](const Key& with) {
        return HttpConnection(two_->port()).ask("POST", "/v1/messages", with.bearer(), ask_for("claude-haiku-4-5"));
    };

    EXPECT_EQ(prompt(key).status, 200);
    const Answer second = prompt(key);
    EXPECT_EQ(second.status, 429);
    EXPECT_NE(second.body.find("rate limit reached: 1 request per minute"), std::string::npos) << second.body;
    EXPECT_EQ(prompt(other).status, 200);
    EXPECT_EQ(prompt(other).status, 200);
    const Answer me = HttpConnection(two_->port()).get("/v1/me", key.bearer());
    EXPECT_NE(me.body.find(R"("limits":{"user":{"requests_per_minute":1}})"), std::string::npos) << me.body;

    ASSERT_EQ(administer(one_->port(), "POST", key.path(), R"({"rate_limits":null})").status, 200);
    EXPECT_TRUE(eventually([&] { return prompt(key).status == 200; }));
}

TEST_F(ServiceKeysFlow, AreRefusedFromAnAddressThatIsNotAllowed) {
    const Key key = create(R"(,"allowed_cidrs":["127.0.0.0/8"])");
    ASSERT_EQ(administer(one_->port(), "POST", key.path(), R"({"allowed_cidrs":["203.0.113.0/24"]})").status, 200);
    ASSERT_TRUE(everywhere(key, 403));

    const Answer refused =
        HttpConnection(two_->port()).ask("POST", "/v1/messages", key.bearer(), ask_for("claude-haiku-4-5"));

    EXPECT_EQ(refused.status, 403);
    EXPECT_NE(refused.body.find(R"("type":"permission_error")"), std::string::npos) << refused.body;
    EXPECT_EQ(message_of(refused), "this service key may not be used from 127.0.0.1");
    EXPECT_EQ(text(line_of(refused, "inference"), "reason"), "address_denied");
    const auto line = line_of(refused, "service_key.denied");
    EXPECT_EQ(text(line, "credential_id"), key.id);
    EXPECT_EQ(text(line, "owner"), "ada@demo.example");
    EXPECT_EQ(text(line, "address"), "127.0.0.1");
}

TEST_F(ServiceKeysFlow, AreRotatedWhileTheFormerSecretGoesOn) {
    const Key former = create();

    const Key next = key_in(administer(one_->port(), "POST", former.path("/rotate")));
    ASSERT_TRUE(everywhere(next, 200));
    EXPECT_EQ(status_of(two_->port(), former.bearer()), 200);
    const Key last = key_in(administer(one_->port(), "POST", former.path("/rotate"), R"({"overlap_seconds":0})"));

    EXPECT_TRUE(everywhere(last, 200));
    EXPECT_TRUE(everywhere(former, 401));
    EXPECT_TRUE(everywhere(next, 401));
    EXPECT_EQ(last.id, former.id);
}

TEST_F(ServiceKeysFlow, EndEverywhereWhenTheyAreRevoked) {
    const Key key = create();

    const Answer gone = administer(one_->port(), "DELETE", key.path());

    EXPECT_EQ(gone.body, R"({"type":"service_key_deleted","id":")" + key.id + "\"}");
    EXPECT_TRUE(everywhere(key, 401));
    EXPECT_EQ(status_of(one_->port(), key.bearer()), 401);
    EXPECT_EQ(administer(two_->port(), "GET", key.path()).status, 404);
}

TEST_F(ServiceKeysFlow, OutliveTheGatewayAndSayWhenTheyWereLastUsed) {
    Config config = administered(*world_);
    config.store = redis_->section();
    auto three = world_->serve(config, "three.yaml");
    const Key key = key_in(administer(three->port(), "POST", root, body_of_key(R"(,"expires_at":null)")));
    EXPECT_EQ(administer(three->port(), "GET", key.path()).body.find(R"("last_used_at":null)") != std::string::npos,
              true);
    ASSERT_EQ(three->terminate(), 0);

    three = world_->serve(config, "three.yaml");

    EXPECT_EQ(status_of(three->port(), key.bearer()), 200);
    const Answer shown = administer(three->port(), "GET", key.path());
    EXPECT_EQ(text_of(shown, "last_used_at").size(), 24U) << shown.body;
    EXPECT_EQ(three->terminate(), 0);
}

TEST_F(ServiceKeysFlow, AreNotMadeWithAnEndThatHasPassed) {
    const Answer refused =
        administer(one_->port(), "POST", root, body_of_key(R"(,"expires_at":"2020-01-01T00:00:00Z")"));

    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(message_of(refused), "expires_at: must be in the future");
}

TEST_F(ServiceKeysFlow, NeitherAdministerNorSignIn) {
    const Answer refused =
        administer(one_->port(), "POST", root, R"({"name":"ci","owner":"ada","groups":["engineering"]})");
    EXPECT_EQ(refused.status, 403) << refused.body;
    const Key key = create();
    HttpConnection job(two_->port());

    EXPECT_EQ(job.get(root, key.bearer()).status, 401);
    EXPECT_EQ(job.ask("POST", root, key.bearer(), body_of_key()).status, 401);
    EXPECT_EQ(job.ask("DELETE", key.path(), {{"x-api-key", key.secret}}).status, 401);
    const Answer page = job.get("/access", key.bearer());
    EXPECT_EQ(page.status, 302);
    http::Headers form = key.bearer();
    form.add("origin", public_url);
    form.add("content-type", "application/x-www-form-urlencoded");
    EXPECT_EQ(job.ask("POST", "/access/keys", form, "name=x&days=7").status, 401);
    EXPECT_EQ(status_of(two_->port(), key.bearer()), 200);
}

TEST_F(ServiceKeysFlow, AppearInNothingThatIsWritten) {
    const Key key = create();
    const Key next = key_in(administer(one_->port(), "POST", key.path("/rotate")));
    ASSERT_TRUE(everywhere(next, 200));
    administer(one_->port(), "POST", key.path(), R"({"disabled":true})");
    ASSERT_TRUE(everywhere(key, 401));
    administer(one_->port(), "DELETE", key.path());
    one_->line_with(ChildProcess::Stream::out, "admin.service_key.revoke");

    const std::string written = one_->everything() + two_->everything();
    EXPECT_NE(written.find(key.id), std::string::npos);
    for (const Key& each : {key, next})
        EXPECT_EQ(written.find(each.secret), std::string::npos);
    EXPECT_EQ(written.find(admin_key), std::string::npos);
}

TEST(ServiceKeysOutage, GoOnWhileRedisIsAwayAndEndOnceItIsBack) {
    World world;
    SharedRedis redis;
    Config config = administered(world);
    config.store = redis.section();
    auto gateway = world.serve(config);
    const Key key = key_in(administer(gateway->port(), "POST", root, body_of_key()));
    ASSERT_TRUE(eventually([&] { return status_of(gateway->port(), key.bearer()) == 200; }));
    redis.end();
    ASSERT_TRUE(eventually([&] { return HttpConnection(gateway->port()).get("/readyz").status == 503; }));

    EXPECT_EQ(status_of(gateway->port(), key.bearer()), 200);
    EXPECT_EQ(administer(gateway->port(), "DELETE", key.path()).status, 500);

    redis.start();
    ASSERT_TRUE(eventually([&] { return administer(gateway->port(), "DELETE", key.path()).status == 200; }));
    EXPECT_TRUE(eventually([&] { return status_of(gateway->port(), key.bearer()) == 401; }));
    EXPECT_EQ(gateway->terminate(), 0) << gateway->err();
}

TEST(ServiceKeysWithoutAdministration, AreNotAccepted) {
    World world;
    SharedRedis redis;
    Config config = administered(world);
    config.store = redis.section();
    auto gateway = world.serve(config);
    const Key key = key_in(administer(gateway->port(), "POST", root, body_of_key()));
    ASSERT_EQ(gateway->terminate(), 0);
    config.more.clear();

    gateway = world.serve(config);

    EXPECT_EQ(status_of(gateway->port(), key.bearer()), 401);
    EXPECT_EQ(gateway->terminate(), 0) << gateway->err();
}

}  // namespace
}  // namespace gatehouse::testing

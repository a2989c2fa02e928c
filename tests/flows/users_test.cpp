// SPDX-License-Identifier: Apache-2.0
// An admin looks after people: finds somebody who worked here and ends what they are signed in with, on every replica.
#include <gtest/gtest.h>

#include "tests/flows/shared_redis.h"
#include "tests/flows/world.h"

namespace gatehouse::testing {
namespace {

/// Ada (engineering) administers, Fiona (finance) reads spend, Carl (contractors) is a developer.
class UsersFlow : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        world_ = std::make_unique<World>();
        redis_ = std::make_unique<SharedRedis>();
        Config config = world_->config();
        config.store = redis_->section();
        config.more = "admin:\n  admin_groups: [engineering]\n  finance_groups: [finance]\n";
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

    static Answer ask(std::string_view method, std::string_view target, const Tokens& who, std::string_view body = "") {
        http::Headers headers = who.bearer();
        if (!body.empty()) headers.add("content-type", "application/json");
        return HttpConnection(one_->port()).ask(method, target, headers, std::string(body));
    }
    static bool refused_at(GatehouseProcess& gateway, const http::Headers& credential) {
        // Well below the minute after which a replica asks the store again by itself.
        return eventually([&] { return HttpConnection(gateway.port()).get("/v1/models", credential).status == 401; },
                          std::chrono::seconds(20));
    }
    static std::string users(std::string_view rest = "") { return "/v1/organizations/users" + std::string(rest); }

    static inline std::unique_ptr<World> world_;
    static inline std::unique_ptr<SharedRedis> redis_;
    static inline std::unique_ptr<GatehouseProcess> one_;
    static inline std::unique_ptr<GatehouseProcess> two_;
};

TEST_F(UsersFlow, AreFoundByAnAdminAndByNobodyElse) {
    const Tokens ada = world_->sign_in(one_->port(), "demo-ada");
    const Tokens carl = world_->sign_in(one_->port(), "demo-carl");

    const Answer found = ask("GET", users("?q=carl"), ada);

    EXPECT_NE(found.body.find(R"("id":"demo-carl")"), std::string::npos) << found.body;
    EXPECT_NE(found.body.find(R"("role":"developer")"), std::string::npos) << found.body;
    EXPECT_NE(found.body.find(R"("groups":["contractors"])"), std::string::npos) << found.body;
    EXPECT_NE(ask("GET", users("/demo-carl/sessions"), ada).body.find(claim(carl.access, "sid")), std::string::npos);

    const Tokens fiona = world_->sign_in(one_->port(), "demo-fiona");
    EXPECT_EQ(ask("GET", users(), fiona).status, 403);
    EXPECT_EQ(ask("GET", users("/demo-carl/sessions"), fiona).status, 403);
    EXPECT_EQ(ask("GET", users(), carl).status, 401);
}

TEST_F(UsersFlow, LoseTheOneSessionThatAnAdminEndsOnEveryReplica) {
    const Tokens ada = world_->sign_in(one_->port(), "demo-ada");
    const Tokens lost = world_->sign_in(one_->port(), "demo-carl");
    const Tokens kept = world_->sign_in(one_->port(), "demo-carl");
    ASSERT_EQ(post_messages(two_->port(), lost).status, 200);

    EXPECT_EQ(ask("DELETE", users("/demo-carl/sessions/" + claim(lost.access, "sid")), ada).status, 200);

    EXPECT_TRUE(refused_at(*two_, lost.bearer()));
    EXPECT_EQ(post_messages(one_->port(), lost).status, 401);
    EXPECT_EQ(world_->refresh(two_->port(), lost).status, 401);
    EXPECT_EQ(post_messages(two_->port(), kept).status, 200);
}

TEST_F(UsersFlow, AreSignedOutEverywhereWithTheirKeys) {
    const Tokens ada = world_->sign_in(one_->port(), "demo-ada");
    const Tokens carl = world_->sign_in(one_->port(), "demo-carl");
    Browser browser = world_->browse(two_->port(), "demo-carl");
    const Answer page = browser.post("/access/keys", http::encode_form({{"name", "a script"}, {"days", "7"}}));
    const std::size_t at = page.body.find("ghk_");
    ASSERT_NE(at, std::string::npos) << page.body;
    const http::Headers key{{"x-api-key", page.body.substr(at, 4 + 43)}};
    ASSERT_EQ(HttpConnection(two_->port()).get("/v1/models", key).status, 200);
    ASSERT_EQ(post_messages(two_->port(), carl).status, 200);

    const Answer ended =
        ask("POST", users("/demo-carl/end_sessions"), ada, R"({"personal_keys":true,"reason":"laptop lost"})");

    EXPECT_EQ(ended.status, 200) << ended.body;
    EXPECT_TRUE(refused_at(*two_, carl.bearer()));
    EXPECT_TRUE(refused_at(*two_, key));
    EXPECT_EQ(world_->refresh(two_->port(), carl).status, 401);
    EXPECT_EQ(browser.get("/access").status, 302);
    EXPECT_EQ(post_messages(two_->port(), ada).status, 200);
    const Answer trail = ask("GET", "/v1/organizations/audit", ada);
    EXPECT_NE(trail.body.find(R"("action":"user.end_sessions")"), std::string::npos) << trail.body;
    EXPECT_NE(trail.body.find("laptop lost"), std::string::npos) << trail.body;
}

}  // namespace
}  // namespace gatehouse::testing

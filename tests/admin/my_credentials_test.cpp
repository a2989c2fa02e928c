// SPDX-License-Identifier: Apache-2.0
// A person's own sessions and keys: they see and end theirs, and nobody else's.
#include "gateway/admin/my_credentials.h"

#include "tests/admin/my_world.h"
#include "tests/support/fixed_random.h"

namespace gatehouse::admin {
namespace {

using Column = std::vector<std::string>;

constexpr const char* sessions = "/v1/me/sessions";
constexpr const char* keys = "/v1/me/keys";

class MyCredentialsTest : public MyWorld {
  protected:
    MyCredentialsTest() {
        route.mount(router);
        given_session(here);
    }

    void given_session(const auth::Session& session) {
        ASSERT_TRUE(testing::run(person.loop, person.vault.put_session(session)));
    }
    void given_session(std::string id, std::string subject) {
        auth::Session session = here;
        session.id = std::move(id);
        session.kind = auth::SessionKind::device;
        session.client = "claude-cli/2.1.329";
        session.address = "192.0.2.7";
        session.person.subject = std::move(subject);
        given_session(session);
    }
    bool holds(const std::string& session) {
        return testing::run(person.loop, person.vault.find_session(session))->has_value();
    }

    testing::FixedRandom random;
    MyCredentialsRoute route{
        {.gate = browsed, .vault = person.vault, .random = random, .journal = person.journal, .clock = person.clock}};
};

TEST_F(MyCredentialsTest, ListTheirOwnSessionsAndWhichOneAsks) {
    given_session("terminal", "sub-fin");
    given_session("hers", "sub-ada");

    const Answer list = browse("GET", sessions);

    EXPECT_EQ(list.column("id").size(), 2U);
    for (const auto& row : list.body.at("data").as_array()) {
        const bool is_here = row.at("id") == "here";
        EXPECT_EQ(row.at("kind"), is_here ? "browser" : "device");
        EXPECT_EQ(row.at("current"), is_here);
        EXPECT_EQ(row.at("client"), is_here ? "Firefox/133.0" : "claude-cli/2.1.329");
        EXPECT_FALSE(row.as_object().contains("secret_hash"));
    }
    EXPECT_EQ(ask("GET", sessions).column("current"), (Column{"false", "false"})) << "a key is no session";
}

TEST_F(MyCredentialsTest, EndASessionOfTheirsAlone) {
    given_session("terminal", "sub-fin");
    given_session("hers", "sub-ada");

    const Answer another = browse("DELETE", std::string(sessions) + "/hers");
    const Answer none = browse("DELETE", std::string(sessions) + "/none");
    EXPECT_EQ(another.status, 404);
    EXPECT_EQ(another.message(), none.message()) << "nothing is told about others";
    EXPECT_TRUE(holds("hers"));
    EXPECT_EQ(person.journal.count("session.revoke"), 0U);

    EXPECT_EQ(json::to_text(browse("DELETE", std::string(sessions) + "/terminal").body),
              R"({"type":"session_deleted","id":"terminal"})");
    EXPECT_FALSE(holds("terminal"));
    EXPECT_EQ(person.journal.count("session.revoke"), 1U);
    EXPECT_EQ(browse("DELETE", std::string(sessions) + "/terminal").status, 404);
}

TEST_F(MyCredentialsTest, AKeyIsMadeInABrowserAndShownOnce) {
    const Answer made = browse("POST", keys, R"({"name":" nightly ","days":30})");

    EXPECT_EQ(made.status, 200) << made.message();
    EXPECT_EQ(made.text("name"), R"("nightly")");
    EXPECT_EQ(made.text("expires_at"), R"("2026-12-25T12:00:00.000Z")");
    EXPECT_EQ(made.text("last_used_at"), "null");
    EXPECT_TRUE(made.text("secret").starts_with(R"("ghk_)"));
    EXPECT_EQ(person.journal.count("key.create"), 1U);
    for (const auto& row : browse("GET", keys).body.at("data").as_array())
        EXPECT_FALSE(row.as_object().contains("secret") || row.as_object().contains("hash"));
    EXPECT_EQ(call("GET", keys, "", {{"x-api-key", std::string(made.body.at("secret").as_string())}}).status, 200);
}

// An access token that was stolen is good for an hour and must not buy a year.
TEST_F(MyCredentialsTest, ACredentialMakesNoKey) {
    const Answer refused = ask("POST", keys, R"({"name":"more","days":365})");

    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(refused.message(), "only a signed-in browser can do this: open /me");
    EXPECT_EQ(browse("GET", keys).column("id"), Column{R"("key-1")"});
}

TEST_F(MyCredentialsTest, NamesTheFieldOfAKeyThatIsWrong) {
    const auto refusal = [&](const char* body) {
        const Answer answer = browse("POST", keys, body);
        EXPECT_EQ(answer.status, 400) << body;
        return answer.message();
    };
    EXPECT_EQ(refusal(R"({"days":30})"), "name: is required: 1 to 100 characters");
    EXPECT_EQ(refusal(R"({"name":"a"})"), "days: is required: 1 to 365");
    EXPECT_EQ(refusal(R"({"name":"a","days":"30"})"), "days: is required: 1 to 365");
    EXPECT_FALSE(refusal(R"({"name":"a","days":366})").empty());
    EXPECT_FALSE(refusal(R"({"name":"","days":30})").empty());
    EXPECT_FALSE(refusal("[]").empty());
}

TEST_F(MyCredentialsTest, RevokeAKeyOfTheirsAlone) {
    auth::PersonalKey hers;
    hers.id = "hers";
    hers.hash = "h";
    hers.person.subject = "sub-ada";
    hers.expires_at = noon + std::chrono::hours(1);
    ASSERT_TRUE(testing::run(person.loop, person.vault.put_key(hers)));

    EXPECT_EQ(browse("DELETE", std::string(keys) + "/hers").status, 404);
    EXPECT_EQ(browse("DELETE", std::string(keys) + "/hers").message(),
              "You have no such key. It may be revoked already.");
    EXPECT_EQ(browse("DELETE", std::string(keys) + "/key-1").status, 200);

    EXPECT_EQ(ask("GET", keys).status, 401) << "it is gone";
    EXPECT_EQ(person.journal.count("key.revoke"), 1U);
    EXPECT_EQ(testing::run(person.loop, person.vault.keys_of("sub-ada"))->size(), 1U);
}

TEST_F(MyCredentialsTest, AreForNobodyWhoIsNotSignedIn) {
    for (const char* path : {sessions, keys})
        EXPECT_EQ(call("GET", path, "", {}).status, 401) << path;
    EXPECT_EQ(call("DELETE", std::string(sessions) + "/here", "", {}).status, 401);
    EXPECT_EQ(call("DELETE", std::string(keys) + "/key-1", "", {}).status, 401);
    EXPECT_TRUE(holds("here"));
}

TEST_F(MyCredentialsTest, SayWhenTheStoreIsAway) {
    person.vault.set_down(true);
    EXPECT_EQ(browse("GET", sessions).status, 500);
    EXPECT_EQ(browse("DELETE", std::string(sessions) + "/here").status, 500);
    EXPECT_EQ(browse("POST", keys, R"({"name":"a","days":1})").status, 500);
}

}  // namespace
}  // namespace gatehouse::admin

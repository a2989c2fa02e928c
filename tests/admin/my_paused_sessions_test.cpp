// SPDX-License-Identifier: Apache-2.0
// The sessions that a rule paused, for whoever answers for them: resumed in a browser and by no credential.
#include "gateway/admin/my_paused_sessions.h"

#include "tests/admin/my_world.h"

namespace gatehouse::admin {
namespace {

constexpr const char* list = "/v1/me/paused_sessions";
constexpr const char* resume = "/v1/me/paused_sessions/resume";
constexpr const char* of_mine = R"({"user_id":"sub-fin","session_id":"s1"})";

class FakePausedWork final : public auth::PausedWork {
  public:
    Task<std::vector<auth::PausedItem>> of(auth::Person person) override {
        if (down) co_return fail(Error::unavailable(Reason::store_unreachable, "the store is unreachable"));
        auto mine = items;
        std::erase_if(mine, [&](const auth::PausedItem& each) { return owner_of(each) != person.subject; });
        co_return mine;
    }
    Task<bool> resume(auth::Person person, std::string user, std::string session) override {
        co_return std::erase_if(items, [&](const auth::PausedItem& each) {
            return owner_of(each) == person.subject && each.user == user && each.session == session;
        }) > 0;
    }
    static std::string owner_of(const auth::PausedItem& item) {
        return item.service_key.empty() ? item.user : "sub-fin";
    }

    std::vector<auth::PausedItem> items;
    bool down = false;
};

class MyPausedSessionsTest : public MyWorld {
  protected:
    MyPausedSessionsTest() {
        route.mount(router);
        work.items = {{"sub-fin", "s1", "", noon, "it made 9 requests"},
                      {"service:svk_1", "build", "nightly", noon, "it cost $2.50"},
                      {"sub-ada", "hers", "", noon, "it cost $7.00"}};
    }

    FakePausedWork work;
    MyPausedSessionsRoute route{{.gate = browsed, .paused = work, .journal = person.journal}};
};

TEST_F(MyPausedSessionsTest, AreTheirOwnAndThoseOfTheKeysThatTheyOwn) {
    const std::string expected =
        R"({"data":[{"type":"paused_session","user_id":"sub-fin","session_id":"s1","service_key":null,)"
        R"("paused_at":"2026-11-25T12:00:00.000Z","why":"it made 9 requests"},)"
        R"({"type":"paused_session","user_id":"service:svk_1","session_id":"build","service_key":"nightly",)"
        R"("paused_at":"2026-11-25T12:00:00.000Z","why":"it cost $2.50"}]})";
    EXPECT_EQ(json::to_text(browse("GET", list).body), expected);
    EXPECT_EQ(json::to_text(ask("GET", list).body), expected) << "a credential may look";
}

TEST_F(MyPausedSessionsTest, AreResumedByTheirOwnerInABrowser) {
    EXPECT_EQ(json::to_text(browse("POST", resume, of_mine).body),
              R"({"type":"paused_session_resumed","user_id":"sub-fin","session_id":"s1"})");

    EXPECT_EQ(browse("GET", list).column("session_id"), std::vector<std::string>{R"("build")"});
    EXPECT_EQ(person.journal.count("paused_session.resume"), 1U);
    EXPECT_EQ(browse("POST", resume, of_mine).message(),
              "You have no such paused session. It may go on already: try it.");
    EXPECT_EQ(browse("POST", resume, R"({"user_id":"service:svk_1","session_id":"build"})").status, 200);
}

// What runs away has a credential of its owner and could resume itself.
TEST_F(MyPausedSessionsTest, AreNotResumedByACredential) {
    const Answer refused = ask("POST", resume, of_mine);

    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(refused.message(), "only a signed-in browser can do this: open /me");
    EXPECT_EQ(work.items.size(), 3U);
    EXPECT_EQ(person.journal.count("auth.denied"), 1U);
}

TEST_F(MyPausedSessionsTest, AreNobodyElses) {
    EXPECT_EQ(browse("POST", resume, R"({"user_id":"sub-ada","session_id":"hers"})").status, 404);
    EXPECT_EQ(work.items.size(), 3U);
    EXPECT_EQ(call("GET", list, "", {}).status, 401);
    EXPECT_EQ(call("POST", resume, of_mine, {}).status, 401);
}

TEST_F(MyPausedSessionsTest, NameTheFieldThatIsWrong) {
    EXPECT_EQ(browse("POST", resume, R"({"session_id":"s1"})").message(), "user_id: is required");
    EXPECT_EQ(browse("POST", resume, R"({"session":"s1"})").message(), "session: is not a field of this request");
}

TEST_F(MyPausedSessionsTest, SayWhenTheStoreIsAway) {
    work.down = true;
    EXPECT_EQ(browse("GET", list).status, 500);
}

}  // namespace
}  // namespace gatehouse::admin

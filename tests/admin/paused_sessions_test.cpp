// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/paused_sessions.h"

#include "tests/admin/admin_world.h"
#include "tests/support/memory_ledger.h"

namespace gatehouse::admin {
namespace {

class PausedSessionsTest : public AdminWorld {
  protected:
    PausedSessionsTest() { route.mount(router); }

    /// Runs away at once.
    void given_paused(std::string user, std::string session) {
        const policy::Watch watch{std::move(user), std::move(session), {Money::cents(250), 1}};
        for (const char* id : {"r1", "r2"})
            ASSERT_TRUE(testing::run(person.loop, accounts.reserve({.id = id,
                                                                    .now = person.clock.now(),
                                                                    .estimate = Money::cents(1),
                                                                    .lifetime = std::chrono::seconds(60),
                                                                    .limits = {},
                                                                    .watch = watch})));
    }
    static constexpr const char* root = "/v1/organizations/paused_sessions";
    static constexpr const char* resume = "/v1/organizations/paused_sessions/resume";

    testing::MemoryLedger accounts;
    PausedSessionsRoute route{{.gate = gate, .paused = accounts, .records = records, .clock = person.clock}};
};

TEST_F(PausedSessionsTest, ListsWhatRanAwayAndWhy) {
    given_paused("ada", "s1");
    given_paused("service:svk_1", "build");
    EXPECT_EQ(json::to_text(get(std::string(root) + "?limit=1").body),
              R"({"data":[{"type":"paused_session","user_id":"ada","session_id":"s1",)"
              R"("paused_at":"2026-11-25T12:00:00.000Z","cost_cents":"0","requests":1,)"
              R"("rule":{"dollars":"2.50","requests":1,"minutes":60},)"
              R"("why":"it made 1 request within 60 minutes, and its policy pauses sessions at 1"}],"has_more":true})");
    EXPECT_EQ(get(root).column("user_id").size(), 2U);
}

TEST_F(PausedSessionsTest, ResumesOneAndWritesDownWhoDidIt) {
    given_paused("service:svk_1", "build");
    const char* body = R"({"user_id":"service:svk_1","session_id":"build","reason":"its owner has left"})";

    EXPECT_EQ(post(resume, body).status, 200);

    EXPECT_TRUE(get(root).column("user_id").empty());
    ASSERT_EQ(records.trail.size(), 1U);
    EXPECT_EQ(records.trail[0].action, "paused_session.resume");
    EXPECT_EQ(records.trail[0].actor, "admin-key:terraform");
    EXPECT_EQ(records.trail[0].target_id, "build");
    EXPECT_EQ(records.trail[0].reason, "its owner has left");
    EXPECT_EQ(post(resume, body).status, 404);
}

TEST_F(PausedSessionsTest, NamesTheFieldThatIsWrong) {
    EXPECT_EQ(post(resume, R"({"session_id":"s"})").message(), "user_id: is required");
    EXPECT_EQ(post(resume, R"({"user_id":7})").message(), "user_id: must be a string of 1 to 256 bytes");
    EXPECT_EQ(post(resume, R"({"user_id":"a","session_id":""})").message(),
              "session_id: must be a string of 1 to 256 bytes");
    EXPECT_EQ(post(resume, R"({"user":"a"})").message(), "user: is not a field of this request");
}

TEST_F(PausedSessionsTest, AreForAdminsAlone) {
    given_paused("ada", "s1");
    EXPECT_EQ(get_as_person(root).status, 403);
    EXPECT_EQ(post(resume, R"({"user_id":"ada","session_id":"s1"})", read_key).message(),
              "requires write:paused_sessions");
    EXPECT_EQ(get(root).column("user_id").size(), 1U);
}

}  // namespace
}  // namespace gatehouse::admin

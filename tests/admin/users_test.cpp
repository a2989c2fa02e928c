// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/users.h"

#include <algorithm>

#include "tests/admin/admin_world.h"

namespace gatehouse::admin {
namespace {

using Names = std::vector<std::string>;

class UsersTest : public AdminWorld {
  protected:
    UsersTest() {
        policy::RulesSpec spec;
        spec.upstreams = {{"anthropic", "anthropic"}};
        spec.policies.resize(1);
        spec.policies[0].groups = {"engineering"};
        auto made = policy::Rules::make(std::move(spec));
        if (made)
            rules = *made;
        else
            ADD_FAILURE() << made.error().front().path << ": " << made.error().front().message;
        route.mount(router);
        given_person("ada", "ada@example.com", {"engineering"}, "Ada Lovelace");
        given_person("ops|1", "ops@example.com", {"platform"});
    }

    void given_session(std::string id, std::string subject) {
        auth::Session session;
        session.id = std::move(id);
        session.kind = auth::SessionKind::device;
        session.person = {std::move(subject), "someone@example.com", "", {"engineering"}};
        session.client = "claude-cli/2.1.329";
        session.address = "192.0.2.7";
        session.created_at = noon;
        session.last_used_at = noon;
        session.expires_at = noon + std::chrono::hours(12);
        ASSERT_TRUE(testing::run(person.vault.put_session(std::move(session))));
    }
    void given_key(std::string id, std::string subject) {
        auth::PersonalKey key;
        key.hash = "hash-of-" + id;
        key.id = std::move(id);
        key.name = "ci";
        key.person = {std::move(subject), "someone@example.com", "", {}};
        key.created_at = noon;
        key.expires_at = noon + std::chrono::hours(12);
        ASSERT_TRUE(testing::run(person.vault.put_key(std::move(key))));
    }
    std::vector<std::string> events() const {
        std::vector<std::string> found;
        for (const auto& event : person.journal.events)
            found.emplace_back(event.name);
        return found;
    }
    static constexpr const char* users = "/v1/organizations/users";
    static std::string of(std::string_view rest) { return std::string(users) + "/" + std::string(rest); }

    policy::RulesPtr rules;
    UsersRoute route{{.gate = gate,
                      .rollups = rollups,
                      .records = records,
                      .vault = person.vault,
                      .rules = [this] { return rules; },
                      .settings = current_settings(),
                      .journal = person.journal,
                      .clock = person.clock}};
};

TEST_F(UsersTest, ShowsWhoSomebodyIsAndWhatHoldsForThem) {
    given_session("s1", "ada");
    given_session("s2", "ada");
    given_key("k1", "ada");

    const std::string policy = rules->policy_for({"ada", "", rollups.people[0].groups})->name;
    EXPECT_EQ(json::to_text(get(of("ada")).body),
              R"({"type":"user","id":"ada","email":"ada@example.com","name":"Ada Lovelace","role":"developer",)"
              R"("groups":["engineering"],"policy":")" +
                  policy + R"(","last_seen_at":"2026-11-25T11:00:00.000Z","sessions":2,"personal_keys":1})");
    const Answer other = get(of("ops%7C1"));
    EXPECT_EQ(json::to_text(*json::find(other.body, "name")), "null");
    EXPECT_EQ(json::to_text(*json::find(other.body, "policy")), "null");
    EXPECT_EQ(json::to_text(*json::find(other.body, "role")), "\"admin\"");
}

TEST_F(UsersTest, ListsEverybodyWithAsManyQuestionsToTheStoreAsForOne) {
    given_session("s1", "ada");
    for (int at = 0; at < 200; ++at)
        given_person("p" + std::to_string(at), "", {});
    const int before = person.vault.calls();

    const Answer answer = get(std::string(users) + "?limit=1000&sort=id");

    EXPECT_EQ(answer.column("id").size(), 202U);
    EXPECT_EQ(answer.column("id").front(), "\"ada\"");
    EXPECT_EQ(answer.column("sessions").front(), "1");
    EXPECT_EQ(json::to_text(*json::find(answer.body, "total")), "202");
    EXPECT_EQ(json::to_text(*json::find(answer.body, "next_page")), "null");
    EXPECT_EQ(person.vault.calls() - before, 1);
}

TEST_F(UsersTest, RefusesAParameterThatItDoesNotKnow) {
    EXPECT_EQ(get(std::string(users) + "?sort=spend").message(), "sort: must be last_seen, name or id");
}

TEST_F(UsersTest, ShowsWhatSomebodyIsSignedInWith) {
    given_session("s1", "ada");
    given_session("of-ops", "ops|1");
    given_key("k1", "ada");

    EXPECT_EQ(json::to_text(get(of("ada/sessions")).body),
              R"({"data":[{"type":"session","id":"s1","kind":"device","client":"claude-cli/2.1.329",)"
              R"("address":"192.0.2.7","created_at":"2026-11-25T12:00:00.000Z",)"
              R"("last_used_at":"2026-11-25T12:00:00.000Z","expires_at":"2026-11-26T00:00:00.000Z"}]})");
    EXPECT_EQ(json::to_text(get(of("ada/keys")).body),
              R"({"data":[{"type":"personal_key","id":"k1","name":"ci","created_at":"2026-11-25T12:00:00.000Z",)"
              R"("expires_at":"2026-11-26T00:00:00.000Z","last_used_at":null}]})");
    EXPECT_EQ(get(of("ops%7C1/sessions")).column("id"), (Names{"\"of-ops\""}));
}

TEST_F(UsersTest, KnowsWhoIsSignedInAndWasForgottenAsAPerson) {
    given_session("s1", "idle");
    given_key("k1", "robot");

    EXPECT_EQ(json::to_text(*json::find(get(of("idle")).body, "sessions")), "1");
    EXPECT_EQ(json::to_text(*json::find(get(of("robot")).body, "last_seen_at")), "\"2026-11-25T12:00:00.000Z\"");
    EXPECT_EQ(get(of("nobody")).status, 404);
    EXPECT_EQ(get(of("nobody/sessions")).message(), "nobody with this id was seen here");
}

TEST_F(UsersTest, EndsOneSessionAndWritesDownWhoDidIt) {
    given_session("s1", "ada");
    given_session("s2", "ada");

    const Answer answer = remove(of("ada/sessions/s1"));

    EXPECT_EQ(json::to_text(answer.body), R"({"type":"session_deleted","id":"s1"})");
    EXPECT_EQ(get(of("ada/sessions")).column("id"), (Names{"\"s2\""}));
    ASSERT_EQ(records.trail.size(), 1U);
    EXPECT_EQ(records.trail[0].action, "user.end_session");
    EXPECT_EQ(records.trail[0].actor, "admin-key:terraform");
    EXPECT_EQ(records.trail[0].target_id, "ada");
    EXPECT_EQ(records.trail[0].before, R"({"sessions":["s1"],"personal_keys":[]})");
    EXPECT_EQ(events(), (Names{"admin.session.revoke"}));
    EXPECT_EQ(remove(of("ada/sessions/s1")).status, 404);
}

TEST_F(UsersTest, RevokesOnePersonalKey) {
    given_key("k1", "ada");

    EXPECT_EQ(json::to_text(remove(of("ada/keys/k1")).body), R"({"type":"personal_key_deleted","id":"k1"})");
    EXPECT_EQ(actions(), (Names{"user.revoke_key"}));
    EXPECT_EQ(events(), (Names{"admin.key.revoke"}));
    EXPECT_EQ(remove(of("ada/keys/k1")).status, 404);
}

TEST_F(UsersTest, EndsNothingUnderAnotherPersonsName) {
    given_session("s1", "ada");
    given_key("k1", "ada");

    EXPECT_EQ(remove(of("ops%7C1/sessions/s1")).status, 404);
    EXPECT_EQ(remove(of("ops%7C1/keys/k1")).status, 404);
    EXPECT_EQ(get(of("ada/sessions")).column("id").size(), 1U);
    EXPECT_EQ(get(of("ada/keys")).column("id").size(), 1U);
    EXPECT_TRUE(records.trail.empty());
}

TEST_F(UsersTest, EndsAllSessionsAndLeavesTheKeys) {
    given_session("s1", "ada");
    given_session("s2", "ada");
    given_session("of-ops", "ops|1");
    given_key("k1", "ada");

    const Answer answer = post(of("ada/end_sessions"), R"({"reason":"laptop lost"})");

    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(json::find(answer.body, "sessions")->as_array().size(), 2U);
    EXPECT_TRUE(get(of("ada/sessions")).column("id").empty());
    EXPECT_EQ(get(of("ada/keys")).column("id").size(), 1U);
    EXPECT_EQ(get(of("ops%7C1/sessions")).column("id").size(), 1U);
    ASSERT_EQ(records.trail.size(), 1U);
    EXPECT_EQ(records.trail[0].reason, "laptop lost");
    EXPECT_EQ(std::ranges::count(events(), "admin.session.revoke"), 2);
}

TEST_F(UsersTest, EndsPersonalKeysTooWhenAsked) {
    given_session("s1", "ada");
    given_key("k1", "ada");

    EXPECT_EQ(json::to_text(post(of("ada/end_sessions"), R"({"personal_keys":true})").body),
              R"({"type":"user_sessions_ended","user_id":"ada","sessions":["s1"],"personal_keys":["k1"]})");
    EXPECT_TRUE(get(of("ada/keys")).column("id").empty());
    EXPECT_EQ(actions(), (Names{"user.end_sessions"}));
}

TEST_F(UsersTest, TakesAnEmptyBodyAndNamesTheFieldThatIsWrong) {
    EXPECT_EQ(post(of("ada/end_sessions"), "").status, 200);
    EXPECT_EQ(post(of("ada/end_sessions"), R"({"personal_keys":1})").message(), "personal_keys: must be true or false");
    EXPECT_EQ(post(of("ada/end_sessions"), R"({"reason":7})").message(),
              "reason: must be a string of at most 500 bytes");
    EXPECT_EQ(post(of("ada/end_sessions"), R"({"keys":true})").message(), "keys: is not a field of this request");
    EXPECT_EQ(post(of("nobody/end_sessions"), "").status, 404);
}

TEST_F(UsersTest, SaysWhatHasEndedWhenTheStoreGoesAwayHalfWay) {
    given_session("s1", "ada");
    given_session("s2", "ada");
    testing::MemoryVault& vault = person.vault;
    class Fails final : public auth::RevocationListener {
      public:
        explicit Fails(testing::MemoryVault& whose) : vault(whose) {}
        void on_revoked(std::string_view) override { vault.fail_next(); }
        void on_feed_up() override {}
        void on_feed_down() override {}
        testing::MemoryVault& vault;
    } fails(vault);
    vault.add_listener(fails);

    EXPECT_EQ(post(of("ada/end_sessions"), "").status, 500);

    vault.remove_listener(fails);
    ASSERT_EQ(actions(), (Names{"user.end_sessions"}));
    EXPECT_EQ(events(), (Names{"admin.session.revoke"}));
    EXPECT_EQ(post(of("ada/end_sessions"), "").status, 200);
    EXPECT_TRUE(get(of("ada/sessions")).column("id").empty());
}

TEST_F(UsersTest, AreForAdminsAlone) {
    given_session("s1", "ada");
    EXPECT_EQ(get_as_person(users).message(), "requires read:users");
    EXPECT_EQ(get_as_person(of("ada")).status, 403);
    EXPECT_EQ(get_as_person(of("ada/sessions")).status, 403);
    EXPECT_EQ(remove(of("ada/sessions/s1"), read_key).message(), "requires write:users");
    EXPECT_EQ(post(of("ada/end_sessions"), "", read_key).status, 403);
    EXPECT_EQ(get(of("ada/sessions")).column("id").size(), 1U);
    EXPECT_EQ(actions(), (Names{"users.denied", "users.denied"}));
}

TEST_F(UsersTest, KnowsNoOtherPaths) {
    for (const char* path : {"ada/", "ada/credentials", "ada/sessions/s1", "ada/end_sessions", "ada//", "%2"})
        EXPECT_EQ(get(of(path)).status, 404) << path;
    EXPECT_EQ(remove(of("ada")).status, 404);
    EXPECT_EQ(remove(of("ada/sessions")).status, 404);
    EXPECT_EQ(post(of("ada/sessions"), "{}").status, 404);
}

TEST(UserPathTest, DecodesIdsAndNothingElse) {
    EXPECT_EQ(parse_user_path("/v1/organizations/users/a%2Fb%7C1/sessions/s%201"),
              (UserPath{"a/b|1", "sessions", "s 1"}));
    EXPECT_EQ(parse_user_path("/v1/organizations/users/..%2f"), (UserPath{"../", "", ""}));
    EXPECT_FALSE(parse_user_path("/v1/organizations/users"));
    EXPECT_FALSE(parse_user_path("/v1/organizations/users/"));
    EXPECT_FALSE(parse_user_path("/v1/organizations/users/a/b/c/d"));
    EXPECT_FALSE(parse_user_path("/v1/organizations/users/a//c"));
    EXPECT_FALSE(parse_user_path("/v1/organizations/users/a%zz"));
}

}  // namespace
}  // namespace gatehouse::admin

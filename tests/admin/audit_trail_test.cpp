// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/audit_trail.h"

#include "tests/admin/admin_world.h"

namespace gatehouse::admin {
namespace {

class AuditTrailTest : public AdminWorld {
  protected:
    AuditTrailTest() { trail.mount(router); }

    void given_event(std::string action, std::string before = "", std::string after = "", std::string reason = "") {
        policy::AuditEvent event;
        event.created_at = person.clock.now();
        event.actor = "admin-key:terraform";
        event.action = std::move(action);
        event.target_id = after.empty() && before.empty() ? "" : "spl_1";
        event.before = std::move(before);
        event.after = std::move(after);
        event.reason = std::move(reason);
        ASSERT_TRUE(testing::run(person.loop, records.note(std::move(event))));
    }
    void given_event_of(std::string actor, std::string action, std::string target_id) {
        policy::AuditEvent event;
        event.created_at = person.clock.now();
        event.actor = std::move(actor);
        event.action = std::move(action);
        event.target_id = std::move(target_id);
        ASSERT_TRUE(testing::run(person.loop, records.note(std::move(event))));
    }
    static constexpr const char* of_caps = "/v1/organizations/spend_limits/audit";
    static constexpr const char* of_all = "/v1/organizations/audit";

    AuditTrail trail{{.gate = gate, .records = records, .settings = current_settings(), .clock = person.clock}};
};

using Column = std::vector<std::string>;

TEST_F(AuditTrailTest, ShowsARowAsTheContractDoes) {
    given_event("spend_limit.upsert", R"({"id":"spl_1"})", R"({"id":"spl_1","amount":"5"})", "release");

    EXPECT_EQ(json::to_text(get(of_caps).body),
              R"({"data":[{"type":"audit_event","id":"1","created_at":"2026-11-25T12:00:00.000Z",)"
              R"("actor":"admin-key:terraform","action":"spend_limit.upsert","target_id":"spl_1",)"
              R"("before":{"id":"spl_1"},"after":{"id":"spl_1","amount":"5"},"reason":"release"}],"has_more":false})");
}

TEST_F(AuditTrailTest, ShowsNothingAsNull) {
    given_event("spend_limits.denied");

    const auto row = get(of_caps).body.at("data").at(0);

    for (const char* name : {"target_id", "before", "after", "reason"})
        EXPECT_TRUE(row.at(name).is_null()) << name;
}

TEST_F(AuditTrailTest, TellsOfCapsAloneOrOfEverything) {
    given_event("spend_limit.upsert");
    given_event("policy.update");
    given_event("spend_limits.denied");

    EXPECT_EQ(get(of_caps).column("action"), (Column{R"("spend_limits.denied")", R"("spend_limit.upsert")"}));
    EXPECT_EQ(get(of_all).column("id"), (Column{R"("3")", R"("2")", R"("1")"}));
}

TEST_F(AuditTrailTest, IsReadInPagesNewestFirst) {
    for (int count = 0; count < 3; ++count) {
        given_event("spend_limit.upsert");
        given_event("policy.update");
    }

    const Answer first = get(std::string(of_caps) + "?limit=2");
    const Answer second = get(std::string(of_caps) + "?limit=2&after_id=3");

    EXPECT_EQ(first.column("id"), (Column{R"("5")", R"("3")"}));
    EXPECT_TRUE(first.body.at("has_more").as_bool());
    EXPECT_EQ(second.column("id"), Column{R"("1")"});
    EXPECT_FALSE(second.body.at("has_more").as_bool());
    EXPECT_TRUE(get(std::string(of_caps) + "?after_id=0").column("id").empty());
}

TEST_F(AuditTrailTest, HoldsAHundredRowsUnlessAskedForMore) {
    for (int count = 0; count < 700; ++count)
        given_event(count % 3 == 0 ? "spend_limit.upsert" : "policy.update");

    EXPECT_EQ(get(of_caps).column("id").size(), 100U);
    EXPECT_TRUE(get(of_caps).body.at("has_more").as_bool());
    EXPECT_EQ(get(std::string(of_caps) + "?limit=1000").column("id").size(), 234U);
    EXPECT_FALSE(get(std::string(of_caps) + "?limit=234").body.at("has_more").as_bool());
}

TEST_F(AuditTrailTest, NamesTheParameterThatIsWrong) {
    for (const char* bad : {"x", "-1", "", "1.5"}) {
        const Answer answer = get(std::string(of_caps) + "?after_id=" + bad);
        EXPECT_EQ(answer.status, 400);
        EXPECT_EQ(answer.message(), "after_id: must be the id of an audit event") << bad;
    }
    EXPECT_EQ(get(std::string(of_caps) + "?limit=1001").message(), "limit: must be between 1 and 1000");
}

TEST_F(AuditTrailTest, FindsWhatSomebodyDid) {
    given_event("spend_limit.upsert");
    given_event_of("oidc:ada", "policy.update", "8");
    given_event_of("oidc:ben", "policy.rollback", "9");

    EXPECT_EQ(get(std::string(of_all) + "?actor=oidc:ada").column("id"), Column{R"("2")"});
    EXPECT_EQ(get(std::string(of_all) + "?actor[]=oidc:ada&actor[]=oidc:ben").column("id"),
              (Column{R"("3")", R"("2")"}));
    EXPECT_TRUE(get(std::string(of_all) + "?actor=oidc").column("id").empty()) << "an actor is named in full";
}

TEST_F(AuditTrailTest, FindsAnActionOrAKindOfThem) {
    for (const char* action : {"policy.update", "policy.rollback", "policies.denied", "spend_limit.upsert",
                               "spend_limit_increase_request.approve"})
        given_event(action);

    EXPECT_EQ(get(std::string(of_all) + "?action=policy").column("id"), (Column{R"("2")", R"("1")"}));
    EXPECT_EQ(get(std::string(of_all) + "?action=policy.rollback,policies").column("id"), (Column{R"("3")", R"("2")"}));
    EXPECT_EQ(get(std::string(of_all) + "?action=spend_limit").column("id"), Column{R"("4")"});
}

TEST_F(AuditTrailTest, FindsWhatHappenedToSomething) {
    given_event_of("oidc:ada", "policy.update", "8");
    given_event_of("oidc:ada", "policy.update", "80");

    EXPECT_EQ(get(std::string(of_all) + "?target_id=8").column("id"), Column{R"("1")"});
}

TEST_F(AuditTrailTest, FindsRefusedAttempts) {
    given_event("policies.denied");
    given_event("policy.update");
    given_event("spend_limits.denied");

    EXPECT_EQ(get(std::string(of_all) + "?denied=true").column("id"), (Column{R"("3")", R"("1")"}));
    EXPECT_EQ(get(std::string(of_all) + "?denied=false").column("id").size(), 3U);
}

TEST_F(AuditTrailTest, FindsWhatHappenedInASpanOfTime) {
    for (int day = 0; day < 4; ++day) {  // the 25th to the 28th, at noon
        given_event("policy.update");
        person.clock.advance(std::chrono::days(1));
    }

    EXPECT_EQ(
        get(std::string(of_all) + "?starting_at=2026-11-26T12:00:00Z&ending_at=2026-11-28T12:00:00Z").column("id"),
        (Column{R"("3")", R"("2")"}));
    EXPECT_EQ(get(std::string(of_all) + "?starting_at=2026-11-28").column("id"), Column{R"("4")"});
}

TEST_F(AuditTrailTest, ReadsWhatItFindsInPages) {
    for (int count = 0; count < 3; ++count) {
        given_event("policy.update");
        given_event("policies.denied");
    }

    const Answer first = get(std::string(of_all) + "?action=policy&limit=2");
    const Answer second = get(std::string(of_all) + "?action=policy&limit=2&after_id=3");

    EXPECT_EQ(first.column("id"), (Column{R"("5")", R"("3")"}));
    EXPECT_TRUE(first.body.at("has_more").as_bool());
    EXPECT_EQ(second.column("id"), Column{R"("1")"});
    EXPECT_FALSE(second.body.at("has_more").as_bool());
}

TEST_F(AuditTrailTest, NamesTheFilterThatIsWrong) {
    const auto refusal = [&](std::string_view query) {
        return get(std::string(of_all).append("?").append(query)).message();
    };

    EXPECT_EQ(refusal("starting_at=yesterday"),
              "starting_at: must be an RFC 3339 timestamp such as 2026-11-01T00:00:00Z");
    EXPECT_EQ(refusal("starting_at=2026-11-02&ending_at=2026-11-02"), "ending_at: must be after starting_at");
    EXPECT_EQ(refusal("denied=yes"), "denied: must be true or false");
    EXPECT_EQ(
        refusal("user=ada"),
        "user: is not known here: use limit, after_id, target_id, starting_at, ending_at, denied, actor or action");
}

TEST_F(AuditTrailTest, IsNotForFinanceNorForStrangers) {
    const Answer finance = get_as_person(of_caps);
    EXPECT_EQ(finance.status, 403);
    EXPECT_EQ(finance.message(), "requires read:spend_limits");
    EXPECT_EQ(get_as_person(of_all).message(), "requires read:audit");
    EXPECT_EQ(get(of_caps, "wrong").status, 401);
}

TEST_F(AuditTrailTest, ForgetsWhatIsOlderThanItsRetention) {
    given_event("spend_limit.upsert");
    person.clock.advance(std::chrono::days(365));
    given_event("spend_limit.delete");
    ASSERT_TRUE(testing::run(person.loop, trail.sweep()));
    EXPECT_EQ(records.trail.size(), 2U) << "a year is not over yet";

    person.clock.advance(std::chrono::milliseconds(1));
    ASSERT_TRUE(testing::run(person.loop, trail.sweep()));

    EXPECT_EQ(actions(), Column{"spend_limit.delete"});
}

TEST_F(AuditTrailTest, AnswersPathsThatNobodyHasInTheAdminEnvelope) {
    for (const char* method : {"GET", "POST", "PUT", "PATCH"}) {
        const Answer answer = call(method, "/v1/organizations/me", "", {{"x-api-key", read_key}});
        EXPECT_EQ(answer.status, 404) << method;
        EXPECT_EQ(json::to_text(answer.body),
                  R"({"type":"error","error":{"type":"not_found_error","message":"not found"},)"
                  R"("request_id":"req_11111111222243338444555555555555"})");
        EXPECT_EQ(answer.headers.value("request-id"), "req_11111111222243338444555555555555");
    }
    EXPECT_EQ(call("GET", "/v1/organizations/me", "", {}).status, 401);
}

}  // namespace
}  // namespace gatehouse::admin

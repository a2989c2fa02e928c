// SPDX-License-Identifier: Apache-2.0
// Asking for a higher cap and deciding about it, over the routes, with the records in memory.
#include "gateway/admin/increase_requests.h"

#include "tests/admin/admin_world.h"
#include "tests/support/fixed_random.h"

namespace gatehouse::admin {
namespace {

constexpr const char* root = "/v1/organizations/spend_limit_increase_requests";
constexpr const char* mine = "/v1/me/spend_limit_increase_requests";

/// The signed-in person is "sub-fin" of the group "finance", who reads spend and decides nothing.
class IncreaseRequests : public AdminWorld {
  protected:
    IncreaseRequests() {
        route.mount(router);
        given_person("sub-fin", "fin@example.com", {"finance"}, "Fin");
    }

    void set_cap(policy::Scope scope, std::string amount, policy::Period period = policy::Period::monthly) {
        CapStore caps(records);
        CapOrder order{.scope = std::move(scope), .user_email = {}, .amount = std::move(amount), .period = period};
        ASSERT_TRUE(testing::run(person.loop, caps.put(std::move(order), "admin-key:test", noon)));
        records.trail.clear();
    }
    Answer ask(std::string_view body) {
        return call("POST", mine, body, {{"authorization", "Bearer " + std::string(testing::SignedIn::credential)}});
    }
    std::string asked(std::string_view body = R"({"reason":"a release"})") {
        const Answer answer = ask(body);
        EXPECT_EQ(answer.status, 200) << json::to_text(answer.body);
        return std::string(json::find_string(answer.body, "id").value_or(""));
    }
    Answer decide(const std::string& id, std::string_view verdict, std::string_view body,
                  std::string_view key = write_key) {
        return post(std::string(root) + "/" + id + "/" + std::string(verdict), body, key);
    }
    Answer withdraw(const std::string& id, std::string_view credential = testing::SignedIn::credential) {
        return call("POST", std::string(mine) + "/" + id + "/withdraw", "",
                    {{"authorization", "Bearer " + std::string(credential)}});
    }
    static inline const policy::Scope everyone{policy::ScopeKind::organization, ""};
    testing::FixedRandom random;
    ContestedRecords contested{records};
    IncreaseDesk desk{{.records = contested,
                       .standings = ledger(),
                       .mode = [] { return policy::GroupLimitMode::min; },
                       .random = random,
                       .clock = person.clock}};
    IncreaseRequestsRoute route{{.gate = gate,
                                 .desk = desk,
                                 .records = records,
                                 .rollups = rollups,
                                 .standings = ledger(),
                                 .settings = current_settings(),
                                 .journal = person.journal,
                                 .clock = person.clock}};
};

TEST_F(IncreaseRequests, AreAskedByADeveloperAndShownAsTheAdminApiDoes) {
    set_cap(everyone, "1000");
    given_spend("u:sub-fin", Money::cents(1'200));
    const std::string id = asked(R"({"reason":"a release","amount":"5000"})");
    EXPECT_TRUE(id.starts_with("slir_")) << id;

    const Answer list = get(root);

    ASSERT_EQ(list.column("id"), std::vector<std::string>{"\"" + id + "\""});
    const auto& row = list.body.at("data").at(0);
    EXPECT_EQ(json::to_text(row.at("type")), R"("spend_limit_increase_request")");
    EXPECT_EQ(json::to_text(row.at("status")), R"("pending")");
    EXPECT_EQ(json::to_text(row.at("period")), R"("monthly")");
    EXPECT_EQ(json::to_text(row.at("created_at")), R"("2026-11-25T12:00:00.000Z")");
    EXPECT_TRUE(row.at("resolved_at").is_null());
    EXPECT_TRUE(row.at("resolved_by").is_null());
    EXPECT_EQ(
        json::to_text(row.at("actor")),
        R"({"type":"user_actor","user_id":"sub-fin","name":"Fin","email_address":"fin@example.com","deleted":false})");
    EXPECT_EQ(json::to_text(row.at("requested_amount")), R"("5000")");
    EXPECT_EQ(json::to_text(row.at("spend_summary").at("amount")), R"("1000")");
    EXPECT_EQ(json::to_text(row.at("spend_summary").at("period_to_date_spend")), R"("1200")");
    EXPECT_EQ(json::to_text(row.at("spend_summary").at("source")), R"({"type":"organization"})");
    EXPECT_EQ(json::to_text(row.at("spend_limit_when_requested").at("amount")), R"("1000")");
    EXPECT_EQ(json::to_text(row.at("blocked_by").at(0).at("scope")), R"({"type":"organization"})");
    EXPECT_EQ(json::to_text(row.at("blocked_by").at(0).at("lifted_by_approval")), "true");
    EXPECT_TRUE(list.body.at("next_page").is_null());
    EXPECT_EQ(actions(), std::vector<std::string>{"spend_limit_increase_request.create"});
    EXPECT_EQ(records.trail[0].actor, "oidc:sub-fin");
    EXPECT_EQ(records.trail[0].reason, "a release");
}

TEST_F(IncreaseRequests, ApprovedForGoodWriteAnOwnCapInTheSameStep) {
    set_cap(everyone, "1000");
    const std::string id = asked();

    const Answer approved = decide(id, "approve", R"({"amount":"5000","note":"ship it"})");

    EXPECT_EQ(approved.status, 200) << approved.message();
    EXPECT_EQ(approved.text("status"), R"("approved")");
    EXPECT_EQ(approved.text("/resolved_by/scoped_api_key_id"), R"("terraform")");
    EXPECT_EQ(approved.text("/spend_limit/amount"), R"("5000")");
    EXPECT_EQ(approved.text("/spend_limit/scope"), R"({"type":"user","user_id":"sub-fin"})");
    EXPECT_EQ(approved.text("/spend_summary/amount"), R"("5000")");
    EXPECT_EQ(actions(), (std::vector<std::string>{"spend_limit_increase_request.create",
                                                   "spend_limit_increase_request.approve", "spend_limit.upsert"}));
    EXPECT_EQ(records.trail[2].reason, "increase request of fin@example.com");
    const Answer own = get_as_person(mine);
    EXPECT_EQ(own.column("granted_amount"), std::vector<std::string>{R"("5000")"});
    EXPECT_EQ(own.column("note"), std::vector<std::string>{R"("ship it")"});
    EXPECT_EQ(json::find(own.body.at("data").at(0), "resolved_by"), nullptr) << "an admin's name is not theirs to see";
}

TEST_F(IncreaseRequests, ApprovedForAWhileEndByThemselves) {
    set_cap(everyone, "1000");
    const std::string id = asked();

    const Answer approved = decide(id, "approve", R"({"amount":"5000","expires_at":"2026-11-26T12:00:00Z"})");

    EXPECT_EQ(approved.text("/spend_limit/expires_at"), R"("2026-11-26T12:00:00.000Z")");
    EXPECT_EQ(approved.text("granted_until"), R"("2026-11-26T12:00:00.000Z")");
    EXPECT_EQ(approved.text("/spend_summary/amount"), R"("5000")");
    person.clock.advance(std::chrono::days(1));
    EXPECT_EQ(get(std::string(root) + "/" + id).text("/spend_summary/amount"), R"("1000")");
}

TEST_F(IncreaseRequests, DeniedChangeNothingButTheirStatus) {
    set_cap(everyone, "1000");
    const std::string id = asked();
    const Answer denied = decide(id, "deny", "");
    EXPECT_EQ(denied.text("status"), R"("denied")");
    EXPECT_EQ(denied.text("/spend_summary/amount"), R"("1000")");
    EXPECT_EQ(actions().back(), "spend_limit_increase_request.deny");
    EXPECT_EQ((*testing::run(person.loop, CapStore(records).book(noon)))->caps().size(), 1U);
}

TEST_F(IncreaseRequests, AreDecidedOnce) {
    set_cap(everyone, "1000");
    const std::string id = asked();
    EXPECT_EQ(decide(id, "deny", R"({"note":"not this month"})").status, 200);
    const Answer second = decide(id, "approve", R"({"amount":"5000"})");
    EXPECT_EQ(second.status, 409);
    EXPECT_EQ(second.message(), "this request was denied already");
    EXPECT_EQ(decide("slir_none", "deny", "").status, 404);
}

TEST_F(IncreaseRequests, MayBeDeniedAgainAsTheAdminApiAllowsButNotAfterAnApproval) {
    set_cap(everyone, "1000");
    const std::string first = asked();
    ASSERT_EQ(decide(first, "deny", R"({"note":"not this month"})").status, 200);
    const std::size_t rows = records.trail.size();
    const Answer again = decide(first, "deny", R"({"note":"never"})");
    EXPECT_EQ(again.status, 200);
    EXPECT_EQ(again.text("note"), R"("not this month")");
    EXPECT_EQ(records.trail.size(), rows) << "nothing happened";

    const std::string second = asked();
    ASSERT_EQ(decide(second, "approve", R"({"amount":"5000"})").status, 200);
    const Answer late = decide(second, "deny", "");
    EXPECT_EQ(late.status, 400);
    EXPECT_EQ(late.message(), "this request was approved already");
    EXPECT_EQ(decide(second, "approve", R"({"amount":"6000"})").status, 409);
}

TEST_F(IncreaseRequests, AreDecidedOnceByTwoAdminsAtTheSameMoment) {
    set_cap(everyone, "1000");
    const std::string id = asked();
    const auto stored = testing::run(person.loop, records.find(std::string(policy::increase_record_kind), id));
    policy::RecordWrite other;
    other.kind = policy::increase_record_kind;
    other.id = id;
    auto denied = *policy::parse_increase(**stored);
    denied.status = policy::IncreaseStatus::denied;
    other.document = policy::to_document(denied);
    contested.contests.push_back(std::move(other));

    const Answer late = decide(id, "approve", R"({"amount":"5000"})");

    EXPECT_EQ(late.status, 409);
    EXPECT_EQ((*testing::run(person.loop, CapStore(records).book(noon)))->caps().size(), 1U) << "no cap without it";
}

TEST_F(IncreaseRequests, SurviveAnotherChangeOfTheSameCap) {
    set_cap(everyone, "1000");
    const std::string id = asked();
    CapOrder order{.scope = {policy::ScopeKind::user, "sub-fin"}, .user_email = {}, .amount = "7"};
    contested.contests.push_back(cap_write(make_cap(order, nullptr, noon), "", "admin-key:other", "", noon));

    const Answer approved = decide(id, "approve", R"({"amount":"5000"})");

    EXPECT_EQ(approved.status, 200) << approved.message();
    EXPECT_EQ(approved.text("/spend_summary/amount"), R"("5000")");
}

TEST_F(IncreaseRequests, AreTakenBackByTheirAuthorAlone) {
    set_cap(everyone, "1000");
    const std::string id = asked();
    EXPECT_EQ(withdraw("slir_none").status, 404);
    EXPECT_EQ(withdraw(id, "ghk_of_nobody").status, 401);

    const Answer withdrawn = withdraw(id);

    EXPECT_EQ(withdrawn.status, 200) << withdrawn.message();
    EXPECT_EQ(withdrawn.text("status"), R"("withdrawn")");
    EXPECT_EQ(actions().back(), "spend_limit_increase_request.withdraw");
    EXPECT_EQ(records.trail.back().actor, "oidc:sub-fin");
    EXPECT_EQ(withdraw(id).status, 409);
    EXPECT_EQ(decide(id, "approve", R"({"amount":"5000"})").message(), "this request was withdrawn already");
    EXPECT_EQ(decide(id, "deny", "").status, 409);
    EXPECT_EQ(get(std::string(root) + "?status[]=withdrawn").column("id").size(), 1U);
    EXPECT_EQ(json::to_text(get(root).body.at("data").at(0).at("resolved_by").at("user_id")), R"("sub-fin")");
    asked();
}

TEST_F(IncreaseRequests, OfAnotherPersonReadLikeNone) {
    set_cap(everyone, "1000");
    const auto theirs = testing::run(
        person.loop, desk.ask({.id = "bob", .email = {}, .name = {}, .groups = {}, .service = false, .last_seen = {}},
                              {.period = {}, .wished = {}, .reason = "mine"}));
    ASSERT_TRUE(theirs);
    const Answer answer = withdraw(theirs->id);
    EXPECT_EQ(answer.status, 404);
    EXPECT_EQ(answer.message(), "spend limit increase request not found");
    EXPECT_EQ(get_as_person(mine).column("id").size(), 0U);
    EXPECT_EQ(person.journal.count("increase.withdraw"), 1U) << "the attempt is written down";
}

TEST_F(IncreaseRequests, LapseByTheClock) {
    set_cap(everyone, "1000");
    const std::string id = asked();
    // The personal key of the fixture ends after a day: what follows is asked by keys of admins.
    person.clock.advance(std::chrono::days(30));
    EXPECT_EQ(get(std::string(root) + "?status[]=pending").column("id").size(), 0U);
    EXPECT_EQ(get(std::string(root) + "/" + id).text("status"), R"("expired")");
    const Answer late = decide(id, "approve", R"({"amount":"5000"})");
    EXPECT_EQ(late.status, 409);
    EXPECT_EQ(late.message(), "this request has expired: nobody decided it within 30 days");
}

TEST_F(IncreaseRequests, ArePacedWithinADay) {
    set_cap(everyone, "1000");
    for (int count = 0; count < 10; ++count)
        EXPECT_EQ(withdraw(asked()).status, 200);
    const Answer refused = ask(R"({"reason":"again"})");
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(refused.headers.value("retry-after"), "86400");
    EXPECT_EQ(person.journal.count("increase.request"), 11U);
}

TEST_F(IncreaseRequests, AreJudgedByTheGroupsThatTheirAuthorWasLastSeenWith) {
    set_cap(everyone, "5000");
    set_cap({policy::ScopeKind::group_pool, "finance"}, "100");
    given_spend(policy::pool_account("finance"), Money::cents(100));
    rollups.people[0].groups = {"another"};
    const std::string path = std::string(root) + "/" + asked();

    EXPECT_EQ(get(path).body.at("blocked_by").as_array().size(), 1U) << "they asked after they were seen at work";
    rollups.people[0].last_seen = noon + std::chrono::seconds(1);
    EXPECT_EQ(get(path).body.at("blocked_by").as_array().size(), 0U) << "and have left the group since";
}

TEST_F(IncreaseRequests, ShowBeforehandWhatAnApprovalWouldDo) {
    set_cap(everyone, "1000");
    set_cap({policy::ScopeKind::group_pool, "finance"}, "100", policy::Period::monthly);
    given_spend("u:sub-fin", Money::cents(1'200));
    given_spend(policy::pool_account("finance"), Money::cents(100));
    const std::string id = asked();
    const std::string path = std::string(root) + "/" + id + "/preview";
    const auto blocked = [&](std::string_view amount) {
        const Answer answer = post(path, std::string(R"({"amount":")").append(amount).append("\"}"), read_key);
        EXPECT_EQ(answer.status, 200) << answer.message();
        std::vector<std::string> scopes;
        for (const auto& row : answer.body.at("blocked_by").as_array())
            scopes.push_back(std::string(row.at("scope").at("type").as_string()));
        return scopes;
    };

    EXPECT_EQ(blocked("5000"), std::vector<std::string>{"group_pool"}) << "an own cap does not help against it";
    EXPECT_EQ(blocked("1200"), (std::vector<std::string>{"user", "group_pool"})) << "spent already";

    const Answer answer = post(path, R"({"amount":"5000","expires_at":"2026-11-26T12:00:00Z"})", read_key);
    EXPECT_EQ(answer.text("type"), R"("spend_limit_increase_preview")");
    EXPECT_EQ(answer.text("/spend_limit/expires_at"), R"("2026-11-26T12:00:00.000Z")");
    EXPECT_EQ(answer.text("replaces"), "null");
    EXPECT_EQ(answer.text("/spend_summary/amount"), R"("5000")");
    EXPECT_EQ(get(std::string(root) + "/" + id).text("status"), R"("pending")") << "it is only a look";
    EXPECT_EQ((*testing::run(person.loop, CapStore(records).book(noon)))->caps().size(), 2U);
    EXPECT_EQ(get_as_person(std::string(mine)).column("status"), std::vector<std::string>{R"("pending")"});
    EXPECT_EQ(call("POST", path, R"({"amount":"5"})",
                   {{"authorization", "Bearer " + std::string(testing::SignedIn::credential)}})
                  .status,
              403);
    ASSERT_EQ(decide(id, "deny", "").status, 200);
    EXPECT_EQ(post(path, R"({"amount":"5"})", read_key).status, 409);
}

TEST_F(IncreaseRequests, OfAnotherPeriodAreGrantedForThatOne) {
    set_cap(everyone, "1000");
    const std::string id = asked();
    const Answer approved = decide(id, "approve", R"({"amount":"200","period":"weekly"})");
    EXPECT_EQ(approved.text("period"), R"("monthly")");
    EXPECT_EQ(approved.text("granted_period"), R"("weekly")");
    EXPECT_EQ(approved.text("/spend_limit/period"), R"("weekly")");
}

TEST_F(IncreaseRequests, AreOpenOnceForEachPeriodAndMayBeAskedAgainAfterwards) {
    set_cap(everyone, "1000");
    set_cap(everyone, "100", policy::Period::daily);
    const std::string first = asked(R"({"reason":"a","period":"daily"})");
    const Answer again = ask(R"({"reason":"b","period":"daily"})");
    EXPECT_EQ(again.status, 409);
    EXPECT_EQ(again.message(), "you have asked for a higher daily spend limit already: that request is still open");
    person.clock.advance(std::chrono::seconds(1));
    asked(R"({"reason":"c","period":"monthly"})");
    person.clock.advance(std::chrono::seconds(1));
    ASSERT_EQ(decide(first, "approve", R"({"amount":"200","period":"weekly"})").status, 200);
    asked(R"({"reason":"d","period":"daily"})");
    EXPECT_EQ(get_as_person(mine).column("reason"), (std::vector<std::string>{R"("d")", R"("c")", R"("a")"}));
}

TEST_F(IncreaseRequests, ShowAPoolThatAnOwnCapWouldNotHelpAgainst) {
    set_cap(everyone, "5000");
    set_cap({policy::ScopeKind::group_pool, "finance"}, "100", policy::Period::weekly);
    given_spend(policy::pool_account("finance"), Money::cents(100));
    asked();
    const Answer list = get(root);
    EXPECT_EQ(list.column("period"), std::vector<std::string>{R"("weekly")"});
    const auto& blocking = list.body.at("data").at(0).at("blocked_by").at(0);
    EXPECT_EQ(json::to_text(blocking.at("scope").at("type")), R"("group_pool")");
    EXPECT_EQ(json::to_text(blocking.at("lifted_by_approval")), "false");
    EXPECT_EQ(json::to_text(blocking.at("why")),
              R"("it is a budget that a group shares, whatever own caps are: raise the pool")");
}

TEST_F(IncreaseRequests, NameTheFieldThatIsWrong) {
    EXPECT_EQ(ask(R"({"reason":"x"})").message(), "no spend limit applies to you: there is nothing to raise");
    set_cap(everyone, "1000");
    EXPECT_EQ(ask("{}").message(), "reason: is required: why do you need more?");
    EXPECT_EQ(ask(R"({"reason":" "})").message(), "reason: is required: why do you need more?");
    EXPECT_EQ(ask(R"({"reason":")" + std::string(1'001, 'x') + R"("})").message(),
              "reason: must have at most 1000 bytes");
    EXPECT_EQ(ask(R"({"reason":"x","amount":5})").message(),
              "amount: must be a string of 1 to 18 digits, in whole cents");
    EXPECT_EQ(ask(R"({"reason":"x","period":"yearly"})").message(), "period: must be one of daily, weekly, monthly");
    EXPECT_EQ(ask(R"({"reason":"x","period":"daily"})").message(), "period: no daily spend limit applies to you");
    EXPECT_EQ(ask(R"({"reason":"x","until":1})").message(), "until: is not a field of this request");
    EXPECT_EQ(ask(R"({"reason":"x","amount":"1000"})").message(),
              "amount: is not more than your monthly spend limit of $10.00");
    const std::string id = asked();
    EXPECT_EQ(decide(id, "approve", "{}").message(), "amount: is required: the new cap, in whole cents");
    EXPECT_EQ(decide(id, "approve", R"({"amount":"5","expires_at":"2020-01-01T00:00:00Z"})").message(),
              "expires_at: must be in the future");
    EXPECT_EQ(get(std::string(root) + "?status[]=open").message(),
              "status[]: must be one of pending, approved, denied, withdrawn, expired");
    EXPECT_EQ(get(std::string(root) + "/" + id).status, 200);
}

TEST_F(IncreaseRequests, AreDecidedByAdminsAlone) {
    set_cap(everyone, "1000");
    const std::string id = asked();
    EXPECT_EQ(decide(id, "approve", R"({"amount":"5000"})", read_key).message(), "requires write:spend_limits");
    EXPECT_EQ(call("POST", std::string(root) + "/" + id + "/approve", R"({"amount":"5000"})",
                   {{"authorization", "Bearer " + std::string(testing::SignedIn::credential)}})
                  .status,
              403);
    EXPECT_EQ(get(root).column("status"), std::vector<std::string>{R"("pending")"});
    EXPECT_EQ(call("GET", mine, "", {}).status, 401);
    EXPECT_EQ(call("POST", mine, R"({"reason":"x"})", {{"x-api-key", std::string(write_key)}}).status, 401)
        << "an admin key is nobody";
}

TEST_F(IncreaseRequests, AreListedInPages) {
    set_cap(everyone, "1000");
    std::vector<std::string> ids;
    for (int count = 0; count < 3; ++count) {
        ids.push_back(asked());
        ASSERT_EQ(decide(ids.back(), "deny", "").status, 200);
        person.clock.advance(std::chrono::seconds(1));
    }
    ids.push_back(asked());

    const Answer first = get(std::string(root) + "?limit=3");
    const std::string page(json::find_string(first.body, "next_page").value_or(""));
    const Answer second = get(std::string(root) + "?limit=3&page=" + page);

    EXPECT_EQ(first.column("id"),
              (std::vector<std::string>{"\"" + ids[3] + "\"", "\"" + ids[2] + "\"", "\"" + ids[1] + "\""}));
    EXPECT_EQ(second.column("id"), std::vector<std::string>{"\"" + ids[0] + "\""});
    EXPECT_TRUE(second.body.at("next_page").is_null());
    EXPECT_EQ(get(std::string(root) + "?page=eA").message(), "page: is not a page of this list");
    EXPECT_EQ(get(std::string(root) + "?status[]=pending").column("id").size(), 1U);
    EXPECT_EQ(get(std::string(root) + "?actor_ids[]=bob").column("id").size(), 0U);
}

TEST_F(IncreaseRequests, GoOnBehindOneThatWasDecidedMeanwhile) {
    set_cap(everyone, "1000");
    set_cap(everyone, "100", policy::Period::daily);
    const std::string older = asked(R"({"reason":"a","period":"daily"})");
    person.clock.advance(std::chrono::seconds(1));
    const std::string newer = asked(R"({"reason":"b","period":"monthly"})");
    const Answer first = get(std::string(root) + "?status[]=pending&limit=1");
    ASSERT_EQ(decide(newer, "deny", "").status, 200);

    const std::string page(json::find_string(first.body, "next_page").value_or(""));

    EXPECT_EQ(get(std::string(root) + "?status[]=pending&limit=1&page=" + page).column("id"),
              std::vector<std::string>{"\"" + older + "\""});
    const Answer own = get_as_person(std::string(mine) + "?limit=1");
    EXPECT_EQ(own.column("id"), std::vector<std::string>{"\"" + newer + "\""});
    const std::string more(json::find_string(own.body, "next_page").value_or(""));
    EXPECT_EQ(get_as_person(std::string(mine) + "?limit=1&page=" + more).column("id"),
              std::vector<std::string>{"\"" + older + "\""});
}

TEST_F(IncreaseRequests, HaveNoOtherVerbs) {
    const std::string all(root);
    for (const std::string& path :
         {all + "/preview", all + "/approve", all + "/slir_1", all + "/slir_1/grant", std::string(mine) + "/withdraw"})
        EXPECT_EQ(router.find("POST", path).label, "other") << path << " is a route";
    EXPECT_EQ(ask("").status, 400);
}

}  // namespace
}  // namespace gatehouse::admin

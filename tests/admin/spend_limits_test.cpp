// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/spend_limits.h"

#include "tests/admin/admin_world.h"

namespace gatehouse::admin {
namespace {

using namespace std::chrono_literals;
using Column = std::vector<std::string>;

constexpr std::string_view everyone = R"({"type":"organization"})";
constexpr std::string_view ada = R"({"type":"user","user_id":"ada"})";
constexpr std::string_view engineers = R"({"type":"rbac_group","rbac_group_id":"eng"})";
constexpr std::string_view shared = R"({"type":"group_pool","rbac_group_id":"eng"})";

class SpendLimits : public AdminWorld {
  protected:
    explicit SpendLimits(std::vector<std::string> groups = {"finance"}) : AdminWorld(std::move(groups)) {
        route.mount(router);
    }

    static std::string at(std::string_view id) { return std::string(limits).append("/").append(id); }
    Answer list(std::string_view query = "") { return get(std::string(limits).append(query)); }
    Answer preview(std::string_view scope, std::string_view amount, std::string_view more = "") {
        std::string body = R"({"scope":)";
        body.append(scope).append(R"(,"amount":)").append(amount).append(more).append("}");
        return post(std::string(limits) + "/preview", body);
    }

    ContestedRecords contested{records};
    SpendLimitsRoute route{{.gate = gate,
                            .records = contested,
                            .rollups = rollups,
                            .standings = ledger(),
                            .settings = current_settings(),
                            .journal = person.journal,
                            .clock = person.clock}};
};

TEST_F(SpendLimits, CreatesACapAndAnswersWithIt) {
    const Answer answer = post(std::string(limits), R"({"scope":{"type":"user","user_id":"ada"},"amount":"0500"})");

    const std::string id = policy::cap_id({policy::ScopeKind::user, "ada"}, policy::Period::monthly, false);
    const std::string expected = R"({"type":"spend_limit","id":")" + id +
                                 R"(","created_at":"2026-11-25T12:00:00.000Z","updated_at":"2026-11-25T12:00:00.000Z",)"
                                 R"("scope":{"type":"user","user_id":"ada"},"amount":"500","currency":"USD",)"
                                 R"("period":"monthly"})";
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(json::to_text(answer.body), expected);
    EXPECT_EQ(answer.headers.value("request-id"), "req_11111111222243338444555555555555");
    EXPECT_EQ(answer.headers.value("cache-control"), "no-store");
    EXPECT_EQ(json::to_text(get(at(id)).body), expected);
}

TEST_F(SpendLimits, ReplacesTheCapOfTheSameScopeAndPeriod) {
    const std::string id = given_cap(ada, R"("500")");
    person.clock.advance(1h);

    const std::string again = given_cap(ada, "null");

    EXPECT_EQ(again, id);
    EXPECT_EQ(list().column("amount"), Column{"null"});
    EXPECT_EQ(list().column("created_at"), Column{R"("2026-11-25T12:00:00.000Z")"});
    EXPECT_EQ(list().column("updated_at"), Column{R"("2026-11-25T13:00:00.000Z")"});
}

TEST_F(SpendLimits, KeepsOneCapPerScopeAndPeriod) {
    given_cap(ada, R"("1")");
    given_cap(ada, R"("2")", R"(,"period":"daily")");
    given_cap(engineers, R"("3")");
    given_cap(shared, R"("4")");
    given_cap(everyone, R"("5")");

    EXPECT_EQ(list().column("id").size(), 5U);
}

TEST_F(SpendLimits, KeepsATemporaryCapBesideThePermanentOneUntilItsTimeIsOver) {
    given_cap(ada, R"("100")");
    const std::string raise = given_cap(ada, R"("900")", R"(,"expires_at":"2026-11-25T18:00:00Z")");
    EXPECT_EQ(list().column("amount"), (Column{R"("100")", R"("900")"}));
    EXPECT_EQ(*json::find_string(get(at(raise)).body, "expires_at"), "2026-11-25T18:00:00.000Z");

    person.clock.advance(6h);

    EXPECT_EQ(list().column("amount"), Column{R"("100")"});
    EXPECT_EQ(get(at(raise)).status, 404);
    EXPECT_EQ(remove(at(raise)).status, 404);
    EXPECT_EQ(list("?after_id=" + raise).message(), "after_id: no spend limit with this id");
}

TEST_F(SpendLimits, MakesANewCapWhereOneExpired) {
    given_cap(ada, R"("900")", R"(,"expires_at":"2026-11-25T13:00:00Z")");
    person.clock.advance(2h);

    const std::string id = given_cap(ada, R"("800")", R"(,"expires_at":"2026-11-25T18:00:00Z")");

    EXPECT_EQ(*json::find_string(get(at(id)).body, "created_at"), "2026-11-25T14:00:00.000Z");
    EXPECT_EQ(records.trail.back().before, "");
}

TEST_F(SpendLimits, DeletesOnce) {
    const std::string id = given_cap(ada, R"("500")");

    EXPECT_EQ(json::to_text(remove(at(id)).body), R"({"type":"spend_limit_deleted","id":")" + id + R"("})");

    EXPECT_EQ(remove(at(id)).status, 404);
    EXPECT_EQ(get(at(id)).message(), "spend limit not found");
    EXPECT_TRUE(list().column("id").empty());
}

TEST_F(SpendLimits, ListsAnEmptyBookWithNullIds) {
    EXPECT_EQ(json::to_text(list().body), R"({"data":[],"has_more":false,"first_id":null,"last_id":null})");
}

class SpendLimitsList : public SpendLimits {
  protected:
    SpendLimitsList() {
        for (int user = 0; user < 5; ++user) {
            std::string scope = R"({"type":"user","user_id":"u)";
            ids.push_back(
                given_cap(scope.append(std::to_string(user)).append("\"}"), "\"" + std::to_string(user) + "\""));
            person.clock.advance(1s);
        }
    }
    /// Amounts of the page, and whether there is more in the direction of travel.
    std::pair<Column, bool> page(std::string_view query) {
        const Answer answer = list(query);
        EXPECT_EQ(answer.status, 200) << answer.message();
        return {answer.column("amount"), answer.body.at("has_more").as_bool()};
    }
    using Expected = std::pair<Column, bool>;
    std::vector<std::string> ids;
};

TEST_F(SpendLimitsList, IsInOrderOfCreation) {
    EXPECT_EQ(page(""), (Expected{{R"("0")", R"("1")", R"("2")", R"("3")", R"("4")"}, false}));
    EXPECT_EQ(*json::find_string(list().body, "first_id"), ids[0]);
    EXPECT_EQ(*json::find_string(list().body, "last_id"), ids[4]);
}

TEST_F(SpendLimitsList, IsPagedForwards) {
    EXPECT_EQ(page("?limit=2"), (Expected{{R"("0")", R"("1")"}, true}));
    EXPECT_EQ(page("?limit=2&after_id=" + ids[1]), (Expected{{R"("2")", R"("3")"}, true}));
    EXPECT_EQ(page("?limit=2&after_id=" + ids[3]), (Expected{{R"("4")"}, false}));
    EXPECT_EQ(page("?limit=2&after_id=" + ids[4]), (Expected{{}, false}));
}

TEST_F(SpendLimitsList, IsPagedBackwards) {
    EXPECT_EQ(page("?limit=2&before_id=" + ids[4]), (Expected{{R"("2")", R"("3")"}, true}));
    EXPECT_EQ(page("?limit=2&before_id=" + ids[2]), (Expected{{R"("0")", R"("1")"}, false}));
    EXPECT_EQ(page("?limit=2&before_id=" + ids[0]), (Expected{{}, false}));
}

TEST_F(SpendLimitsList, IsFilteredByScope) {
    given_cap(shared, R"("70")");
    EXPECT_EQ(page("?scope_type=group_pool"), (Expected{{R"("70")"}, false}));
    EXPECT_EQ(page("?scope_type=user&limit=4"), (Expected{{R"("0")", R"("1")", R"("2")", R"("3")"}, true}));
    EXPECT_EQ(page("?scope_type=organization"), (Expected{{}, false}));
    EXPECT_EQ(page("?scope_type=group_pool&after_id=" + ids[3]), (Expected{{R"("70")"}, false}));
}

TEST_F(SpendLimitsList, NamesTheParameterThatIsWrong) {
    EXPECT_EQ(list("?after_id=spl_x").message(), "after_id: no spend limit with this id");
    EXPECT_EQ(list("?before_id=spl_x").message(), "before_id: no spend limit with this id");
    EXPECT_EQ(list("?before_id=a&after_id=b").message(), "before_id: and after_id exclude each other");
    EXPECT_EQ(list("?scope_type=team").message(),
              "scope_type: must be one of organization, rbac_group, user, group_pool");
    EXPECT_EQ(list("?limit=0").message(), "limit: must be between 1 and 1000");
    EXPECT_EQ(list("?limit=0").status, 400);
}

TEST_F(SpendLimits, WritesDownEveryChangeWithWhatWasBefore) {
    const std::string id = given_cap(ada, R"("500")");
    person.clock.advance(1h);
    given_cap(ada, R"("900")", R"(,"reason":"release week")");
    remove(at(id));

    ASSERT_EQ(actions(), (Column{"spend_limit.upsert", "spend_limit.upsert", "spend_limit.delete"}));
    const auto& [created, replaced, deleted] = std::tie(records.trail[0], records.trail[1], records.trail[2]);
    EXPECT_EQ(created.actor, "admin-key:terraform");
    EXPECT_EQ(created.target_id, id);
    EXPECT_EQ(created.before, "");
    EXPECT_EQ(created.after, R"({"id":")" + id +
                                 R"(","created_at":"2026-11-25T12:00:00.000Z","updated_at":"2026-11-25T12:00:00.000Z",)"
                                 R"("scope":{"type":"user","user_id":"ada"},"amount":"500","currency":"USD",)"
                                 R"("period":"monthly"})");
    EXPECT_EQ(replaced.before, created.after);
    EXPECT_EQ(*json::find_string(*json::parse(replaced.after), "amount"), "900");
    EXPECT_EQ(replaced.reason, "release week");
    EXPECT_EQ(deleted.before, replaced.after);
    EXPECT_EQ(deleted.after, "");
    EXPECT_EQ(person.journal.count("admin.limit.upsert"), 2U);
    EXPECT_EQ(person.journal.count("admin.limit.delete"), 1U);
}

TEST_F(SpendLimits, WritesDownRefusedAttemptsAndStoresNothing) {
    const std::string_view body = R"({"scope":{"type":"organization"},"amount":"5"})";

    const Answer reader = post(std::string(limits), body, read_key);
    const Answer stranger = post(std::string(limits), body, "wrong");
    const Answer finance = call("POST", std::string(limits), body,
                                {{"authorization", "Bearer " + std::string(testing::SignedIn::credential)}});

    EXPECT_EQ(reader.status, 403);
    EXPECT_EQ(reader.message(), "requires write:spend_limits");
    EXPECT_EQ(stranger.status, 401);
    EXPECT_EQ(stranger.message(), "missing or invalid admin credentials");
    EXPECT_EQ(finance.status, 403);
    EXPECT_EQ(actions(), (Column{"spend_limits.denied", "spend_limits.denied"}));
    EXPECT_EQ(records.trail[1].actor, "oidc:sub-fin");
    EXPECT_TRUE(list().column("id").empty());
}

TEST_F(SpendLimits, WritesNothingDownForABodyThatIsWrong) {
    EXPECT_EQ(post(std::string(limits), "{").message(), "invalid JSON");
    EXPECT_EQ(post(std::string(limits), "[]").message(), "request body must be a JSON object");
    EXPECT_EQ(post(std::string(limits), "{}").message(), "scope: is required");
    EXPECT_TRUE(records.trail.empty());
}

TEST_F(SpendLimits, ShowsFinanceTheCaps) {
    const std::string id = given_cap(ada, R"("500")");

    EXPECT_EQ(get_as_person(std::string(limits)).column("id").size(), 1U);
    EXPECT_EQ(get_as_person(at(id)).status, 200);
    EXPECT_EQ(
        call("DELETE", at(id), "", {{"authorization", "Bearer " + std::string(testing::SignedIn::credential)}}).status,
        403);
}

class SpendLimitsOfAnAdmin : public SpendLimits {
  protected:
    SpendLimitsOfAnAdmin() : SpendLimits({"platform"}) {}
};

TEST_F(SpendLimitsOfAnAdmin, AreWrittenInTheirName) {
    const Answer answer = call("POST", std::string(limits), R"({"scope":{"type":"organization"},"amount":"5"})",
                               {{"authorization", "Bearer " + std::string(testing::SignedIn::credential)}});

    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(records.trail.at(0).actor, "oidc:sub-fin");
}

TEST_F(SpendLimits, AnswersAStoreThatIsAwayAsTheContractDoes) {
    records.set_down(true);

    const Answer answer = list();

    EXPECT_EQ(answer.status, 500);
    EXPECT_EQ(*json::find_string(answer.body.at("error"), "type"), "api_error");
    EXPECT_EQ(post(std::string(limits), R"({"scope":{"type":"organization"},"amount":"5"})").status, 500);
}

/// The write of another admin, right between our reading and our writing.
policy::RecordWrite theirs(std::string id, std::optional<std::string> amount, bool gone = false) {
    policy::Cap cap{.id = id,
                    .scope = {policy::ScopeKind::user, "ada"},
                    .amount = std::move(amount),
                    .period = policy::Period::monthly,
                    .created_at = Instant{1h},
                    .updated_at = Instant{1h},
                    .expires_at = {}};
    policy::RecordWrite write = cap_write(cap, "", "admin-key:other", "", Instant{1h});
    write.expected.reset();
    if (gone) write.document.reset();
    return write;
}

TEST_F(SpendLimits, TakesTheLastOfTwoWritersAndWritesBothDown) {
    const std::string id = policy::cap_id({policy::ScopeKind::user, "ada"}, policy::Period::monthly, false);
    contested.contests.push_back(theirs(id, "7"));

    const Answer answer = post(std::string(limits), R"({"scope":{"type":"user","user_id":"ada"},"amount":"9"})");

    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(*json::find_string(answer.body, "created_at"), "1970-01-01T01:00:00.000Z") << "it replaced theirs";
    EXPECT_EQ(list().column("amount"), Column{R"("9")"});
    ASSERT_EQ(records.trail.size(), 2U);
    EXPECT_EQ(records.trail[1].before, records.trail[0].after);
}

TEST_F(SpendLimits, DeletesWhatIsThereWhenItWasChangedMeanwhile) {
    const std::string id = given_cap(ada, R"("500")");
    contested.contests.push_back(theirs(id, "7"));

    EXPECT_EQ(remove(at(id)).status, 200);

    EXPECT_EQ(*json::find_string(*json::parse(records.trail.back().before), "amount"), "7");
    EXPECT_TRUE(list().column("id").empty());
}

TEST_F(SpendLimits, FindsNothingToDeleteWhenAnotherWasFaster) {
    const std::string id = given_cap(ada, R"("500")");
    contested.contests.push_back(theirs(id, "7", true));

    EXPECT_EQ(remove(at(id)).status, 404);
}

TEST_F(SpendLimits, FindsAPersonByAddress) {
    given_person("sub-ada", "Ada@Example.com", {});
    given_person("sub-bob", "bob@example.com", {});

    given_cap(R"({"type":"user","user_email":"ada@example.COM"})", R"("5")");

    EXPECT_EQ(list().column("scope"), Column{R"({"type":"user","user_id":"sub-ada"})"});
}

TEST_F(SpendLimits, StoresNothingForAnAddressThatIsNobodysOrSeveralPeoples) {
    given_person("sub-1", "ada@example.com", {});
    given_person("sub-2", "ada@example.com", {});
    given_person("service:ci", "ci@example.com", {});
    rollups.people.back().service = true;
    const auto put = [&](const std::string& email) {
        return post(std::string(limits), R"({"scope":{"type":"user","user_email":")" + email + R"("},"amount":"5"})");
    };

    EXPECT_EQ(put("eve@example.com").status, 400);
    EXPECT_EQ(put("eve@example.com").message(), "scope.user_email: nobody with this address was seen at work yet");
    EXPECT_EQ(put("ci@example.com").message(), "scope.user_email: nobody with this address was seen at work yet");
    EXPECT_EQ(put("ada@example.com").message(), "scope.user_email: is the address of several people: sub-1, sub-2");
    EXPECT_TRUE(list().column("id").empty());
    EXPECT_TRUE(records.trail.empty());
}

class SpendLimitsPreview : public SpendLimits {
  protected:
    SpendLimitsPreview() {
        given_person("ada", "ada@example.com", {"eng", "ops"}, "Ada");
        given_person("bob", "bob@example.com", {"eng"});
        given_person("eve", "eve@example.com", {"hr"});
        given_spend(policy::user_account("ada"), Money::cents(500), Money::cents(1));
        given_spend(policy::user_account("bob"), Money::cents(499), Money::cents(100));
    }
    /// How many it applies to, and who would be blocked.
    std::pair<std::int64_t, Column> told(const Answer& answer) {
        EXPECT_EQ(answer.status, 200) << answer.message();
        Column blocked;
        for (const auto& row : answer.body.at("would_block").as_array())
            blocked.emplace_back(json::find_string(row.at("actor"), "user_id").value_or(""));
        return {answer.body.at("applies_to").to_number<std::int64_t>(), blocked};
    }
    using Told = std::pair<std::int64_t, Column>;
};

TEST_F(SpendLimitsPreview, SaysWhomACapWouldApplyToAndBlock) {
    EXPECT_EQ(told(preview(engineers, R"("500")")), (Told{2, {"ada"}}));
    EXPECT_EQ(told(preview(engineers, R"("499")")), (Told{2, {"ada", "bob"}}));
    EXPECT_EQ(told(preview(everyone, R"("0")")), (Told{3, {"ada", "bob", "eve"}}));
    EXPECT_EQ(told(preview(everyone, "null")), (Told{3, {}}));
    EXPECT_EQ(told(preview(R"({"type":"user","user_id":"nobody"})", R"("0")")), (Told{0, {}}));
}

TEST_F(SpendLimitsPreview, CountsOnlyThoseForWhomItWouldHold) {
    given_cap(ada, R"("9000")");
    given_cap(R"({"type":"rbac_group","rbac_group_id":"hr"})", R"("1")");

    EXPECT_EQ(told(preview(everyone, R"("0")")), (Told{1, {"bob"}}));
    EXPECT_EQ(told(preview(engineers, R"("0")")), (Told{1, {"bob"}}));
}

TEST_F(SpendLimitsPreview, TakesTheOtherGroupsCapsIntoAccount) {
    given_cap(R"({"type":"rbac_group","rbac_group_id":"ops"})", R"("300")");

    EXPECT_EQ(told(preview(engineers, R"("400")")), (Told{1, {"bob"}}));
    settings->group_limit_mode = policy::GroupLimitMode::max;
    EXPECT_EQ(told(preview(engineers, R"("400")")), (Told{2, {"ada", "bob"}}));
}

TEST_F(SpendLimitsPreview, BlocksAWholeGroupWhenItsPoolIsEmpty) {
    EXPECT_EQ(told(preview(shared, R"("900")")), (Told{2, {}}));
    given_spend(policy::pool_account("eng"), Money::cents(900));
    EXPECT_EQ(told(preview(shared, R"("901")")), (Told{2, {}}));
    EXPECT_EQ(told(preview(shared, R"("900")")), (Told{2, {"ada", "bob"}}));
}

TEST_F(SpendLimitsPreview, ShowsTheFiguresAndWhatItWouldReplaceAndStoresNothing) {
    const std::string id = given_cap(engineers, R"("9000")");
    person.clock.advance(1h);

    const Answer answer = preview(engineers, R"("500")");

    EXPECT_EQ(json::to_text(answer.body),
              R"({"type":"spend_limit_preview","spend_limit":{"type":"spend_limit","id":")" + id +
                  R"(","created_at":"2026-11-25T12:00:00.000Z","updated_at":"2026-11-25T13:00:00.000Z",)"
                  R"("scope":{"type":"rbac_group","rbac_group_id":"eng"},"amount":"500","currency":"USD",)"
                  R"("period":"monthly"},"replaces":{"type":"spend_limit","id":")" +
                  id +
                  R"(","created_at":"2026-11-25T12:00:00.000Z","updated_at":"2026-11-25T12:00:00.000Z",)"
                  R"("scope":{"type":"rbac_group","rbac_group_id":"eng"},"amount":"9000","currency":"USD",)"
                  R"("period":"monthly"},"known_people":3,"applies_to":2,"would_block":[{"actor":)"
                  R"({"type":"user_actor","user_id":"ada","name":"Ada","email_address":"ada@example.com",)"
                  R"("deleted":false},"period_to_date_spend":"500","held":"1"}]})");
    EXPECT_EQ(list().column("amount"), Column{R"("9000")"});
    EXPECT_EQ(records.trail.size(), 1U);
}

TEST_F(SpendLimitsPreview, ReadsTheBodyAsTheRealOneDoesAndIsNotForFinance) {
    EXPECT_EQ(preview(ada, "5").message(), "amount: must be null or a string of 1 to 18 digits, in whole cents");
    EXPECT_EQ(told(preview(R"({"type":"user","user_email":"bob@example.com"})", R"("1")")), (Told{1, {"bob"}}));
    EXPECT_EQ(preview(R"({"type":"user","user_email":"zoe@example.com"})", R"("1")").status, 400);
    EXPECT_EQ(call("POST", std::string(limits) + "/preview", "{}",
                   {{"authorization", "Bearer " + std::string(testing::SignedIn::credential)}})
                  .status,
              403);
}

TEST_F(SpendLimitsPreview, FailsWhenSpendCannotBeRead) {
    ledger_down = true;
    EXPECT_EQ(preview(everyone, R"("0")").status, 500);
}

}  // namespace
}  // namespace gatehouse::admin

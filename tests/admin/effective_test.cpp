// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/effective.h"

#include "gateway/admin/spend_limits.h"
#include "tests/admin/admin_world.h"

namespace gatehouse::admin {
namespace {

using namespace std::chrono_literals;
using Column = std::vector<std::string>;

class Effective : public AdminWorld {
  protected:
    Effective() {
        caps.mount(router);
        route.mount(router);
        given_person("cid", "cid@x.org", {"ops"}, "Cid Ops");
        given_person("ada", "ada@x.org", {"eng", "ops"}, "Ada");
        given_person("bob", "", {"eng"});
        given_person("idle", "idle@x.org", {"eng"});
        given_spend(policy::user_account("ada"), Money::nano(11'000'000));
        given_spend(policy::user_account("bob"), Money::cents(30), Money::cents(2));
        given_spend(policy::user_account("cid"), Money::cents(20));
    }

    Answer effective(std::string_view query = "") {
        return get(std::string(limits).append("/effective").append(query));
    }
    /// The people on a page, one row each.
    Column people(const Answer& answer) {
        EXPECT_EQ(answer.status, 200) << answer.message();
        Column ids;
        for (const std::string& id : answer.column("/actor/user_id"))
            if (ids.empty() || ids.back() != id) ids.push_back(id);
        return ids;
    }
    Column people(std::string_view query) { return people(effective(query)); }
    std::string next_page(const Answer& answer) {
        const auto* token = json::find(answer.body, "next_page");
        return token == nullptr || token->is_null() ? "" : std::string(token->as_string());
    }

    SpendLimitsRoute caps{{.gate = gate,
                           .records = records,
                           .rollups = rollups,
                           .standings = ledger(),
                           .settings = current_settings(),
                           .journal = person.journal,
                           .clock = person.clock}};
    EffectiveRoute route{{.gate = gate,
                          .records = records,
                          .rollups = rollups,
                          .standings = ledger(),
                          .settings = current_settings(),
                          .clock = person.clock}};
};

TEST_F(Effective, ShowsARowAsTheContractDoesWithWhatIsHeldBesideIt) {
    const std::string id = given_cap(R"({"type":"rbac_group","rbac_group_id":"eng"})", R"("700")");

    EXPECT_EQ(
        json::to_text(effective("?user_ids[]=ada&period[]=monthly").body),
        R"({"data":[{"scope":{"type":"user","user_id":"ada"},"kind":"person","groups":["eng","ops"],)"
        R"("actor":{"type":"user_actor","user_id":"ada","name":"Ada","email_address":"ada@x.org","deleted":false},)"
        R"("amount":"700","currency":"USD","period":"monthly",)"
        R"("source":{"type":"rbac_group","rbac_group_id":"eng"},"spend_limit_id":")" +
            id + R"(","period_to_date_spend":"1.1","held":"0"}],"next_page":null})");
    EXPECT_EQ(json::to_text(effective("?user_ids[]=bob&period[]=daily").body),
              R"({"data":[{"scope":{"type":"user","user_id":"bob"},"kind":"person","groups":["eng"],)"
              R"("actor":{"type":"user_actor","user_id":"bob","name":null,"email_address":null,"deleted":false},)"
              R"("amount":null,"currency":"USD","period":"daily","source":null,"spend_limit_id":null,)"
              R"("period_to_date_spend":"30","held":"2"}],"next_page":null})");
}

TEST_F(Effective, ListsThoseWithSpendByIdAndPeriod) {
    const Answer answer = effective();

    EXPECT_EQ(people(answer), (Column{R"("ada")", R"("bob")", R"("cid")"}));
    EXPECT_EQ(answer.column("period"), (Column{R"("daily")", R"("weekly")", R"("monthly")", R"("daily")", R"("weekly")",
                                               R"("monthly")", R"("daily")", R"("weekly")", R"("monthly")"}));
    EXPECT_EQ(next_page(answer), "");
}

TEST_F(Effective, ListsWhoHasOnlyHeldMoneyAndOnlyForThePeriodsAskedFor) {
    standings.clear();
    standings[{policy::user_account("idle"), policy::Period::weekly}] = {Money(), Money::nano(1)};

    EXPECT_EQ(people(""), Column{R"("idle")"});
    EXPECT_TRUE(people("?period[]=daily").empty());
}

TEST_F(Effective, ShowsPeriodsInTheOrderAskedForOnceEach) {
    EXPECT_EQ(effective("?user_ids[]=ada&period[]=monthly&period[]=daily&period[]=monthly").column("period"),
              (Column{R"("monthly")", R"("daily")"}));
    EXPECT_EQ(effective("?user_ids[]=ada&period=daily").column("period").size(), 3U) << "without brackets: ignored";
}

TEST_F(Effective, ShowsThoseAskedForInThatOrderKnownOrNot) {
    const Answer answer =
        effective("?user_ids[]=zoe&user_ids[]=idle&user_ids[]=ada&user_ids[]=zoe&period[]=daily&limit=1");

    EXPECT_EQ(people(answer), (Column{R"("zoe")", R"("idle")", R"("ada")"}));
    EXPECT_EQ(answer.column("period_to_date_spend"), (Column{R"("0")", R"("0")", R"("1.1")"}));
    EXPECT_EQ(people("?user_ids=zoe"), people("")) << "without brackets: ignored";
}

TEST_F(Effective, ResolvesGroupCapsByTheirLastSeenGroupsAndTheMode) {
    given_cap(R"({"type":"rbac_group","rbac_group_id":"eng"})", R"("700")");
    given_cap(R"({"type":"rbac_group","rbac_group_id":"ops"})", R"("900")");
    EXPECT_EQ(effective("?period[]=monthly").column("amount"), (Column{R"("700")", R"("700")", R"("900")"}));

    settings->group_limit_mode = policy::GroupLimitMode::max;
    EXPECT_EQ(effective("?period[]=monthly").column("amount"), (Column{R"("900")", R"("700")", R"("900")"}));
}

TEST_F(Effective, NamesAnUnlimitedCapAsTheSource) {
    given_cap(R"({"type":"organization"})", R"("5")");
    const std::string id = given_cap(R"({"type":"user","user_id":"ada"})", "null");

    const Answer answer = effective("?user_ids[]=ada&user_ids[]=bob&period[]=monthly");

    EXPECT_EQ(answer.column("amount"), (Column{"null", R"("5")"}));
    EXPECT_EQ(answer.column("source"), (Column{R"({"type":"user","user_id":"ada"})", R"({"type":"organization"})"}));
    EXPECT_EQ(answer.column("spend_limit_id")[0], "\"" + id + "\"");
}

TEST_F(Effective, SaysUntilWhenATemporaryCapHolds) {
    given_cap(R"({"type":"user","user_id":"ada"})", R"("5")", R"(,"expires_at":"2026-11-26T00:00:00Z")");
    const auto row = effective("?user_ids[]=ada&period[]=monthly").body.at("data").at(0);
    EXPECT_EQ(*json::find_string(row, "expires_at"), "2026-11-26T00:00:00.000Z");
}

TEST_F(Effective, ShowsAServiceKeyAsOne) {
    given_person("service:ci", "owner@x.org", {"eng"}, "CI");
    rollups.people.back().service = true;
    EXPECT_EQ(effective("?user_ids[]=service:ci&period[]=daily").column("kind"), Column{R"("service")"});
}

TEST_F(Effective, IsSearchedByIdAddressAndNameInAnyCase) {
    EXPECT_EQ(people("?q=OPS"), Column{R"("cid")"});
    EXPECT_EQ(people("?q=X.org"), (Column{R"("ada")", R"("cid")"}));
    EXPECT_EQ(people("?q=bo"), Column{R"("bob")"});
    EXPECT_EQ(people("?q=zzz"), Column{});
    EXPECT_EQ(people("?q=ada&user_ids[]=ada&user_ids[]=bob"), Column{R"("ada")"});
}

TEST_F(Effective, IsPagedByPeople) {
    const Answer first = effective("?limit=2");
    EXPECT_EQ(people(first), (Column{R"("ada")", R"("bob")"}));
    EXPECT_EQ(first.column("period").size(), 6U);
    given_person("aaa", "", {});  // somebody before the cursor does not shift the next page
    given_spend(policy::user_account("aaa"), Money::cents(1));

    const Answer second = effective("?limit=2&page=" + next_page(first));
    EXPECT_EQ(people(second), Column{R"("cid")"});
    EXPECT_EQ(next_page(second), "");
}

TEST_F(Effective, ListsTopSpendersFirstOverSeveralPages) {
    given_spend(policy::user_account("idle"), Money::cents(20));  // as much as cid
    std::string page;
    Column seen;
    for (int count = 0; count < 4; ++count) {
        const Answer answer = effective("?period[]=weekly&sort=spend_desc&limit=1" + page);
        ASSERT_EQ(people(answer).size(), 1U);
        seen.push_back(people(answer)[0]);
        page = "&page=" + next_page(answer);
    }
    EXPECT_EQ(seen, (Column{R"("bob")", R"("cid")", R"("idle")", R"("ada")"}));
    EXPECT_EQ(page, "&page=");
    EXPECT_EQ(people("?period[]=weekly&sort=spend_desc&user_ids[]=ada&user_ids[]=bob"),
              (Column{R"("bob")", R"("ada")"}));
}

TEST_F(Effective, ReadsNoMoreSpendThanItsPageNeeds) {
    for (int count = 0; count < 1'000; ++count) {
        given_person("u" + std::to_string(count), "", {});
        given_spend(policy::user_account("u" + std::to_string(count)), Money::cents(1));
    }
    standings_asked = 0;

    EXPECT_EQ(people("?limit=1&period[]=daily").size(), 1U);
    EXPECT_LE(standings_asked, 200);
    EXPECT_EQ(people("?limit=1000&period[]=daily").size(), 1'000U);
    EXPECT_EQ(people("?limit=1000&period[]=daily&sort=spend_desc").size(), 1'000U);
}

TEST_F(Effective, NamesTheParameterThatIsWrong) {
    const std::string by_id = next_page(effective("?limit=1"));
    const std::string by_spend = next_page(effective("?limit=1&period[]=daily&sort=spend_desc"));
    for (const auto& [query, message] : std::vector<std::pair<std::string, std::string>>{
             {"?period[]=yearly", "period[]: must be one of daily, weekly, monthly"},
             {"?sort=name", "sort: must be spend_desc"},
             {"?sort=spend_desc", "sort: spend_desc needs exactly one period[]"},
             {"?sort=spend_desc&period[]=daily&period[]=weekly", "sort: spend_desc needs exactly one period[]"},
             {"?limit=1001", "limit: must be between 1 and 1000"},
             {"?page=zzz", "page: is not a page of this list"},
             {"?page=" + by_spend, "page: is not a page of this list"},
             {"?period[]=daily&sort=spend_desc&page=" + by_id, "page: is not a page of this list"},
             {"?q=a&q=b", "q: must be given once"}}) {
        const Answer answer = effective(query);
        EXPECT_EQ(answer.status, 400) << query;
        EXPECT_EQ(answer.message(), message);
    }
}

TEST_F(Effective, IsForFinance) {
    EXPECT_EQ(get_as_person(std::string(limits) + "/effective").status, 200);
    EXPECT_EQ(get(std::string(limits) + "/effective", "wrong").status, 401);
}

TEST_F(Effective, FailsWhenTheStoreIsAway) {
    ledger_down = true;
    EXPECT_EQ(effective().status, 500);
    ledger_down = false;
    rollups.set_down(true);
    EXPECT_EQ(effective().status, 500);
}

TEST_F(Effective, ShowsHowPoolsStand) {
    given_cap(R"({"type":"group_pool","rbac_group_id":"eng"})", R"("700")");
    const std::string raise = given_cap(R"({"type":"group_pool","rbac_group_id":"eng"})", R"("900")",
                                        R"(,"expires_at":"2026-11-26T00:00:00Z")");
    given_cap(R"({"type":"rbac_group","rbac_group_id":"eng"})", R"("1")");
    given_spend(policy::pool_account("eng"), Money::cents(50), Money::cents(4));

    EXPECT_EQ(json::to_text(get_as_person(std::string(limits) + "/pools").body),
              R"({"data":[{"amount":"900","currency":"USD","period":"monthly",)"
              R"("source":{"type":"group_pool","rbac_group_id":"eng"},"spend_limit_id":")" +
                  raise + R"(","expires_at":"2026-11-26T00:00:00.000Z","period_to_date_spend":"50","held":"4"}]})");
}

}  // namespace
}  // namespace gatehouse::admin

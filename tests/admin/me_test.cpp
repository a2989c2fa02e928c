// SPDX-License-Identifier: Apache-2.0
// What somebody is told about themselves: their role, their policy and why it is theirs, their caps, their use.
#include "gateway/admin/me.h"

#include "tests/admin/my_world.h"

namespace gatehouse::admin {
namespace {

using std::chrono::hours;
using Column = std::vector<std::string>;

class MeTest : public MyWorld {
  protected:
    MeTest() {
        given_policies({});
        route.mount(router);
    }

    void given_policies(std::vector<policy::PolicySpec> policies) {
        policy::RulesSpec spec;
        spec.upstreams = {{"anthropic", "anthropic"}};
        spec.auto_include_builtin_models = false;
        spec.models = {{.id = "house",
                        .label = "The house's own",
                        .description = "For everything",
                        .upstream_model = {{"anthropic", "house-1"}}}};
        spec.policies = std::move(policies);
        auto made = policy::Rules::make(std::move(spec));
        if (made)
            rules = *made;
        else
            ADD_FAILURE() << made.error().front().path << ": " << made.error().front().message;
    }
    static policy::PolicySpec policy_for(std::vector<std::string> groups, std::string domain) {
        return {.groups = std::move(groups), .email_domain = std::move(domain), .cli = {}};
    }
    void given_caps(std::vector<policy::Cap> caps) {
        for (std::size_t at = 0; at < caps.size(); ++at)
            caps[at].id = "spl_" + std::to_string(at);
        book = std::make_shared<const policy::CapBook>(std::move(caps));
    }
    static policy::Cap cap(policy::ScopeKind kind, std::string id, std::string cents,
                           policy::Period period = policy::Period::monthly) {
        return {.id = {}, .scope = {kind, std::move(id)}, .amount = std::move(cents), .period = period};
    }
    void given_use(const std::string& user, Instant when, std::string model, std::string project, Money cost) {
        policy::Charge charge;
        charge.when = when;
        charge.who.user = user;
        charge.who.model = std::move(model);
        charge.who.project = std::move(project);
        charge.session = "s";
        charge.usage = {.input = 10, .output = 5, .cache_read = 100};
        charge.cost = cost;
        rollups.add(charge);
    }
    /// Members of each row of the answer's list, as JSON text.
    static Column rows(const Answer& answer, std::string_view list, std::string_view member) {
        Column found;
        for (const auto& row : answer.body.at(list).as_array())
            found.push_back(json::to_text(*json::find(row, member)));
        return found;
    }
    std::string reason() { return browse("GET", "/v1/me").text("/policy/reason"); }

    policy::RulesPtr rules;
    policy::CapBookPtr book = std::make_shared<const policy::CapBook>(std::vector<policy::Cap>{});
    MeRoute route{{.gate = browsed,
                   .rollups = rollups,
                   .standings = ledger(),
                   .rules = [this] { return rules; },
                   .caps = [this] { return CapsInForce{book}; },
                   .settings = current_settings(),
                   .origin = "https://gateway.example.com",
                   .version = "1.2.3",
                   .sample = [] { return true; },
                   .clock = person.clock}};
};

TEST_F(MeTest, SaysWhoAsksAndWithWhat) {
    const Answer by_browser = browse("GET", "/v1/me");

    EXPECT_EQ(by_browser.text("user"),
              R"({"id":"sub-fin","email":"fin@example.com","name":"Fin","groups":["engineering"]})");
    EXPECT_EQ(by_browser.text("credential"), R"({"kind":"browser","id":"here"})");
    EXPECT_EQ(by_browser.text("gateway"),
              R"({"origin":"https://gateway.example.com","version":"1.2.3","sample":true})");
    EXPECT_EQ(by_browser.text("as_of"), R"("2026-11-25T12:00:00.000Z")");
    EXPECT_EQ(by_browser.headers.value("cache-control"), "no-store");
    EXPECT_EQ(ask("GET", "/v1/me").text("/credential/id"), R"("key-1")");
}

TEST_F(MeTest, IsForWhoeverIsSignedInAndForNobodyElse) {
    EXPECT_EQ(call("GET", "/v1/me", "", {}).status, 401);
    EXPECT_EQ(call("GET", "/v1/me/usage", "", {}).status, 401);
    EXPECT_EQ(get("/v1/me").status, 401) << "a key of the configuration is nobody";
    EXPECT_EQ(person.journal.count("auth.denied"), 3U);
}

TEST_F(MeTest, NamesTheRoleThatTheirGroupsGive) {
    EXPECT_EQ(browse("GET", "/v1/me").text("role"), R"("developer")");
    here.person.groups = {"finance"};
    EXPECT_EQ(browse("GET", "/v1/me").text("role"), R"("finance")");
    here.person.groups = {"finance", "platform"};
    EXPECT_EQ(browse("GET", "/v1/me").text("role"), R"("admin")");
}

TEST_F(MeTest, SaysWhyAPolicyIsTheirs) {
    EXPECT_EQ(reason(), R"("No policy names you or your groups, so nothing is restricted.")");
    given_policies({policy_for({"engineering"}, "example.com")});
    EXPECT_EQ(reason(), R"("Because you are in the group engineering and your address is at example.com.")");
    given_policies({policy_for({"engineering"}, "")});
    EXPECT_EQ(reason(), R"("Because you are in the group engineering.")");
    given_policies({policy_for({}, "example.com")});
    EXPECT_EQ(reason(), R"("Because your address is at example.com.")");
    given_policies({policy_for({"others"}, ""), policy_for({}, "")});
    EXPECT_EQ(reason(), R"("Because this policy holds for everyone.")");
}

TEST_F(MeTest, ListsTheModelsOfTheirPolicy) {
    given_policies({policy_for({}, "")});
    EXPECT_EQ(browse("GET", "/v1/me").text("models"),
              R"([{"id":"house","display_name":"The house's own","description":"For everything"}])");
    EXPECT_EQ(browse("GET", "/v1/me").text("/policy/restricts_models"), "false");

    auto none = policy_for({"engineering"}, "");
    none.cli = json::parse(R"({"availableModels":[]})")->as_object();
    given_policies({std::move(none)});

    EXPECT_EQ(browse("GET", "/v1/me").text("models"), "[]");
    EXPECT_EQ(browse("GET", "/v1/me").text("/policy/restricts_models"), "true");
    EXPECT_EQ(browse("GET", "/v1/me").text("/policy/group"), R"("engineering")");
}

TEST_F(MeTest, ShowsEveryPeriodAndThePoolsOfTheirGroupsOnce) {
    here.person.groups = {"engineering", "engineering", "others"};
    given_caps({cap(policy::ScopeKind::organization, "", "5000"),
                cap(policy::ScopeKind::group_pool, "engineering", "90000", policy::Period::weekly),
                cap(policy::ScopeKind::group_pool, "strangers", "1")});
    given_spend(policy::user_account("sub-fin"), Money::cents(1250), Money::cents(3));
    given_spend(policy::pool_account("engineering"), Money::cents(90'000));

    const Answer me = browse("GET", "/v1/me");

    EXPECT_EQ(rows(me, "caps", "period"), (Column{R"("daily")", R"("weekly")", R"("monthly")", R"("weekly")"}));
    EXPECT_EQ(rows(me, "caps", "amount"), (Column{"null", "null", R"("5000")", R"("90000")"}));
    EXPECT_EQ(rows(me, "caps", "period_to_date_spend"), (Column{R"("1250")", R"("1250")", R"("1250")", R"("90000")"}));
    EXPECT_EQ(rows(me, "caps", "held"), (Column{R"("3")", R"("3")", R"("3")", R"("0")"}));
    EXPECT_EQ(rows(me, "caps", "reached"), (Column{"false", "false", "false", "true"}));
    EXPECT_EQ(rows(me, "caps", "resets_at")[2], R"("2026-12-01T00:00:00.000Z")");
    EXPECT_EQ(rows(me, "caps", "source")[3], R"({"type":"group_pool","rbac_group_id":"engineering"})");
}

TEST_F(MeTest, FailsWhileNobodyKnowsWhatWasSpent) {
    ledger_down = true;
    EXPECT_EQ(browse("GET", "/v1/me").status, 500);
    rollups.set_down(true);
    EXPECT_EQ(browse("GET", "/v1/me/usage").status, 500);
}

TEST_F(MeTest, SumsTheirOwnUseByDayAndModel) {
    given_use("sub-fin", noon, "opus", "web", Money::cents(10));
    given_use("sub-fin", noon - hours(1), "opus", "api", Money::cents(5));
    given_use("sub-fin", noon - hours(24), "haiku", "", Money::nano(1));
    given_use("sub-ada", noon, "opus", "web", Money::cents(700));

    const Answer use = browse("GET", "/v1/me/usage?days=2");

    EXPECT_EQ(use.text("starting_at"), R"("2026-11-24T00:00:00.000Z")");
    EXPECT_EQ(use.text("ending_at"), R"("2026-11-26T00:00:00.000Z")");
    EXPECT_EQ(use.text("total"),
              R"({"amount":"15.0000001","cost_nano":"150000001","requests":3,"input_tokens":330,"output_tokens":15})");
    EXPECT_EQ(rows(use, "days", "date"), (Column{R"("2026-11-24")", R"("2026-11-25")"}));
    EXPECT_EQ(rows(use, "days", "model"), (Column{R"("haiku")", R"("opus")"}));
    EXPECT_EQ(rows(use, "days", "requests"), (Column{"1", "2"}));
    EXPECT_EQ(browse("GET", "/v1/me/usage?days=1").text("/total/requests"), "2");
}

TEST_F(MeTest, SumsTheirOwnUseByProject) {
    given_use("sub-fin", noon, "opus", "web", Money::cents(10));
    given_use("sub-fin", noon - hours(48), "haiku", "web", Money::cents(5));
    given_use("sub-fin", noon, "opus", "", Money::cents(2));
    given_use("sub-fin", noon - hours(24 * 25), "opus", "too old", Money::cents(1));
    given_use("sub-ada", noon, "opus", "hers", Money::cents(700));

    const Answer use = browse("GET", "/v1/me/usage?days=3");

    EXPECT_EQ(rows(use, "projects", "project"), (Column{"null", R"("web")"}));
    EXPECT_EQ(rows(use, "projects", "amount"), (Column{R"("2")", R"("15")"}));
}

TEST_F(MeTest, NamesTheParameterThatIsWrong) {
    for (const char* odd : {"0", "61", "-1", "many", ""})
        EXPECT_EQ(browse("GET", std::string("/v1/me/usage?days=") + odd).status, 400) << odd;
    EXPECT_NE(browse("GET", "/v1/me/usage?days=61").message().find("days"), std::string::npos);
    EXPECT_EQ(browse("GET", "/v1/me/usage?from=2026-01-01").status, 400);
    EXPECT_EQ(browse("GET", "/v1/me/usage").text("starting_at"), R"("2026-10-27T00:00:00.000Z")") << "30 days";
}

}  // namespace
}  // namespace gatehouse::admin

// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/explain.h"

#include "auth/service_key.h"
#include "gateway/admin/spend_limits.h"
#include "tests/admin/admin_world.h"

namespace gatehouse::admin {
namespace {

using namespace std::chrono_literals;
using Column = std::vector<std::string>;

class Explain : public AdminWorld {
  protected:
    Explain() {
        caps.mount(router);
        route.mount(router);
        given_person("ada", "ada@x.org", {"eng", "ops"}, "Ada");
        policy::RulesSpec spec;
        spec.upstreams = {{"anthropic", "anthropic"}, {"backup", "anthropic"}};
        spec.auto_include_builtin_models = false;
        spec.models = {{.id = "claude-haiku-4-5",
                        .label = {},
                        .description = {},
                        .upstream_model = {{"anthropic", "claude-haiku-4-5"}}},
                       {.id = "house", .label = {}, .description = {}, .upstream_model = {{"backup", "house-1"}}}};
        spec.policies = {{.groups = {"ops", "sre"},
                          .email_domain = {},
                          .cli = json::parse(R"({"availableModels":["house"]})")->as_object(),
                          .limits = json::parse(R"({"user":{"requests_per_minute":60,"tokens_per_minute":5000,)"
                                                R"("concurrent_requests":4,"dollars_per_minute":2}})")
                                        ->as_object()},
                         {.groups = {}, .email_domain = "x.org", .cli = {}}};
        auto made = policy::Rules::make(std::move(spec));
        if (made)
            rules = *made;
        else
            ADD_FAILURE() << made.error().front().path << ": " << made.error().front().message;
    }

    Answer explain(std::string_view query) { return get(std::string("/v1/organizations/explain").append(query)); }
    boost::json::value about(std::string_view query) {
        const Answer answer = explain(query);
        EXPECT_EQ(answer.status, 200) << answer.message();
        return answer.body;
    }
    std::string text_of(std::string_view query, std::string_view member) { return explain(query).text(member); }

    policy::RulesPtr rules;
    policy::Reading reading;
    std::vector<policy::Gauge> asked;
    SpendLimitsRoute caps{{.gate = gate,
                           .records = records,
                           .rollups = rollups,
                           .standings = ledger(),
                           .settings = current_settings(),
                           .journal = person.journal,
                           .clock = person.clock}};
    ExplainRoute route{
        {.gate = gate,
         .records = records,
         .rollups = rollups,
         .standings = ledger(),
         .readings = [this](std::vector<policy::Gauge> gauges, Instant) -> Task<std::vector<policy::Reading>> {
             asked = gauges;
             co_return std::vector<policy::Reading>(gauges.size(), reading);
         },
         .rules = [this] { return rules; },
         .settings = current_settings(),
         .clock = person.clock}};
};

TEST_F(Explain, SaysWhoTheyAre) {
    const auto body = about("?user=ada");

    EXPECT_EQ(*json::find_string(body, "type"), "explanation");
    EXPECT_EQ(json::to_text(body.at("actor")),
              R"({"type":"user_actor","user_id":"ada","name":"Ada","email_address":"ada@x.org","deleted":false})");
    EXPECT_EQ(json::to_text(body.at("groups")), R"(["eng","ops"])");
    EXPECT_EQ(*json::find_string(body, "last_seen_at"), "2026-11-25T11:00:00.000Z");
}

TEST_F(Explain, FindsThemByAddressToo) {
    EXPECT_EQ(text_of("?user=ADA%40x.org", "/actor/user_id"), R"("ada")");
    EXPECT_EQ(explain("?user=eve").message(), "user: nobody with this id was seen at work yet");
    EXPECT_EQ(explain("?user=eve@x.org").message(), "user: nobody with this address was seen at work yet");
    EXPECT_EQ(explain("").message(), "user: is required: a user id or an e-mail address");
    EXPECT_EQ(explain("").status, 400);
}

TEST_F(Explain, SaysWhichPolicyMatchedAndWhatItOffers) {
    EXPECT_EQ(text_of("?user=ada", "policy"),
              R"({"name":"policies[0]: ops, sre","matched":{"group":"ops"},"limits":{"user":{"requests_per_minute":60,)"
              R"("tokens_per_minute":5000,"concurrent_requests":4,"dollars_per_minute":2}}})");
    EXPECT_EQ(text_of("?user=ada", "models"), R"(["house"])");
    EXPECT_EQ(text_of("?user=ada", "model"), "null");

    given_person("bob", "bob@x.org", {});
    EXPECT_EQ(text_of("?user=bob", "policy"),
              R"({"name":"policies[1]: @x.org","matched":{"email_domain":"x.org"},"limits":{}})");
    EXPECT_EQ(text_of("?user=bob", "models"), R"(["claude-haiku-4-5","house"])");

    given_person("zoe", "zoe@y.org", {});
    EXPECT_EQ(text_of("?user=zoe", "policy"), "null");
}

TEST_F(Explain, TellsOfAModelWhatARequestWouldBeTold) {
    EXPECT_EQ(
        text_of("?user=ada&model=house", "model"),
        R"({"asked":"house","allowed":true,"model":"house","upstreams":[{"upstream":"backup","model":"house-1"}]})");
    EXPECT_EQ(text_of("?user=ada&model=claude-haiku-4-5", "model"),
              R"({"asked":"claude-haiku-4-5","allowed":false,"reason":"model_not_in_policy",)"
              R"("message":"model claude-haiku-4-5 is not in your role's availableModels allowlist"})");
}

TEST_F(Explain, ShowsTheCapThatHoldsAndWhyTheOthersDoNot) {
    const std::string everyone = given_cap(R"({"type":"organization"})", R"("100")");
    const std::string eng = given_cap(R"({"type":"rbac_group","rbac_group_id":"eng"})", R"("700")");
    const std::string ops = given_cap(R"({"type":"rbac_group","rbac_group_id":"ops"})", R"("900")");
    const std::string old =
        given_cap(R"({"type":"user","user_id":"ada"})", R"("5")", R"(,"expires_at":"2026-11-25T12:30:00Z")");
    person.clock.advance(1h);
    given_spend(policy::user_account("ada"), Money::cents(12), Money::cents(3));

    const auto row = about("?user=ada").at("caps").at(2);

    EXPECT_EQ(*json::find_string(row, "period"), "monthly");
    EXPECT_EQ(*json::find_string(row, "amount"), "700");
    EXPECT_EQ(*json::find_string(row, "spend_limit_id"), eng);
    EXPECT_EQ(*json::find_string(row, "period_to_date_spend"), "12");
    EXPECT_EQ(*json::find_string(row, "held"), "3");
    EXPECT_EQ(*json::find_string(row, "resets_at"), "2026-12-01T00:00:00.000Z");
    EXPECT_FALSE(row.at("reached").as_bool());
    std::vector<std::pair<std::string, std::string>> lost;
    for (const auto& each : row.at("lost").as_array())
        lost.emplace_back(each.at("spend_limit").at("id").as_string(), each.at("outcome").as_string());
    EXPECT_EQ(lost, (std::vector<std::pair<std::string, std::string>>{
                        {old, "expired"}, {ops, "another_group"}, {everyone, "nearer_scope"}}));
    EXPECT_EQ(*json::find_string(row.at("lost").at(1), "why"),
              "another group's cap is not greater, and admin.group_limit_mode is min");
}

TEST_F(Explain, ShowsPeriodsWithoutACapToo) {
    EXPECT_EQ(text_of("?user=ada", "caps"),
              R"([{"amount":null,"currency":"USD","period":"daily","source":null,"spend_limit_id":null,)"
              R"("period_to_date_spend":"0","held":"0","resets_at":"2026-11-26T00:00:00.000Z","lost":[]},)"
              R"({"amount":null,"currency":"USD","period":"weekly","source":null,"spend_limit_id":null,)"
              R"("period_to_date_spend":"0","held":"0","resets_at":"2026-11-30T00:00:00.000Z","lost":[]},)"
              R"({"amount":null,"currency":"USD","period":"monthly","source":null,"spend_limit_id":null,)"
              R"("period_to_date_spend":"0","held":"0","resets_at":"2026-12-01T00:00:00.000Z","lost":[]}])");
    EXPECT_EQ(text_of("?user=ada", "pools"), "[]");
    EXPECT_EQ(text_of("?user=ada", "now"), R"({"state":"allowed"})");
}

TEST_F(Explain, ShowsThePoolsOfTheirGroups) {
    const std::string id =
        given_cap(R"({"type":"group_pool","rbac_group_id":"ops"})", R"("40")", R"(,"period":"daily")");
    given_cap(R"({"type":"group_pool","rbac_group_id":"hr"})", R"("1")");
    given_spend(policy::pool_account("ops"), Money::cents(41), Money::cents(2));

    EXPECT_EQ(
        text_of("?user=ada", "pools"),
        R"([{"amount":"40","currency":"USD","period":"daily","source":{"type":"group_pool","rbac_group_id":"ops"},)"
        R"("spend_limit_id":")" +
            id + R"(","period_to_date_spend":"41","held":"2","resets_at":"2026-11-26T00:00:00.000Z","reached":true}])");
    EXPECT_EQ(text_of("?user=ada", "now"),
              R"({"state":"blocked","spend_limit_id":")" + id + R"(","until":"2026-11-26T00:00:00.000Z",)" +
                  R"("message":"spend limit reached · daily budget of your group resets Nov 26 00:00 UTC"})");
}

TEST_F(Explain, NamesTheReachedCapThatResetsLast) {
    given_cap(R"({"type":"organization"})", R"("10")", R"(,"period":"daily")");
    const std::string weekly = given_cap(R"({"type":"organization"})", R"("10")", R"(,"period":"weekly")");
    given_cap(R"({"type":"organization"})", R"("11")");
    given_spend(policy::user_account("ada"), Money::cents(10));
    settings->blocked_message = "ask Fin";

    EXPECT_EQ(text_of("?user=ada", "now"),
              R"({"state":"blocked","spend_limit_id":")" + weekly + R"(","until":"2026-11-30T00:00:00.000Z",)" +
                  R"("message":"spend limit reached · weekly cap resets Nov 30 00:00 UTC · ask Fin"})");
}

TEST_F(Explain, GivesNoEndToACapOfNothing) {
    const std::string id = given_cap(R"({"type":"user","user_id":"ada"})", R"("0")");
    EXPECT_EQ(text_of("?user=ada", "now"),
              R"({"state":"blocked","spend_limit_id":")" + id + R"(","until":null,"message":"spend limit reached"})");
}

TEST_F(Explain, SaysThatRequestsUnderWayHoldTheRest) {
    const std::string id = given_cap(R"({"type":"user","user_id":"ada"})", R"("10")");
    given_spend(policy::user_account("ada"), Money::cents(7), Money::cents(2));
    EXPECT_EQ(text_of("?user=ada", "/now/state"), R"("allowed")");

    given_spend(policy::user_account("ada"), Money::cents(7), Money::cents(3));

    EXPECT_EQ(text_of("?user=ada", "/now/state"), R"("held")");
    EXPECT_EQ(text_of("?user=ada", "/now/spend_limit_id"), "\"" + id + "\"");
    EXPECT_EQ(
        text_of("?user=ada", "/now/message"),
        R"("what is left of your spend limit is set aside for requests that are under way: try again when one has ended")");
}

TEST_F(Explain, ShowsHowMuchOfTheirMinuteIsUsedUp) {
    reading = {{.requests = 11.2, .tokens = 1'234, .nano = 505'000'000}, 2};

    EXPECT_EQ(text_of("?user=ada", "/rates"),
              R"({"scope":"user","requests_per_minute":{"limit":60,"used":12},)"
              R"("tokens_per_minute":{"limit":5000,"used":1234},)"
              R"("cost_per_minute":{"limit":"200","used":"50.5"},"concurrent_requests":{"limit":4,"used":2}})");
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0].name, "u:3:ada:") << "the gauge that their requests are counted on";
    EXPECT_EQ(text_of("?user=ada", "/now/state"), R"("allowed")");
}

TEST_F(Explain, SaysThatTheyGoTooFast) {
    reading = {{.tokens = 6'000}, 1};

    EXPECT_EQ(text_of("?user=ada", "/now"),
              R"({"state":"slowed","retry_after_seconds":12,)"
              R"("message":"rate limit reached: 5000 tokens per minute for you · try again in 12 seconds"})");
    given_cap(R"({"type":"user","user_id":"ada"})", R"("0")");
    EXPECT_EQ(text_of("?user=ada", "/now/state"), R"("blocked")") << "money comes first";
}

TEST_F(Explain, ShowsWhatBoundsAServiceKeyByItself) {
    auth::ServiceKey key{.id = "svk_1", .name = "nightly", .owner = "ada"};
    key.limits = {{"user", {{"requests_per_minute", 7}}}};
    std::vector<policy::RecordWrite> writes(1);
    writes[0].kind = auth::service_key_record_kind;
    writes[0].id = key.id;
    writes[0].document = auth::to_document(key);
    ASSERT_TRUE(testing::run(records.write(std::move(writes))));
    given_person(auth::service_subject(key.id), "", {"ops"}, "nightly");
    rollups.people.back().service = true;

    EXPECT_EQ(text_of("?user=service:svk_1", "/rates/requests_per_minute/limit"), "7");
    EXPECT_EQ(text_of("?user=service:svk_1", "/rates/tokens_per_minute/limit"), "5000") << "of its policy";
    EXPECT_EQ(text_of("?user=service:svk_1", "/rate_limits"), R"({"user":{"requests_per_minute":7}})");
    EXPECT_EQ(text_of("?user=ada", "/rate_limits"), "{}");
}

TEST_F(Explain, HasNoRatesWhereNothingBoundsThem) {
    given_person("bob", "bob@x.org", {}, "Bob");
    EXPECT_EQ(text_of("?user=bob", "/rates"), "null");
    EXPECT_TRUE(asked.empty());
}

TEST_F(Explain, IsNotForFinanceNorForStrangers) {
    EXPECT_EQ(get_as_person("/v1/organizations/explain?user=ada").message(), "requires read:explain");
    EXPECT_EQ(get("/v1/organizations/explain?user=ada", "wrong").status, 401);
}

TEST_F(Explain, FailsWhenTheStoreIsAway) {
    ledger_down = true;
    EXPECT_EQ(explain("?user=ada").status, 500);
}

}  // namespace
}  // namespace gatehouse::admin

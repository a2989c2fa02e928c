// SPDX-License-Identifier: Apache-2.0
// What caps do to a request: what is held before it is sent, who is refused in which words, what the answer says, and
// what is settled.

#include <boost/asio/co_spawn.hpp>
#include <boost/json/serialize.hpp>
#include <functional>

#include "auth/secret_hash.h"
#include "gateway/messages/spend_answer.h"
#include "tests/messages/route_fixture.h"

namespace gatehouse::messages {
namespace {

using policy::Period;
using policy::Scope;
using policy::ScopeKind;
using testing::GivenBody;
using testing::ScriptedReply;

constexpr const char* plain_ask = R"({"model":"claude-sonnet-5","max_tokens":10,"messages":[]})";
/// 100 tokens in and 200 out of Sonnet 5 ($2 and $10 a million): 0.22 cents.
constexpr const char* plain_answer =
    R"({"id":"msg_1","type":"message","content":[],"usage":{"input_tokens":100,"output_tokens":200}})";
constexpr Money plain_cost = Money::nano(2'200'000);

class BudgetTest : public RouteFixture {
  protected:
    BudgetTest() { clock.set(Instant{std::chrono::milliseconds{1'795'262'400'000}}); }  // 2026-11-21T12:00:00Z

    std::string header(const Served& served, std::string_view name) {
        return std::string(served.client.headers.value(std::string("anthropic-ratelimit-unified-").append(name)));
    }
    std::unique_ptr<Served> ask() {
        upstream_client.next(ScriptedReply::json(200, plain_answer));
        return serve(plain_ask);
    }
    void expect_blocked(const Served& served, std::string_view message) {
        ASSERT_TRUE(served.result);
        EXPECT_EQ(served.client.status, 429);
        EXPECT_EQ(served.client.body(),
                  R"({"type":"error","error":{"type":"billing_error","message":")" + std::string(message) + R"("}})");
        EXPECT_EQ(served.client.headers.value("x-should-retry"), "false");
        EXPECT_TRUE(served.client.finished);
        EXPECT_TRUE(upstream_client.requests().empty());
        EXPECT_EQ(entry().status, 429);
    }

    static inline const Scope everyone{ScopeKind::organization, ""};
    static inline const std::string account = "u:sub-1";
};

TEST_F(BudgetTest, ChargesWhatTheAnswerCost) {
    ask();
    ASSERT_EQ(ledger.charges().size(), 1U);
    const policy::Charge& charge = ledger.charges()[0];
    EXPECT_EQ(charge.cost, plain_cost);
    EXPECT_EQ(charge.request_id, "11111111-2222-4333-8444-555555555555");
    EXPECT_EQ(charge.when, clock.now());
    EXPECT_EQ(charge.who.user, "sub-1");
    EXPECT_EQ(charge.who.model, "claude-sonnet-5");
    EXPECT_EQ(charge.who.upstream, "up0");
    EXPECT_EQ(charge.accounts, std::vector<std::string>{account});
    ASSERT_TRUE(charge.principal);
    EXPECT_EQ(charge.principal->email, "ada@example.com");
    EXPECT_EQ(charge.principal->groups, std::vector<std::string>{"engineering"});
    EXPECT_EQ(ledger.begun, std::vector<std::string>{charge.request_id});
}

TEST_F(BudgetTest, ChargesAServiceKeyOnAnAccountOfItsOwn) {
    const std::string secret = "ghs_012345678901234567890123456789012345678901A";
    auth::ServiceKey key;
    key.id = "svk_1";
    key.name = "nightly build";
    key.groups = {"ci"};
    key.secrets = {{auth::secret_hash(secret), clock.now(), std::nullopt}};
    authenticator.set_service_keys({key});
    upstream_client.next(ScriptedReply::json(200, plain_answer));
    http::Request request = request_for("/v1/messages");
    request.headers = {{"x-api-key", secret}};

    serve(std::move(request), GivenBody(plain_ask));
    ask();

    ASSERT_EQ(ledger.charges().size(), 2U);
    const policy::Charge& charge = ledger.charges()[0];
    EXPECT_EQ(charge.who.user, "service:svk_1");
    EXPECT_EQ(charge.who.service_key, "svk_1");
    EXPECT_EQ(charge.accounts, std::vector<std::string>{"u:service:svk_1"});
    ASSERT_TRUE(charge.principal);
    EXPECT_TRUE(charge.principal->service);
    EXPECT_EQ(charge.principal->name, "nightly build");
    EXPECT_EQ(charge.principal->groups, std::vector<std::string>{"ci"});
    EXPECT_EQ(entry().credential_kind, "service");
    EXPECT_EQ(entry().credential_id, "svk_1");
    EXPECT_EQ(ledger.charges()[1].who.service_key, "");
    EXPECT_FALSE(ledger.charges()[1].principal->service);
}

TEST_F(BudgetTest, WritesDownWhoItWasEveryFewMinutes) {
    ask();
    ask();
    clock.advance(std::chrono::minutes(6));
    ask();
    EXPECT_TRUE(ledger.charges()[0].principal);
    EXPECT_FALSE(ledger.charges()[1].principal);
    EXPECT_TRUE(ledger.charges()[2].principal);
}

TEST_F(BudgetTest, HoldsAnEstimateWhileTheRequestIsUnderWay) {
    given_caps({cap(everyone, "100")});
    const auto gate = std::make_shared<testing::Gate>();
    upstream_client.next(ScriptedReply::json(200, plain_answer).head_after(gate));
    http::Request request = request_for("/v1/messages");
    GivenBody body(plain_ask);
    testing::RecordingResponder client;
    boost::asio::co_spawn(context, handled(request, body, client), [](std::exception_ptr, Result<>) {});
    context.restart();
    while (gate->waiting() == 0)
        context.run_one();

    // 57 bytes are 14.25 tokens of $2 a million; max_tokens bounds the answer at 10 of $10.
    EXPECT_EQ(ledger.held_on(account), Money::nano(128'500));

    gate->open();
    context.run();
    EXPECT_EQ(ledger.held_on(account), Money());
    EXPECT_EQ(ledger.charges().at(0).cost, plain_cost);
}

TEST_F(BudgetTest, LearnsFromTheAnswerWhatTheNextOneWillCost) {
    given_caps({cap(everyone, "100")});
    ask();
    const auto gate = std::make_shared<testing::Gate>();
    upstream_client.next(ScriptedReply::json(200, plain_answer).head_after(gate));
    http::Request request = request_for("/v1/messages");
    GivenBody body(R"({"model":"claude-sonnet-5","max_tokens":900,"messages":[]})");
    testing::RecordingResponder client;
    boost::asio::co_spawn(context, handled(request, body, client), [](std::exception_ptr, Result<>) {});
    context.restart();
    while (gate->waiting() == 0)
        context.run_one();
    EXPECT_NEAR(static_cast<double>(ledger.held_on(account).nano()), 2'200'000, 10'000);
    gate->open();
    context.run();
}

TEST_F(BudgetTest, GivesBackWhatWasHeldWhenTheProviderRefuses) {
    given_caps({cap(everyone, "100")});
    upstream_client.next(ScriptedReply::json(400, R"({"type":"error"})"));
    serve(plain_ask);
    EXPECT_EQ(ledger.held_on(account), Money());
    EXPECT_TRUE(ledger.charges().empty());
}

TEST_F(BudgetTest, TellsHowTheFullestCapStoodBeforeTheRequest) {
    given_caps({cap(everyone, "10", Period::daily), cap(everyone, "100")});
    ledger.spend(account, Money::nano(80'500'000), clock.now());
    const auto served = ask();
    EXPECT_EQ(served->client.status, 200);
    EXPECT_EQ(header(*served, "status"), "allowed_warning");
    EXPECT_EQ(header(*served, "representative-claim"), "overage");
    EXPECT_EQ(header(*served, "overage-status"), "allowed_warning");
    EXPECT_EQ(header(*served, "overage-utilization"), "0.81");
    EXPECT_EQ(header(*served, "overage-surpassed-threshold"), "0.75");
    EXPECT_EQ(header(*served, "reset"), "1795305600");
    EXPECT_EQ(header(*served, "overage-reset"), "1795305600");
}

TEST_F(BudgetTest, SaysNothingOfAThresholdBelowIt) {
    given_caps({cap(everyone, "100")});
    const auto served = ask();
    EXPECT_EQ(header(*served, "status"), "allowed");
    EXPECT_EQ(header(*served, "overage-utilization"), "0");
    EXPECT_FALSE(served->client.headers.find("anthropic-ratelimit-unified-overage-surpassed-threshold"));
}

TEST_F(BudgetTest, SaysNothingToWhoHasNoCap) {
    given_caps({cap({ScopeKind::rbac_group, "contractors"}, "1")});
    EXPECT_EQ(header(*ask(), "status"), "");
}

TEST_F(BudgetTest, BlocksWhoHasReachedACapBeforeAnythingIsSent) {
    given_caps({cap(everyone, "10", Period::daily)}, {}, "ask in #claude");
    ledger.spend(account, Money::cents(12), clock.now());
    const auto served = serve(plain_ask);
    expect_blocked(*served, "spend limit reached · daily cap resets Nov 22 00:00 UTC · ask in #claude");
    EXPECT_EQ(entry().reason, "budget_exhausted");
    EXPECT_EQ(served->client.headers.value("retry-after"), "43200");
    EXPECT_EQ(header(*served, "status"), "rejected");
    EXPECT_EQ(header(*served, "reset"), "1795305600");
    EXPECT_EQ(header(*served, "overage-reset"), "1795305600");
    EXPECT_EQ(header(*served, "overage-utilization"), "1.2");
    EXPECT_EQ(header(*served, "overage-surpassed-threshold"), "1");
    EXPECT_EQ(header(*served, "overage-period"), "daily");
    EXPECT_EQ(header(*served, "overage-disabled-reason"), "org_spend_cap_reached");
    EXPECT_FALSE(served->client.headers.find("anthropic-ratelimit-unified-representative-claim"));
    EXPECT_FALSE(served->client.headers.find("anthropic-ratelimit-unified-overage-status"));
}

TEST_F(BudgetTest, BlocksTheFirstRequestUnderACapOfNothing) {
    given_caps({cap(everyone, "0")});
    expect_blocked(*serve(plain_ask), "spend limit reached");
}

TEST_F(BudgetTest, NamesAPoolThatIsUsedUp) {
    given_caps({cap({ScopeKind::group_pool, "engineering"}, "100")});
    ledger.spend("g:engineering", Money::cents(100), clock.now());
    const auto served = serve(plain_ask);
    expect_blocked(*served, "spend limit reached · monthly budget of your group resets Dec 1 00:00 UTC");
    EXPECT_EQ(header(*served, "overage-scope"), "group_pool");
    EXPECT_EQ(header(*served, "overage-period"), "monthly");
}

TEST_F(BudgetTest, TellsABlockedDeveloperOfTheCapRatherThanOfABadRequest) {
    given_caps({cap(everyone, "10")});
    ledger.spend(account, Money::cents(10), clock.now());
    for (const char* body : {"not JSON", R"({"messages":[]})", R"({"model":"claude-1"})"}) {
        const auto served = serve(body);
        EXPECT_EQ(served->client.status, 429) << body;
    }
}

TEST_F(BudgetTest, TellsOfABadRequestWhereNoCapIsReached) {
    given_caps({cap(everyone, "10")});
    const auto served = serve("not JSON");
    ASSERT_FALSE(served->result);
    EXPECT_EQ(served->rendered().status, 400);
}

TEST_F(BudgetTest, AsksToComeBackWhenTheRestIsHeldByOthers) {
    given_caps({cap(everyone, "10")});
    const auto other = testing::run(ledger.reserve({"other",
                                                    clock.now(),
                                                    Money::cents(10),
                                                    std::chrono::seconds(60),
                                                    {{account, Period::monthly, Money::cents(10), false}}}));
    ASSERT_TRUE(other && other->granted);
    const auto served = serve(plain_ask);
    EXPECT_EQ(served->client.status, 429);
    EXPECT_NE(served->client.body().find("rate_limit_error"), std::string::npos);
    EXPECT_EQ(served->client.headers.value("retry-after"), "3");
    EXPECT_FALSE(served->client.headers.find("x-should-retry"));
    EXPECT_EQ(entry().reason, "budget_held");
    EXPECT_EQ(ledger.held_on(account), Money::cents(10));
}

TEST_F(BudgetTest, LetsWhoIsAloneUseTheirCapToTheEnd) {
    given_caps({cap(everyone, "1")});
    ledger.spend(account, Money::cents(1) - Money::nano(1), clock.now());
    EXPECT_EQ(ask()->client.status, 200);
    EXPECT_EQ(serve(plain_ask)->client.status, 429);
}

TEST_F(BudgetTest, RefusesWhenTheStoreIsAwayAndTheOperatorWantsThat) {
    given_caps({cap(everyone, "10")}, {.fail_closed_on_error = true});
    ledger.set_down(true);
    const auto served = serve(plain_ask);
    expect_blocked(*served, "spend limit unavailable");
    EXPECT_EQ(entry().reason, "spend_unknown");
    EXPECT_EQ(header(*served, "overage-disabled-reason"), "fetch_error");
    EXPECT_EQ(header(*served, "status"), "");
    EXPECT_FALSE(served->client.headers.find("retry-after"));
}

TEST_F(BudgetTest, NeverChecksOrChargesTheCountingOfTokens) {
    given_caps({cap(everyone, "0")});
    upstream_client.next(ScriptedReply::json(200, R"({"input_tokens":5})"));
    const auto served = serve(request_for("/v1/messages/count_tokens"), GivenBody(plain_ask));
    EXPECT_EQ(served->client.status, 200);
    EXPECT_TRUE(ledger.charges().empty());
    EXPECT_TRUE(ledger.begun.empty());
}

TEST_F(BudgetTest, ChargesAPoolTogetherWithTheUser) {
    given_caps({cap({ScopeKind::group_pool, "engineering"}, "100")});
    ask();
    EXPECT_EQ(ledger.charges().at(0).accounts, (std::vector<std::string>{account, "g:engineering"}));
}

TEST_F(BudgetTest, SaysForWhatARequestWasAndTakesItsTagsOut) {
    auto snapshot = std::make_shared<Upstreams>(*upstreams);
    snapshot->attribution = {.billing_group_tag = "cost-center", .project_header = "x-project"};
    upstreams = snapshot;
    upstream_client.next(ScriptedReply::json(200, plain_answer));
    http::Request request = request_for("/v1/messages");
    request.headers.add("x-project", "apollo");
    request.headers.add("anthropic-beta", "request-tags-2026-08-21,other-beta");
    serve(
        std::move(request),
        GivenBody(R"({"model":"claude-sonnet-5","tags":{"cost-center":"engineering"},"max_tokens":10,"messages":[]})"));

    EXPECT_EQ(upstream_client.last().body, R"({"model":"claude-sonnet-5","max_tokens":10,"messages":[]})");
    EXPECT_EQ(upstream_client.last().headers.value("anthropic-beta"), "other-beta");
    const policy::Charge& charge = ledger.charges().at(0);
    EXPECT_EQ(charge.who.project, "apollo");
    EXPECT_EQ(charge.who.group, "engineering");
    EXPECT_EQ(entry().project, "apollo");
    EXPECT_EQ(entry().billing_group, "engineering");
    EXPECT_EQ(entry().cost_nano, plain_cost.nano());
}

TEST_F(BudgetTest, ChargesAnAbortedAnswerForWhatWasSent) {
    upstream_client.next(ScriptedReply::sse()
                             .chunk("event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":"
                                    "{\"input_tokens\":100,\"output_tokens\":1}}}\n\n")
                             .chunk("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
                                    "\"delta\":{\"type\":\"text_delta\",\"text\":\"" +
                                    std::string(80, 'x') + "\"}}\n\n")
                             .cut());
    serve(plain_ask);
    const policy::Charge& charge = ledger.charges().at(0);
    EXPECT_EQ(charge.usage, (policy::Usage{.input = 100, .output = 20}));
    EXPECT_TRUE(charge.estimated);
}

/// A stream that has read 1,000 tokens and says how many it has written.
std::string started_event() {
    return "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":"
           "{\"input_tokens\":1000,\"output_tokens\":1}}}\n\n";
}
std::string text_event(std::size_t characters) {
    return "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":"
           "{\"type\":\"text_delta\",\"text\":\"" +
           std::string(characters, 'x') + "\"}}\n\n";
}

class StreamBudgetTest : public BudgetTest {
  protected:
    /// Serves a stream that waits before its second half, and does something meanwhile.
    void serve_with_pause(const std::function<void()>& meanwhile) {
        const auto gate = std::make_shared<testing::Gate>();
        upstream_client.next(ScriptedReply::sse()
                                 .chunk(started_event())
                                 .chunk(text_event(4'000))
                                 .pause(gate)
                                 .chunk(text_event(4))
                                 .chunk("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"));
        http::Request request = request_for("/v1/messages");
        GivenBody body(R"({"model":"claude-sonnet-5","stream":true,"max_tokens":10,"messages":[]})");
        boost::asio::co_spawn(context, handled(request, body, client), [](std::exception_ptr, Result<>) {});
        context.restart();
        while (gate->waiting() == 0)
            context.run_one();
        meanwhile();
        gate->open();
        context.run();
    }
    testing::RecordingResponder client;
};

TEST_F(StreamBudgetTest, HoldsAsMuchAsALongAnswerHasCostSoFar) {
    given_caps({cap(everyone, "1000")});
    serve_with_pause([this] {
        // 1,000 tokens of $2 and 4,000 characters, which are 1,000 tokens, of $10 a million.
        EXPECT_EQ(ledger.held_on(account), Money::nano(12'000'000));
    });
    EXPECT_EQ(ledger.held_on(account), Money());
    EXPECT_EQ(client.body().find("event: error"), std::string::npos);
}

TEST_F(StreamBudgetTest, EndsAStreamThatCrossesACapWhereTheOperatorWantsThat) {
    given_caps({cap(everyone, "10")}, {.cut_streams = true});
    serve_with_pause([this] { ledger.spend(account, Money::cents(9), clock.now()); });
    EXPECT_EQ(client.status, 200);
    EXPECT_NE(client.body().find("event: error\ndata: {\"type\":\"error\""), std::string::npos) << client.body();
    EXPECT_NE(client.body().find("billing_error"), std::string::npos);
    EXPECT_TRUE(client.finished);
    EXPECT_EQ(entry().reason, "budget_exhausted");
    EXPECT_EQ(ledger.charges().at(0).usage.input, 1'000);
    EXPECT_TRUE(ledger.charges().at(0).estimated);
}

TEST_F(StreamBudgetTest, LetsAStreamRunToItsEndOtherwise) {
    given_caps({cap(everyone, "10")});
    serve_with_pause([this] { ledger.spend(account, Money::cents(9), clock.now()); });
    EXPECT_EQ(client.body().find("event: error"), std::string::npos);
}

TEST(UsageAnswer, ShowsEveryCapAndTheOneThatTheDollarsBelongTo) {
    const Instant now{std::chrono::milliseconds{1'795'262'400'000}};
    const auto row = [&](std::size_t index, Period period, std::int64_t spent, std::int64_t amount) {
        return UsageRow{
            period,
            {index, {Money::cents(spent) + Money::nano(9), Money::cents(amount)}, policy::period_end(period, now)}};
    };
    const std::vector<UsageRow> rows{row(0, Period::daily, 960, 1'000), row(1, Period::monthly, 27'140, 50'000)};
    EXPECT_EQ(boost::json::serialize(capped_usage(rows, rows[0].cap)),
              R"({"extra_usage":{"is_enabled":true,"monthly_limit":1000,"used_credits":960,"utilization":96,)"
              R"("currency":"USD"},"limits":[{"kind":"spend","group":"daily","percent":96,)"
              R"("resets_at":"2026-11-22T00:00:00.000Z","severity":"critical","is_active":true},)"
              R"({"kind":"spend","group":"monthly","percent":54,"resets_at":"2026-12-01T00:00:00.000Z",)"
              R"("severity":"normal","is_active":false}]})");
}

TEST(UsageAnswer, ShowsWhatWasSpentWhereThereIsNoCap) {
    EXPECT_EQ(boost::json::serialize(uncapped_usage(Money::cents(1), Money::cents(20), Money::cents(300))),
              R"({"extra_usage":{"is_enabled":true,"monthly_limit":null,"used_credits":300,"utilization":null,)"
              R"("currency":"USD","daily":{"limit":null,"used_credits":1,"utilization":null},)"
              R"("weekly":{"limit":null,"used_credits":20,"utilization":null}},"limits":[]})");
}

}  // namespace
}  // namespace gatehouse::messages

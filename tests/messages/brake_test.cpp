// SPDX-License-Identifier: Apache-2.0
// What a policy's limits do to a request: who goes too fast or has run away, in which words they are told, and what is
// counted of whom.
#include "gateway/base/json.h"
#include "gateway/messages/spend_answer.h"
#include "tests/messages/route_fixture.h"

namespace gatehouse::messages {
namespace {

using testing::GivenBody;
using testing::ScriptedReply;

constexpr const char* plain_ask = R"({"model":"claude-sonnet-5","max_tokens":10,"messages":[]})";
/// 100 tokens in and 200 out of Sonnet 5: 0.22 cents.
constexpr const char* plain_answer =
    R"({"id":"msg_1","type":"message","content":[],"usage":{"input_tokens":100,"output_tokens":200}})";

class BrakeTest : public RouteFixture {
  protected:
    BrakeTest() {
        auto rules = std::make_shared<SpendRules>(*spend_rules);
        rules->access_page = "https://gate.example/access";
        spend_rules = std::move(rules);
    }
    void given_limits(std::string_view limits) {
        policy::PolicySpec everyone;
        everyone.limits = json::parse(limits)->get_object();
        given_upstreams(1, {std::move(everyone)});
    }
    std::unique_ptr<Served> ask(std::string session = "s1", std::string agent = {}) {
        http::Request request = request_for("/v1/messages");
        if (!session.empty()) request.headers.add("x-claude-code-session-id", session);
        if (!agent.empty()) request.headers.add("x-claude-code-agent-id", agent);
        request.id = "11111111-2222-4333-8444-" + std::to_string(100'000'000'000 + ++asked_);
        upstream_client.next(ScriptedReply::json(200, plain_answer));
        return serve(std::move(request), GivenBody(plain_ask));
    }
    void expect_refused(const Served& served, std::string_view message) {
        ASSERT_TRUE(served.result);
        EXPECT_EQ(served.client.status, 429);
        EXPECT_EQ(served.client.body(), R"({"type":"error","error":{"type":"rate_limit_error","message":")" +
                                            std::string(message) + R"("}})");
        EXPECT_TRUE(served.client.finished);
    }
    const observe::Entry& last() const { return journal.entries.back(); }

  private:
    long long asked_ = 0;
};

TEST_F(BrakeTest, TellsWhoGoesTooFastWhenToComeBack) {
    given_limits(R"({"user":{"requests_per_minute":2}})");
    EXPECT_EQ(ask()->status(), 200);
    EXPECT_EQ(ask("s2")->status(), 200);

    const auto refused = ask("s3");

    expect_refused(*refused, "rate limit reached: 2 requests per minute for you · try again in 30 seconds");
    EXPECT_EQ(refused->client.headers.value("retry-after"), "30");
    EXPECT_FALSE(refused->client.headers.find("x-should-retry"));
    EXPECT_EQ(upstream_client.requests().size(), 2U);
    EXPECT_EQ(last().reason, "rate_exceeded");
    EXPECT_EQ(last().status, 429);
    EXPECT_EQ(ledger.charges().size(), 2U);
    clock.advance(std::chrono::seconds(30));
    EXPECT_EQ(ask()->status(), 200);
}

TEST_F(BrakeTest, CountsSessionsAndAgentsApart) {
    given_limits(R"({"session":{"requests_per_minute":1},"agent":{"requests_per_minute":1}})");
    EXPECT_EQ(ask("s1", "a1")->status(), 200);
    EXPECT_EQ(ask("s2", "a2")->status(), 200);
    EXPECT_EQ(ask("", "")->status(), 200);
    expect_refused(*ask("s1", "a3"),
                   "rate limit reached: 1 request per minute for one session · try again in 60 seconds");
    expect_refused(*ask("s3", "a1"),
                   "rate limit reached: 1 request per minute for one agent · try again in 60 seconds");
}

TEST_F(BrakeTest, CountsTheTokensOfTheAnswer) {
    given_limits(R"({"user":{"tokens_per_minute":100}})");
    EXPECT_EQ(ask()->status(), 200);
    expect_refused(*ask(), "rate limit reached: 100 tokens per minute for you · try again in 120 seconds");
}

TEST_F(BrakeTest, CountsWhatTheAnswerCost) {
    given_limits(R"({"session":{"dollars_per_minute":0.0011}})");
    EXPECT_EQ(ask()->status(), 200);
    expect_refused(*ask(), "rate limit reached: $0.0011 per minute for one session · try again in 60 seconds");
}

TEST_F(BrakeTest, GivesBackTheGuessOfARequestThatCostNothing) {
    given_limits(R"({"user":{"tokens_per_minute":1,"concurrent_requests":1}})");
    upstream_client.next(ScriptedReply::json(400, R"({"type":"error","error":{"type":"invalid_request_error"}})"));
    EXPECT_EQ(serve(plain_ask)->status(), 400);
    EXPECT_EQ(ask()->status(), 200);
}

TEST_F(BrakeTest, FreesThePlaceOfARequestThatIsOver) {
    given_limits(R"({"user":{"concurrent_requests":1}})");
    for (int times = 0; times < 3; ++times)
        EXPECT_EQ(ask()->status(), 200);
}

TEST_F(BrakeTest, PausesARunawaySessionUntilAPersonResumesIt) {
    given_limits(R"({"pause_session":{"dollars":0.0022,"minutes":10}})");
    EXPECT_EQ(ask()->status(), 200);

    const auto paused = ask();

    expect_refused(
        *paused,
        "this session is paused: it cost $0.0022 within 10 minutes, and its policy pauses sessions at $0.0022 · "
        "if it is meant to go on, resume it at https://gate.example/access");
    EXPECT_EQ(paused->client.headers.value("x-should-retry"), "false");
    EXPECT_EQ(last().reason, "session_paused");
    EXPECT_EQ(ask("s2")->status(), 200) << "another session goes on";
    clock.advance(std::chrono::hours(3));
    EXPECT_EQ(ask()->status(), 429);
    ASSERT_TRUE(*testing::run(context, ledger.resume("sub-1", "s1")));
    EXPECT_EQ(ask()->status(), 200);
}

TEST_F(BrakeTest, DoesNotCountTokensForCounting) {
    given_limits(R"({"user":{"requests_per_minute":1}})");
    for (int times = 0; times < 3; ++times) {
        upstream_client.next(ScriptedReply::json(200, R"({"input_tokens":5})"));
        EXPECT_EQ(serve(request_for("/v1/messages/count_tokens"), GivenBody(plain_ask))->status(), 200);
    }
}

TEST_F(BrakeTest, LetsEverybodyGoOnWhileTheStoreIsAway) {
    given_limits(R"({"user":{"requests_per_minute":1}})");
    auto rules = std::make_shared<SpendRules>(*spend_rules);
    rules->enforcement.fail_closed_on_error = true;
    spend_rules = std::move(rules);
    ledger.set_down(true);
    for (int times = 0; times < 3; ++times)
        EXPECT_EQ(ask()->status(), 200);
    EXPECT_EQ(ledger.charges().size(), 3U);
}

TEST_F(BrakeTest, RefusesForMoneyBeforeItRefusesForSpeed) {
    given_limits(R"({"user":{"requests_per_minute":1}})");
    given_caps({cap({policy::ScopeKind::organization, ""}, "0")});
    const auto blocked = ask();
    EXPECT_NE(blocked->client.body().find("billing_error"), std::string::npos);
}

TEST(SpendAnswer, SpeaksOfOneSecondAndOfSeveral) {
    const policy::RateLimits rates{.concurrent = 4};
    const policy::Braked braked{policy::BrakeScope::agent, policy::Measure::concurrent, std::chrono::milliseconds(200)};
    const http::Response response = refuse_rate(braked, rates);
    EXPECT_EQ(response.headers.value("retry-after"), "1");
    EXPECT_NE(response.body.find("4 requests at the same time for one agent · try again in 1 second\""),
              std::string::npos)
        << response.body;
}

}  // namespace
}  // namespace gatehouse::messages

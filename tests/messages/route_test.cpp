// SPDX-License-Identifier: Apache-2.0
// What a developer's request meets before and after it is carried: refusals, what crosses and what does not, what is
// written down.

#include <boost/json/array.hpp>

#include "tests/messages/route_fixture.h"

namespace gatehouse::messages {
namespace {

using testing::Gate;
using testing::GivenBody;
using testing::ScriptedReply;

constexpr const char* plain_ask = R"({"model":"claude-sonnet-5","max_tokens":10,"messages":[]})";
constexpr const char* plain_answer =
    R"({"id":"msg_1","type":"message","content":[],"usage":{"input_tokens":12,"output_tokens":34,)"
    R"("cache_read_input_tokens":5,"cache_creation_input_tokens":6}})";

class MessagesRouteTest : public RouteFixture {
  protected:
    void expect_refusal(const Served& served, int status, std::string_view type, std::string_view message,
                        std::string_view reason) {
        ASSERT_FALSE(served.result);
        EXPECT_FALSE(served.client.started());
        const http::Response response = served.rendered();
        EXPECT_EQ(response.status, status);
        EXPECT_EQ(response.body, R"({"type":"error","request_id":")" + served.request_id + R"(","error":{"type":")" +
                                     std::string(type) + R"(","message":")" + std::string(message) + R"("}})");
        EXPECT_TRUE(upstream_client.requests().empty());
        ASSERT_EQ(journal.entries.size(), 1U);
        EXPECT_EQ(entry().status, status);
        EXPECT_EQ(entry().reason, reason);
        EXPECT_EQ(entry().request_id, served.request_id);
        EXPECT_EQ(entry().address, "10.1.2.3");
        EXPECT_TRUE(recorded().empty());
    }
};

TEST_F(MessagesRouteTest, CarriesARequestAndWritesDownWhatItWas) {
    upstream_client.next(ScriptedReply::json(200, plain_answer).header("request-id", "req_upstream"));
    http::Request request = request_for("/v1/messages?beta=true");
    request.headers.add("x-claude-code-session-id", "session-9");
    request.headers.add("x-claude-code-agent-id", "agent-8");
    request.headers.add("x-claude-code-parent-agent-id", std::string(300, 'p') + "\x01");
    const auto served = serve(std::move(request), GivenBody(plain_ask));

    ASSERT_TRUE(served->result);
    EXPECT_EQ(served->client.status, 200);
    EXPECT_EQ(served->client.body(), plain_answer);
    EXPECT_TRUE(served->client.finished);
    const auto& sent = upstream_client.last();
    EXPECT_EQ(sent.url.host, "up0.example.com");
    EXPECT_EQ(sent.target, "/v1/messages?beta=true");
    EXPECT_EQ(sent.body, plain_ask);
    EXPECT_EQ(sent.body_pieces, 1U);
    EXPECT_EQ(sent.head_timeout, std::chrono::milliseconds{777});

    ASSERT_EQ(journal.entries.size(), 1U);
    EXPECT_EQ(entry().path, "/v1/messages");
    EXPECT_EQ(entry().subject, "sub-1");
    EXPECT_EQ(entry().email, "ada@example.com");
    EXPECT_EQ(entry().credential_id, "key-1");
    EXPECT_EQ(entry().model, "claude-sonnet-5");
    EXPECT_EQ(entry().upstream, "up0");
    EXPECT_EQ(entry().upstream_model, "claude-sonnet-5");
    EXPECT_EQ(entry().upstream_request_id, "req_upstream");
    EXPECT_EQ(entry().session_id, "session-9");
    EXPECT_EQ(entry().agent_id, "agent-8");
    EXPECT_EQ(entry().parent_agent_id, std::string(200, 'p'));
    EXPECT_EQ(entry().status, 200);
    EXPECT_EQ(entry().reason, "");
    EXPECT_EQ(entry().input_tokens, 12);
    EXPECT_EQ(entry().output_tokens, 34);
    EXPECT_EQ(entry().cache_read_tokens, 5);
    EXPECT_EQ(entry().cache_write_tokens, 6);

    ASSERT_EQ(recorded().size(), 1U);
    EXPECT_EQ(recorded()[0].model, "claude-sonnet-5");
    EXPECT_EQ(recorded()[0].requests, 1);
    EXPECT_EQ(recorded()[0].usage, (policy::Usage{12, 34, 5, 6, 0, 0}));
    const std::string text = metrics.exposition();
    EXPECT_NE(text.find(R"(gatehouse_tokens_total{kind="output",model="claude-sonnet-5"} 34)"), std::string::npos);
    EXPECT_NE(text.find(R"(gatehouse_upstream_requests_total{status="200",upstream="up0"} 1)"), std::string::npos);
    EXPECT_NE(text.find("gatehouse_streams 0"), std::string::npos);
}

TEST_F(MessagesRouteTest, SplicesTheProvidersModelIdIntoTheOriginalBytes) {
    const std::string before = "{ \"seed\" : 9007199254740993,\n\"temperature\":1.0, \"model\" : ";
    const std::string after = "\t,\"x\":[ 1,  2 ]}";
    upstream_client.next(ScriptedReply::json(200, plain_answer));
    const auto served = serve(before + "\"claude-haiku-4-5\"" + after);
    ASSERT_TRUE(served->result);
    EXPECT_EQ(upstream_client.last().body, before + "\"claude-haiku-4-5-20251001\"" + after);
    EXPECT_EQ(upstream_client.last().body_pieces, 3U);
    EXPECT_EQ(entry().model, "claude-haiku-4-5");
    EXPECT_EQ(entry().upstream_model, "claude-haiku-4-5-20251001");
}

TEST_F(MessagesRouteTest, LetsNoCredentialCrossInEitherDirection) {
    auto reply = ScriptedReply::json(200, plain_answer)
                     .header("request-id", "req_upstream")
                     .header("X-Api-Key", std::string(provider_key))
                     .header("Authorization", "Bearer " + std::string(provider_key))
                     .header("Set-Cookie", "provider=1");
    upstream_client.next(std::move(reply));
    http::Request request = request_for("/v1/messages");
    request.headers.add("x-api-key", developer_key);
    const auto served = serve(std::move(request), GivenBody(plain_ask));
    ASSERT_TRUE(served->result);

    std::string upwards;
    upstream_client.last().headers.append_to(upwards);
    EXPECT_EQ(upwards.find(developer_key), std::string::npos);
    EXPECT_EQ(upwards.find("developer=1"), std::string::npos);
    EXPECT_EQ(upstream_client.last().headers.value("x-api-key"), provider_key);
    std::string downwards;
    served->client.headers.append_to(downwards);
    EXPECT_EQ(downwards.find(provider_key), std::string::npos);
    EXPECT_EQ(downwards.find("provider=1"), std::string::npos);
    EXPECT_EQ(downwards.find("req_upstream"), std::string::npos);
    EXPECT_EQ(served->client.headers.value("request-id"), served->request_id);
}

TEST_F(MessagesRouteTest, RefusesABadCredentialBeforeItReadsTheBody) {
    http::Request request = request_for("/v1/messages");
    request.headers.set("Authorization", "Bearer ghk_" + std::string(43, 'x'));
    GivenBody body(plain_ask);
    testing::RecordingResponder client;
    const auto result = testing::run(context, handled(request, body, client));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault, Fault::unauthenticated);
    EXPECT_FALSE(body.asked);
    ASSERT_EQ(journal.entries.size(), 1U);
    EXPECT_EQ(entry().status, 401);
    EXPECT_EQ(entry().subject, "");
}

TEST_F(MessagesRouteTest, RefusesABodyOverTheLimitOfTheSnapshot) {
    expect_refusal(*serve(std::string(4097, ' ')), 413, "request_too_large", "payload too large", "body_too_large");
}

TEST_F(MessagesRouteTest, RefusesABodyOfUnknownLength) {
    const auto served = serve(request_for("/v1/messages"),
                              GivenBody(Error::of(Fault::length_required, Reason::length_missing, "length required")));
    expect_refusal(*served, 411, "invalid_request_error", "length required", "length_missing");
}

TEST_F(MessagesRouteTest, RefusesWhatIsNotARequestWithTheContractsWords) {
    expect_refusal(*serve("{"), 400, "invalid_request_error", "invalid JSON", "body_not_json");
    journal.entries.clear();
    expect_refusal(*serve("[]"), 400, "invalid_request_error", "request body must be a JSON object", "body_not_json");
    journal.entries.clear();
    expect_refusal(*serve("{}"), 400, "invalid_request_error", "model is required", "model_missing");
    journal.entries.clear();
    expect_refusal(*serve(R"({"model":1})"), 400, "invalid_request_error", "model must be a string",
                   "model_not_string");
}

TEST_F(MessagesRouteTest, RefusesModelsOutsideThePolicyAndTheCatalogue) {
    policy::PolicySpec policy;
    policy.groups = {"engineering"};
    policy.cli["availableModels"] = boost::json::array{"haiku"};
    given_upstreams(1, {policy});
    expect_refusal(*serve(plain_ask), 400, "invalid_request_error",
                   "model claude-sonnet-5 is not in your role's availableModels allowlist", "model_not_in_policy");
    EXPECT_EQ(entry().model, "claude-sonnet-5");
    journal.entries.clear();
    given_upstreams(2);
    expect_refusal(*serve(R"({"model":"gpt"})"), 400, "invalid_request_error",
                   "model gpt is not in the operator's model allowlist; "
                   "model gpt is not in the operator's model allowlist",
                   "model_not_in_catalogue");
}

TEST_F(MessagesRouteTest, RelaysTheProvidersOwnErrorUnmodified) {
    const std::string error = R"({"type":"error","error":{"type":"invalid_request_error","message":"thinking: no"}})";
    upstream_client.next(ScriptedReply::json(400, error)
                             .header("request-id", "req_upstream")
                             .header("x-should-retry", "false")
                             .header("Retry-After", "3"));
    const auto served = serve(plain_ask);
    ASSERT_TRUE(served->result);
    EXPECT_EQ(served->client.status, 400);
    EXPECT_EQ(served->client.body(), error);
    EXPECT_EQ(served->client.headers.count("request-id"), 0U);
    EXPECT_EQ(served->client.headers.count("retry-after"), 0U);
    EXPECT_EQ(served->client.headers.value("x-should-retry"), "false");
    EXPECT_EQ(entry().status, 400);
    EXPECT_EQ(entry().upstream_request_id, "req_upstream");
    EXPECT_TRUE(recorded().empty());
}

TEST_F(MessagesRouteTest, NeitherFollowsNorFailsOverARedirect) {
    given_upstreams(2);
    upstream_client.next(ScriptedReply::of(302, "moved").header("Location", "https://elsewhere.example.com/"));
    const auto served = serve(plain_ask);
    EXPECT_EQ(served->client.status, 302);
    EXPECT_EQ(served->client.headers.count("location"), 0U);
    EXPECT_EQ(upstream_client.requests().size(), 1U);
}

TEST_F(MessagesRouteTest, CountsTokensWithoutCharging) {
    upstream_client.next(ScriptedReply::json(200, R"({"input_tokens":7,"usage":{"input_tokens":7}})"));
    const auto served = serve(request_for("/v1/messages/count_tokens?beta=true"), GivenBody(plain_ask));
    ASSERT_TRUE(served->result);
    EXPECT_EQ(upstream_client.last().target, "/v1/messages/count_tokens?beta=true");
    EXPECT_EQ(entry().path, "/v1/messages/count_tokens");
    EXPECT_EQ(entry().input_tokens, 0);
    EXPECT_TRUE(recorded().empty());
}

TEST_F(MessagesRouteTest, AppliesTheModelRulesToCountTokensToo) {
    expect_refusal(*serve(request_for("/v1/messages/count_tokens"), GivenBody(R"({"model":"gpt"})")), 400,
                   "invalid_request_error", "model gpt is not in the operator's model allowlist",
                   "model_not_in_catalogue");
}

TEST_F(MessagesRouteTest, PassesACompressedAnswerOnAsItIsAndEstimatesItsTokens) {
    upstream_client.next(ScriptedReply::json(200, "\x1f\x8b compressed").header("Content-Encoding", "gzip"));
    const auto served = serve(plain_ask);
    EXPECT_EQ(served->client.body(), "\x1f\x8b compressed");
    EXPECT_EQ(served->client.headers.value("content-encoding"), "gzip");
    ASSERT_EQ(recorded().size(), 1U);
    EXPECT_EQ(recorded()[0].requests, 1);
    // A token for each four bytes: 57 that were asked, 13 that were answered.
    EXPECT_EQ(recorded()[0].usage, (policy::Usage{14, 4, 0, 0, 0, 0}));
    EXPECT_TRUE(entry().estimated);
}

TEST_F(MessagesRouteTest, AnswersAsUsualWhenTheLedgerIsDown) {
    given_caps({cap({policy::ScopeKind::organization, ""}, "100")});
    ledger.set_down(true);
    upstream_client.next(ScriptedReply::json(200, plain_answer));
    const auto served = serve(plain_ask);
    ASSERT_TRUE(served->result);
    EXPECT_TRUE(served->client.finished);
    EXPECT_EQ(entry().output_tokens, 34);
    EXPECT_EQ(entry().reason, "");
    EXPECT_FALSE(served->client.headers.find("anthropic-ratelimit-unified-status"));
    EXPECT_EQ(recorded().at(0).usage.output, 34);
}

/// A store that takes its time.
class SlowLedger final : public policy::Ledger {
  public:
    testing::Gate gate;
    int recorded = 0;
    void begin(const policy::Begun&) override {}
    Task<> settle(policy::Charge, std::optional<policy::Finish>) override {
        const auto opened = co_await gate.wait();
        ++recorded;
        co_return opened;
    }
    Task<policy::Held> reserve(policy::Hold) override { co_return policy::Held{.granted = true}; }
    Task<> extend(std::string, std::vector<std::string>, std::vector<policy::Gauge>, Money, Instant,
                  std::chrono::seconds) override {
        co_return Result<>{};
    }
    Task<> release(std::string) override { co_return Result<>{}; }
    Task<> finish(policy::Finish) override { co_return Result<>{}; }
    Task<std::vector<policy::Standing>> standings(std::vector<policy::Limit> limits, Instant) override {
        co_return std::vector<policy::Standing>(limits.size());
    }
    Task<std::vector<policy::Reading>> readings(std::vector<policy::Gauge> gauges, Instant) override {
        co_return std::vector<policy::Reading>(gauges.size());
    }
};

TEST_F(MessagesRouteTest, SettlesBesideTheConnectionWhereItIsGivenTheMeans) {
    SlowLedger slow;
    MessagesRoute background{{.authenticator = authenticator,
                              .upstreams = [this] { return upstreams; },
                              .spend_rules = [this] { return spend_rules; },
                              .client = upstream_client,
                              .ledger = slow,
                              .journal = journal,
                              .metrics = metrics,
                              .activity = activity.shard(0),
                              .clock = clock,
                              .spawn =
                                  [this](boost::asio::awaitable<void> settlement) {
                                      boost::asio::co_spawn(context, std::move(settlement), [](std::exception_ptr) {});
                                  }}};
    router = {};
    background.mount(router);
    upstream_client.next(ScriptedReply::json(200, plain_answer));
    const auto served = serve(plain_ask);
    ASSERT_TRUE(served->result);
    context.restart();
    context.poll();
    EXPECT_EQ(background.unsettled(), 1U);
    EXPECT_EQ(journal.entries.size(), 1U);
    slow.gate.open();
    context.restart();
    context.run();
    EXPECT_EQ(background.unsettled(), 0U);
    EXPECT_EQ(slow.recorded, 1);
}

TEST_F(MessagesRouteTest, TellsStrangersNothingAboutWhatExists) {
    for (const char* target : {"/nowhere", "/v1/messages/", "/V1/messages", "/v1//messages"}) {
        http::Request request = request_for(target);
        request.headers.remove("authorization");
        const auto stranger = serve(std::move(request), GivenBody(""));
        ASSERT_FALSE(stranger->result);
        EXPECT_EQ(stranger->rendered().status, 401) << target;
        EXPECT_NE(stranger->rendered().body.find("authentication_error"), std::string::npos);

        const auto known = serve(request_for(target), GivenBody(""));
        ASSERT_FALSE(known->result);
        EXPECT_EQ(known->rendered().status, 404) << target;
        EXPECT_EQ(known->rendered().body, "not found");
    }
    http::Request wrong_method = request_for("/v1/messages");
    wrong_method.method = "GET";
    EXPECT_EQ(serve(std::move(wrong_method), GivenBody(""))->rendered().status, 404);
    EXPECT_TRUE(journal.entries.empty());
}

TEST_F(MessagesRouteTest, KeepsTheSnapshotItBeganWith) {
    const auto gate = std::make_shared<Gate>();
    given_upstreams(2);
    upstream_client.next(ScriptedReply::json(500, "").head_after(gate));
    upstream_client.on("up1.example.com/v1/messages", ScriptedReply::json(200, plain_answer));
    http::Request request = request_for("/v1/messages");
    GivenBody body(plain_ask);
    testing::RecordingResponder client;
    Result<> result;
    boost::asio::co_spawn(context, handled(request, body, client),
                          [&](std::exception_ptr, Result<> value) { result = std::move(value); });
    context.restart();
    while (gate->waiting() == 0)
        context.run_one();
    given_upstreams(1);
    gate->open();
    context.run();
    ASSERT_TRUE(result);
    EXPECT_EQ(client.status, 200);
    EXPECT_EQ(entry().upstream, "up1");
}

}  // namespace
}  // namespace gatehouse::messages

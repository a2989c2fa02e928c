// SPDX-License-Identifier: Apache-2.0
// From a terminal's sign-in to the provider and back: what each side sees on its wire.
#include <gtest/gtest.h>

#include "tests/flows/world.h"

namespace gatehouse::testing {
namespace {

class MessagesFlow : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        world_ = std::make_unique<World>();
        gateway_ = world_->serve(world_->config());
        ada_ = world_->sign_in(gateway_->port(), "demo-ada");
    }
    static void TearDownTestSuite() {
        EXPECT_EQ(gateway_->terminate(), 0) << gateway_->err();
        gateway_.reset();
        world_.reset();
    }
    void SetUp() override { upstream().forget(); }

    static ScriptedUpstream& upstream() { return world_->upstream; }
    static http::Headers headers() {
        http::Headers all = ada_.bearer();
        all.add("content-type", "application/json");
        all.add("anthropic-version", "2023-06-01");
        return all;
    }
    static Answer ask(std::string_view body, std::string_view target = "/v1/messages") {
        return HttpConnection(gateway_->port()).ask("POST", target, headers(), body);
    }

    static inline std::unique_ptr<World> world_;
    static inline std::unique_ptr<GatehouseProcess> gateway_;
    static inline Tokens ada_;
};

TEST_F(MessagesFlow, RelaysEveryEventAsItIsAndAsItComes) {
    const auto events = answer_events();
    Script script = Script::stream();
    for (const std::string& event : events)
        script = std::move(script).pause().chunk(event);
    upstream().next(std::move(script).end());
    HttpConnection client(gateway_->port());

    client.send("POST", "/v1/messages", headers(), ask_for("claude-sonnet-5"));
    // The upstream sends the next event only when the client has the one before: nothing is held back.
    upstream().resume();
    EXPECT_EQ(client.read_head().header("content-type"), "text/event-stream; charset=utf-8");
    for (std::size_t index = 0; index < events.size(); ++index) {
        EXPECT_EQ(client.read_chunk(), events[index]);
        if (index + 1 < events.size()) upstream().resume();
    }
    EXPECT_FALSE(client.read_chunk());
}

TEST_F(MessagesFlow, HandsTheBodyOverByteForByteAndKeepsTheQuery) {
    const std::string body =
        "{\n  \"max_tokens\" : 1.0, \"big\":12345678901234567890, \"model\":\"claude-sonnet-5\",\t"
        "\"text\":\"\\u00e9\\/\", \"messages\":[]\n}\n";

    ask(body, "/v1/messages?beta=true&x=%20y");

    EXPECT_EQ(upstream().last().body, body);
    EXPECT_EQ(upstream().last().line, "POST /v1/messages?beta=true&x=%20y HTTP/1.1");
}

TEST_F(MessagesFlow, HandsABodyOfSeveralMegabytesOver) {
    std::string body = R"({"model":"claude-sonnet-5","messages":[{"role":"user","content":")";
    body.append(std::size_t{5} << 20U, 'x').append(R"("}]})");

    const Answer answer = ask(body);

    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(upstream().last().body == body);
}

TEST_F(MessagesFlow, SwapsTheCredentialsInBothDirections) {
    upstream().next(
        Script::body(200, "content-type: application/json\r\nx-api-key: " + std::string(provider_key) + "\r\n", "{}"));
    const Answer answer = ask(ask_for("claude-sonnet-5"));
    const Asked asked = upstream().last();

    EXPECT_EQ(asked.headers.value("x-api-key"), provider_key);
    EXPECT_EQ(asked.headers.count("authorization"), 0U);
    EXPECT_EQ(asked.wire.find(ada_.access), std::string::npos);
    std::string received = answer.body;
    answer.headers.append_to(received);
    EXPECT_EQ(received.find(provider_key), std::string::npos);
}

TEST_F(MessagesFlow, TakesTheDevelopersCredentialAsAnApiKeyToo) {
    const Answer answer = HttpConnection(gateway_->port())
                              .ask("POST", "/v1/messages", {{"x-api-key", ada_.access}}, ask_for("claude-sonnet-5"));

    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(upstream().last().headers.count("x-api-key"), 1U);
    EXPECT_EQ(upstream().last().headers.value("x-api-key"), provider_key);
}

TEST_F(MessagesFlow, ForwardsWhatIsTheProvidersAndNothingElse) {
    http::Headers all = headers();
    all.add("anthropic-beta", "one-2026-01-01,two-2026-02-02");
    all.add("anthropic-something-new", "as it is");
    all.add("x-stainless-lang", "js");
    all.add("user-agent", "claude-cli/2.1");
    all.add("cookie", "gh_session=mine");
    all.add("x-forwarded-for", "10.1.2.3");
    all.add("x-app", "cli");
    all.add("x-claude-code-session-id", "c0ffee");
    HttpConnection(gateway_->port()).ask("POST", "/v1/messages", all, ask_for("claude-sonnet-5"));
    const http::Headers seen = upstream().last().headers;

    EXPECT_EQ(seen.value("anthropic-version"), "2023-06-01");
    EXPECT_EQ(seen.value("anthropic-beta"), "one-2026-01-01,two-2026-02-02");
    EXPECT_EQ(seen.value("anthropic-something-new"), "as it is");
    EXPECT_EQ(seen.value("x-stainless-lang"), "js");
    EXPECT_EQ(seen.value("content-type"), "application/json");
    EXPECT_EQ(seen.value("user-agent"), "claude-cli/2.1 cc-gateway/" GATEHOUSE_VERSION);
    for (const char* name : {"cookie", "x-forwarded-for", "x-app", "x-claude-code-session-id", "transfer-encoding"})
        EXPECT_EQ(seen.count(name), 0U) << name;
}

TEST_F(MessagesFlow, KeepsTheProvidersAccountToItself) {
    const Answer answer = ask(ask_for("claude-sonnet-5"));

    EXPECT_EQ(answer.body, joined(answer_events()));
    for (const auto& line : answer.headers)
        EXPECT_FALSE(line.name.starts_with("anthropic-ratelimit")) << line.name;
    EXPECT_EQ(answer.header("request-id"), answer.header("x-request-id"));
    EXPECT_EQ(answer.header("request-id").size(), 36U);
    EXPECT_EQ(answer.header("x-content-type-options"), "nosniff");
}

TEST_F(MessagesFlow, LeavesTheProvidersRefusalsAlone) {
    const std::string refusal =
        "{ \"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"max_tokens: too \\u2026\"} "
        "}\n";
    upstream().next(Script::json(400, refusal));
    const Answer bad = ask(ask_for("claude-sonnet-5"));

    EXPECT_EQ(bad.status, 400);
    EXPECT_EQ(bad.body, refusal);
    EXPECT_EQ(bad.header("content-type"), "application/json");

    const std::string overloaded = R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})";
    upstream().next(Script::json(529, overloaded));
    const Answer busy = ask(ask_for("claude-sonnet-5"));

    EXPECT_EQ(busy.status, 529);
    EXPECT_EQ(busy.body, overloaded);
}

TEST_F(MessagesFlow, SplicesADatedModelIdAndMovesNothingElse) {
    const std::string before = "{ \"temperature\":1.0 ,\"model\" :  \"";
    const std::string after =
        "\", \"messages\":[{\"role\":\"user\",\"content\":\"claude-haiku-4-5\"}],\"n\":9007199254740993}";

    const Answer answer = ask(before + "Claude-Haiku-4-5" + after);

    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(upstream().last().body, before + "claude-haiku-4-5-20251001" + after);
    EXPECT_EQ(upstream().last().headers.value("content-length"), std::to_string(upstream().last().body.size()));
}

TEST_F(MessagesFlow, AnswersWithoutStreamingToo) {
    const std::string whole =
        R"({"id":"msg_2","type":"message","content":[],"usage":{"input_tokens":2,"output_tokens":1}})";
    upstream().next(Script::json(200, whole));

    const Answer answer = ask(ask_for("claude-sonnet-5", false));

    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, whole);
    EXPECT_EQ(answer.header("content-length"), std::to_string(whole.size()));
}

TEST_F(MessagesFlow, CountsTokensByTheSameRules) {
    upstream().next(Script::json(200, R"({"input_tokens":42})"));
    const Answer counted = ask(ask_for("claude-haiku-4-5"), "/v1/messages/count_tokens?beta=true");
    const Asked asked = upstream().last();
    const Answer refused = ask(ask_for("claude-opus-5"), "/v1/messages/count_tokens");

    EXPECT_EQ(counted.body, R"({"input_tokens":42})");
    EXPECT_EQ(asked.line, "POST /v1/messages/count_tokens?beta=true HTTP/1.1");
    EXPECT_EQ(asked.body, ask_for("claude-haiku-4-5-20251001"));
    EXPECT_EQ(refused.status, 400);
}

TEST_F(MessagesFlow, ServesSeveralRequestsOnOneConnectionInTheirOrder) {
    HttpConnection client(gateway_->port());
    upstream().next(Script::json(200, R"({"n":1})"));
    upstream().next(Script::json(200, R"({"n":2})"));

    client.send("POST", "/v1/messages", headers(), ask_for("claude-sonnet-5"));
    client.send("POST", "/v1/messages", headers(), ask_for("claude-sonnet-5"));

    EXPECT_EQ(client.read().body, R"({"n":1})");
    EXPECT_EQ(client.read().body, R"({"n":2})");
}

TEST_F(MessagesFlow, DropsHeadersThatEndAtTheHopAndThoseOfTheProvidersOrigin) {
    upstream().next(Script::body(200,
                                 "content-type: application/json\r\nSet-Cookie: a=b\r\nLocation: http://elsewhere\r\n"
                                 "Keep-Alive: timeout=5\r\nProxy-Authenticate: Basic\r\nConnection: x-mine\r\n"
                                 "X-Mine: 1\r\nx-kept: yes\r\n",
                                 "{}"));
    const Answer answer = ask(ask_for("claude-sonnet-5"));

    EXPECT_EQ(answer.header("x-kept"), "yes");
    for (const char* name : {"set-cookie", "location", "keep-alive", "proxy-authenticate", "x-mine"})
        EXPECT_EQ(answer.headers.count(name), 0U) << name;
}

// ---- what is refused

struct Refusal {
    const char* body;
    const char* message;
};

TEST_F(MessagesFlow, RefusesBodiesInTheContractsWords) {
    const std::vector<Refusal> refusals{
        {R"({"model":"claude-opus-5","messages":[]})",
         "model claude-opus-5 is not in your role's availableModels allowlist"},
        {R"({"model":"claude-sonnet-99","messages":[]})",
         "model claude-sonnet-99 is not in the operator's model allowlist"},
        {R"({"messages":[]})", "model is required"},
        {R"({"model":7,"messages":[]})", "model must be a string"},
        {R"({"model":"claude-sonnet-5",)", "invalid JSON"},
        {R"(["claude-sonnet-5"])", "request body must be a JSON object"},
    };
    HttpConnection client(gateway_->port());
    for (const Refusal& refusal : refusals) {
        const Answer answer = client.ask("POST", "/v1/messages", headers(), refusal.body);
        const auto envelope = json::parse(answer.body);

        ASSERT_EQ(answer.status, 400) << refusal.body;
        ASSERT_TRUE(envelope) << answer.body;
        EXPECT_EQ(json::find_string(*json::find(*envelope, "error"), "type"), "invalid_request_error");
        EXPECT_EQ(json::find_string(*json::find(*envelope, "error"), "message"), refusal.message);
        EXPECT_EQ(json::find_string(*envelope, "request_id"), answer.header("x-request-id"));
    }
    EXPECT_EQ(upstream().count(), 0U);
}

TEST_F(MessagesFlow, RefusesASecondModelHoweverItIsSpelt) {
    const Answer plain = ask(R"({"model":"claude-sonnet-5","messages":[],"model":"claude-opus-5"})");
    const Answer escaped = ask(R"({"model":"claude-sonnet-5","messages":[],"mode\u006c":"claude-opus-5"})");

    EXPECT_EQ(plain.status, 400);
    EXPECT_EQ(escaped.status, 400);
    EXPECT_EQ(upstream().count(), 0U);
}

TEST_F(MessagesFlow, AsksForACredentialBeforeItSaysWhatExists) {
    HttpConnection client(gateway_->port());
    for (const char* target :
         {"/v1/messages", "/v1/messages/count_tokens", "/v1/models", "/nowhere", "/v1/messages/"}) {
        const bool models = std::string_view(target) == "/v1/models";
        const Answer answer = client.ask(models ? "GET" : "POST", target);
        const auto envelope = json::parse(answer.body);

        EXPECT_EQ(answer.status, 401) << target;
        ASSERT_TRUE(envelope) << answer.body;
        EXPECT_EQ(json::find_string(*json::find(*envelope, "error"), "type"), "authentication_error");
        EXPECT_EQ(answer.header("x-should-retry"), "false") << target;
    }
    EXPECT_EQ(client.get("/nowhere", ada_.bearer()).status, 404);
    EXPECT_EQ(client.get("/nowhere", ada_.bearer()).body, "not found");
    EXPECT_EQ(client.get("/v1/messages", ada_.bearer()).status, 404);
    EXPECT_EQ(upstream().count(), 0U);
}

TEST_F(MessagesFlow, RefusesTokensThatAreNotItsOwn) {
    std::string forged = ada_.access;
    forged.back() = forged.back() == 'A' ? 'B' : 'A';
    forged[forged.size() - 10] = forged[forged.size() - 10] == 'A' ? 'B' : 'A';
    for (const std::string& value : {forged, std::string("eyJhbGciOiJub25lIn0.e30."), std::string(provider_key)}) {
        const Answer answer =
            HttpConnection(gateway_->port())
                .ask("POST", "/v1/messages", {{"authorization", "Bearer " + value}}, ask_for("claude-sonnet-5"));
        EXPECT_EQ(answer.status, 401) << value;
    }
    EXPECT_EQ(upstream().count(), 0U);
}

TEST_F(MessagesFlow, AnswersAClientThatSendsAWholeBodyInVain) {
    // A client that writes first and reads then must find the refusal, not a reset.
    const std::string body(std::size_t{34} << 20U, ' ');
    const Answer large = HttpConnection(gateway_->port()).ask("POST", "/v1/messages", headers(), body);
    const Answer stranger =
        HttpConnection(gateway_->port()).ask("POST", "/v1/messages", {}, std::string_view(body).substr(0, 8U << 20U));

    EXPECT_EQ(large.status, 413);
    EXPECT_EQ(stranger.status, 401);
    EXPECT_NE(large.body.find("request_too_large"), std::string::npos) << large.body;
}

TEST_F(MessagesFlow, RefusesBodiesThatItCannotMeasureOrHold) {
    HttpConnection client(gateway_->port());
    http::Headers chunked = headers();
    chunked.add("transfer-encoding", "chunked");
    RawClient raw(gateway_->port());
    std::string text = "POST /v1/messages HTTP/1.1\r\nHost: x\r\n";
    chunked.append_to(text);
    raw.send(text.append("\r\n2\r\n{}\r\n0\r\n\r\n"));
    EXPECT_TRUE(raw.read_until("\r\n").starts_with("HTTP/1.1 411 "));

    RawClient large(gateway_->port());
    text = "POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 33554433\r\n";
    headers().append_to(text);
    large.send(text.append("\r\n"));  // nothing of the body: the length alone decides
    EXPECT_TRUE(large.read_until("\r\n").starts_with("HTTP/1.1 413 "));
    EXPECT_EQ(upstream().count(), 0U);
}

}  // namespace
}  // namespace gatehouse::testing

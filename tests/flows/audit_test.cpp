// SPDX-License-Identifier: Apache-2.0
// The audit trail of a whole run, and what must be nowhere in anything that the gateway writes or counts.
#include <gtest/gtest.h>

#include "tests/flows/world.h"

namespace gatehouse::testing {
namespace {

class AuditFlow : public ::testing::Test {
  protected:
    AuditFlow() {
        Config config = world_.config();
        config.more = "log_level: debug\n";
        config.policies =
            "    - match: { groups: [engineering] }\n      cli: { availableModels: [sonnet, haiku] }\n"
            "    - match: {}\n      cli: { availableModels: [] }\n";
        gateway_ = world_.serve(config);
    }

    /// The last line of that event, as JSON; waits for it.
    json::bj::value event(std::string_view name, std::size_t from = 0) {
        const std::string line =
            gateway_->line_with(ChildProcess::Stream::out, "\"evt\":\"" + std::string(name) + "\"", from);
        return json::parse(line).value();
    }
    static std::string text(const json::bj::value& line, std::string_view name) {
        return std::string(json::find_string(line, name).value_or("(nothing)"));
    }

    World world_;
    std::unique_ptr<GatehouseProcess> gateway_;
};

TEST_F(AuditFlow, WritesOneLineForAnInference) {
    const Tokens ada = world_.sign_in(gateway_->port(), "demo-ada");
    http::Headers headers = ada.bearer();
    headers.add("x-claude-code-session-id", "11111111-2222-3333-4444-555555555555");
    headers.add("x-claude-code-agent-id", "agent-7");
    headers.add("x-claude-code-parent-agent-id", "agent-1");
    const Answer answer =
        HttpConnection(gateway_->port()).ask("POST", "/v1/messages?beta=true", headers, ask_for("Claude-Haiku-4-5"));
    const auto line = event("inference");

    EXPECT_EQ(text(line, "request_id"), answer.header("x-request-id"));
    EXPECT_EQ(text(line, "sub"), "demo-ada");
    EXPECT_EQ(text(line, "email"), "ada@demo.example");
    EXPECT_EQ(text(line, "credential"), "session");
    EXPECT_EQ(text(line, "credential_id"), claim(ada.access, "sid"));
    EXPECT_EQ(text(line, "address"), "127.0.0.1");
    EXPECT_EQ(text(line, "path"), "/v1/messages");
    EXPECT_NE(text(line, "policy"), "(nothing)");
    EXPECT_EQ(text(line, "model"), "Claude-Haiku-4-5");
    EXPECT_EQ(text(line, "upstream"), "anthropic");
    EXPECT_EQ(text(line, "upstream_model"), "claude-haiku-4-5-20251001");
    EXPECT_EQ(text(line, "upstream_request_id"), "req_upstream");
    EXPECT_EQ(text(line, "session_id"), "11111111-2222-3333-4444-555555555555");
    EXPECT_EQ(text(line, "agent_id"), "agent-7");
    EXPECT_EQ(text(line, "parent_agent_id"), "agent-1");
    EXPECT_EQ(json::find_integer(line, "status"), 200);
    EXPECT_EQ(json::find_bool(line, "stream"), true);
    EXPECT_EQ(json::find_integer(line, "input_tokens"), 11);
    EXPECT_EQ(json::find_integer(line, "output_tokens"), 7);
    EXPECT_EQ(json::find_integer(line, "cache_read_tokens"), 5);
    EXPECT_EQ(json::find_integer(line, "cache_write_tokens"), 3);
    EXPECT_TRUE(json::find_integer(line, "ms"));
    EXPECT_TRUE(json::find_string(line, "ts"));
}

TEST_F(AuditFlow, WritesALineForARefusalToo) {
    const Tokens ada = world_.sign_in(gateway_->port(), "demo-ada");
    post_messages(gateway_->port(), ada, ask_for("claude-opus-5"));
    const auto refused = event("inference");
    const std::size_t before = gateway_->out().size();
    post_messages(gateway_->port(), Tokens{"nonsense", ""});
    const auto stranger = event("inference", before);

    EXPECT_EQ(json::find_integer(refused, "status"), 400);
    EXPECT_EQ(text(refused, "reason"), "model_not_in_policy");
    EXPECT_EQ(text(refused, "model"), "claude-opus-5");
    EXPECT_EQ(text(refused, "sub"), "demo-ada");
    EXPECT_EQ(json::find_integer(refused, "input_tokens"), 0);
    EXPECT_EQ(json::find_integer(stranger, "status"), 401);
    EXPECT_EQ(text(stranger, "reason"), "token_invalid");
}

TEST_F(AuditFlow, FollowsASignInFromItsBeginningToItsEnd) {
    const Tokens ada = world_.sign_in(gateway_->port(), "demo-ada");
    world_.refresh(gateway_->port(), ada);
    HttpConnection(gateway_->port()).ask("POST", "/oauth/revoke", {}, http::encode_form({{"token", ada.refresh}}));

    for (const char* name :
         {"device.authorize", "device.verify", "device.callback", "session.mint", "session.refresh", "session.revoke"})
        EXPECT_EQ(text(event(name), "result"), "success") << name;
    EXPECT_EQ(text(event("session.mint"), "sub"), "demo-ada");
    EXPECT_EQ(text(event("session.mint"), "email"), "ada@demo.example");
}

/// Everything that may go wrong or right once, at the most talkative level.
TEST_F(AuditFlow, HoldsNoSecretNoPromptAndNoAnswerAnywhere) {
    std::vector<std::string> secrets{std::string(provider_key), std::string(client_secret), std::string(session_secret),
                                     std::string(question), std::string(answer_text)};
    const Tokens ada = world_.sign_in(gateway_->port(), "demo-ada");
    const Answer refreshed = world_.refresh(gateway_->port(), ada);
    const Tokens later{text_of(refreshed, "access_token"), text_of(refreshed, "refresh_token")};
    Browser browser = world_.browse(gateway_->port(), "demo-ada");
    const std::string page =
        browser.post("/access/keys", http::encode_form({{"name", "a script"}, {"days", "7"}})).body;
    const std::string key = page.substr(page.find("ghk_"), 47);
    const Answer begun = HttpConnection(gateway_->port()).ask("POST", "/oauth/device_authorization");
    for (const std::string& each : {ada.access, ada.refresh, later.access, later.refresh, key,
                                    browser.cookie("gh_session"), text_of(begun, "device_code")}) {
        ASSERT_GT(each.size(), 20U);
        // The part behind the last dot of a token is its signature: enough to recognise it by, wherever it was cut.
        secrets.push_back(each.substr(each.rfind('.') == std::string::npos ? 0 : each.rfind('.') + 1));
    }

    HttpConnection client(gateway_->port());
    const http::Headers as_key{{"x-api-key", key}};
    world_.upstream.next(streamed(answer_events()));
    client.ask("POST", "/v1/messages", later.bearer(), ask_for("claude-sonnet-5"));
    world_.upstream.next(Script::json(200, R"({"content":")" + std::string(answer_text) + R"("})"));
    client.ask("POST", "/v1/messages", as_key, ask_for("claude-sonnet-5", false));
    world_.upstream.next(Script::json(401, R"({"error":"bad key )" + std::string(provider_key) + R"("})"));
    client.ask("POST", "/v1/messages", as_key, ask_for("claude-sonnet-5"));
    world_.upstream.next(Script::stream().chunk(answer_events()[3]).close());
    client.ask("POST", "/v1/messages", as_key, ask_for("claude-sonnet-5"));
    client.ask("POST", "/v1/messages", as_key, std::string(question));  // not JSON
    client.ask("POST", "/v1/messages", later.bearer(), ask_for(question));
    client.ask("POST", "/v1/messages/count_tokens", as_key, ask_for("claude-sonnet-5"));
    http::Headers both = later.bearer();
    both.add("x-api-key", key);
    EXPECT_EQ(client.ask("POST", "/v1/messages", both, ask_for("claude-sonnet-5")).status, 401);
    world_.idp.set_down(true);
    world_.refresh(gateway_->port(), later);
    world_.idp.set_down(false);
    client.ask("POST", "/oauth/token", {},
               http::encode_form({{"grant_type", "refresh_token"}, {"refresh_token", key}}));
    const std::string metrics = client.get("/metrics").body;
    EXPECT_NE(metrics.find("gatehouse_tokens_total"), std::string::npos);
    EXPECT_EQ(gateway_->terminate(), 0) << gateway_->err();

    const std::string everything = gateway_->everything() + metrics;
    std::erase(secrets, std::string(question));  // below: as a model's name it is the client's own spelling
    for (const std::string& each : secrets)
        EXPECT_EQ(everything.find(each), std::string::npos) << each;
    for (const std::string& line : ChildProcess::lines_with(everything, question))
        EXPECT_NE(line.find("\"model\":\"" + std::string(question) + "\""), std::string::npos) << line;
    for (const std::string& line : ChildProcess::lines_with(gateway_->out(), "")) {
        const auto parsed = json::parse(line);
        ASSERT_TRUE(parsed) << line;
        EXPECT_TRUE(json::find_string(*parsed, "evt")) << line;
    }
    for (const std::string& line : ChildProcess::lines_with(gateway_->err(), ""))
        EXPECT_TRUE(json::parse(line)) << line;
}

}  // namespace
}  // namespace gatehouse::testing

// SPDX-License-Identifier: Apache-2.0
#include "gateway/upstream/anthropic.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

namespace gatehouse::upstream {
namespace {

constexpr std::string_view our_agent = "cc-gateway/" GATEHOUSE_VERSION;

AnthropicSettings settings(std::string_view base = "https://api.anthropic.com") {
    AnthropicSettings result;
    result.name = "main";
    result.base_url = *http::parse_url(base);
    result.api_key = Secret("sk-organization");
    return result;
}

http::Outbound prepare(const AnthropicSettings& with, const http::Headers& client, std::string_view query = "") {
    Call call;
    call.path = "/v1/messages";
    call.query = query;
    call.client_headers = &client;
    call.body = {"{", "}"};
    call.subject = "sub-1";
    call.email = "ada@example.com";
    call.first_byte_timeout = std::chrono::milliseconds{1234};
    return Anthropic(with).prepare(call);
}

std::set<std::string> names_of(const http::Headers& headers) {
    std::set<std::string> names;
    for (const http::Header line : headers)
        names.emplace(line.name);
    return names;
}

TEST(Anthropic, SendsEveryAnthropicHeaderByteForByteAndTheOrganizationsKey) {
    const http::Headers client{{"Content-Type", "application/json; charset=UTF-8"},
                               {"anthropic-version", "2023-06-01"},
                               {"Anthropic-Beta", "a-2025-01-01,  b-2026-02-02"},
                               {"anthropic-beta", "c"},
                               {"anthropic-something-new", "\xC3\xA9 = yes "},
                               {"X-Stainless-Lang", "js"},
                               {"Accept", "application/json"},
                               {"User-Agent", "claude-cli/2.1 (external)"}};
    const auto outbound = prepare(settings(), client);
    std::string wire;
    outbound.headers.append_to(wire);
    EXPECT_EQ(wire,
              "Content-Type: application/json; charset=UTF-8\r\n"
              "anthropic-version: 2023-06-01\r\n"
              "Anthropic-Beta: a-2025-01-01,  b-2026-02-02\r\n"
              "anthropic-beta: c\r\n"
              "anthropic-something-new: \xC3\xA9 = yes \r\n"
              "X-Stainless-Lang: js\r\n"
              "Accept: application/json\r\n"
              "user-agent: claude-cli/2.1 (external) " +
                  std::string(our_agent) +
                  "\r\n"
                  "accept-encoding: identity\r\n"
                  "x-api-key: sk-organization\r\n");
}

TEST(Anthropic, TakesTheBetaValueOfTheRequestTagsAlongWhenTheyAreGone) {
    const auto betas = [](std::string_view value, bool drops_tags) {
        const http::Headers client{{"anthropic-beta", value}, {"anthropic-beta", "second-line"}};
        Call call;
        call.client_headers = &client;
        call.drops_tags = drops_tags;
        return Anthropic(settings()).prepare(call).headers.joined("anthropic-beta");
    };
    EXPECT_EQ(betas("a,request-tags-2026-08-21,b", true), "a,b, second-line");
    EXPECT_EQ(betas("request-tags-2026-08-21 , b,  c", true), "b,c, second-line");
    EXPECT_EQ(betas("a ,\trequest-tags-2026-08-21", true), "a, second-line");
    EXPECT_EQ(betas("request-tags-2026-08-21", true), "second-line");
    EXPECT_EQ(betas("request-tags-2026-08-21,, request-tags-2026-08-21", true), "second-line");
    EXPECT_EQ(betas("a,  b , request-tags-2026-08-22", true), "a,  b , request-tags-2026-08-22, second-line");
    EXPECT_EQ(betas("a,request-tags-2026-08-21,b", false), "a,request-tags-2026-08-21,b, second-line");
}

TEST(Anthropic, SendsNothingElseOfTheClient) {
    const http::Headers client{{"Authorization", "Bearer developer"},
                               {"X-Api-Key", "developer"},
                               {"Cookie", "a=b"},
                               {"X-Forwarded-For", "10.0.0.1"},
                               {"Forwarded", "for=10.0.0.1"},
                               {"X-App", "cli"},
                               {"X-Claude-Code-Session-Id", "s"},
                               {"Host", "gateway"},
                               {"Content-Length", "2"},
                               {"Transfer-Encoding", "chunked"},
                               {"Connection", "keep-alive, anthropic-hop"},
                               {"anthropic-hop", "1"},
                               {"anthropic-", "no name"},
                               {"Keep-Alive", "5"},
                               {"TE", "trailers"},
                               {"Upgrade", "h2c"},
                               {"Proxy-Authorization", "Basic eA=="},
                               {"Accept-Encoding", "gzip, br"},
                               {"Expect", "100-continue"},
                               {"x-litellm-end-user-id", "mallory"}};
    const auto outbound = prepare(settings(), client);
    EXPECT_EQ(names_of(outbound.headers), (std::set<std::string>{"user-agent", "accept-encoding", "x-api-key"}));
    EXPECT_EQ(outbound.headers.value("user-agent"), our_agent);
    EXPECT_EQ(outbound.headers.value("accept-encoding"), "identity");
    std::string wire;
    outbound.headers.append_to(wire);
    EXPECT_EQ(wire.find("developer"), std::string::npos);
}

TEST(Anthropic, SendsAnOauthTokenAsBearerInsteadOfAKey) {
    AnthropicSettings with = settings();
    with.api_key = {};
    with.oauth_token = Secret("oat-1");
    const auto outbound = prepare(with, {{"x-api-key", "developer"}});
    EXPECT_EQ(outbound.headers.value("authorization"), "Bearer oat-1");
    EXPECT_EQ(outbound.headers.count("authorization"), 1U);
    EXPECT_EQ(outbound.headers.count("x-api-key"), 0U);
}

TEST(Anthropic, PutsThePathBehindTheBaseUrlsAndKeepsTheQuery) {
    EXPECT_EQ(prepare(settings(), {}).target, "/v1/messages");
    EXPECT_EQ(prepare(settings(), {}, "beta=true&x=%20").target, "/v1/messages?beta=true&x=%20");
    EXPECT_EQ(prepare(settings("https://proxy.example.com/team/a/"), {}, "beta=true").target,
              "/team/a/v1/messages?beta=true");
    EXPECT_EQ(prepare(settings("https://proxy.example.com/?k=v"), {}, "beta=true").target,
              "/v1/messages?k=v&beta=true");
    const auto outbound = prepare(settings("http://127.0.0.1:9000"), {});
    EXPECT_EQ(outbound.url.host, "127.0.0.1");
    EXPECT_EQ(outbound.url.port, 9000);
    EXPECT_EQ(outbound.method, "POST");
    EXPECT_EQ(outbound.head_timeout, std::chrono::milliseconds{1234});
    EXPECT_EQ(outbound.idle_timeout, std::chrono::milliseconds{0});
    EXPECT_EQ(outbound.body.size(), 2U);
}

TEST(Anthropic, NamesTheDeveloperOnlyWhereTheOperatorAskedForIt) {
    EXPECT_EQ(prepare(settings(), {}).headers.count("x-claude-gateway-user-id"), 0U);
    AnthropicSettings with = settings();
    with.forward_user_identity = true;
    const auto outbound = prepare(with, {});
    EXPECT_EQ(outbound.headers.value("x-litellm-end-user-id"), "ada@example.com");
    EXPECT_EQ(outbound.headers.value("x-claude-gateway-user-id"), "sub-1");
    EXPECT_EQ(outbound.headers.value("x-claude-gateway-user-email"), "ada@example.com");
}

TEST(Anthropic, LeavesAnAbsentOrUnsafeIdentityOut) {
    AnthropicSettings with = settings();
    with.forward_user_identity = true;
    const http::Headers client;
    Call call;
    call.client_headers = &client;
    call.subject = "sub-1";
    EXPECT_EQ(names_of(Anthropic(with).prepare(call).headers),
              (std::set<std::string>{"user-agent", "accept-encoding", "x-api-key", "x-claude-gateway-user-id"}));
    call.email = "ada@example.com\r\nx-api-key: other";
    EXPECT_EQ(Anthropic(with).prepare(call).headers.count("x-litellm-end-user-id"), 0U);
    EXPECT_EQ(Anthropic(with).prepare(call).headers.count("x-claude-gateway-user-email"), 0U);
}

TEST(Anthropic, FailsOverOnTheContractsStatusesOnly) {
    const Anthropic provider(settings());
    for (const int status : {401, 403, 404, 429, 500, 501, 502, 503, 504, 529, 599})
        EXPECT_TRUE(provider.fails_over(status)) << status;
    for (const int status : {200, 201, 204, 301, 302, 304, 307, 400, 402, 405, 408, 409, 410, 413, 422, 431})
        EXPECT_FALSE(provider.fails_over(status)) << status;
}

}  // namespace
}  // namespace gatehouse::upstream

// SPDX-License-Identifier: Apache-2.0
#include "gateway/cli/oauth.h"

#include <algorithm>
#include <boost/json/value.hpp>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/base/json.h"
#include "gateway/http/form.h"

namespace gatehouse::cli {
namespace {

namespace bj = boost::json;

constexpr std::string_view client_id = "gatehouse-cli";
constexpr std::string_view device_grant = "urn:ietf:params:oauth:grant-type:device_code";
constexpr std::size_t largest_answer = std::size_t{256} << 10U;
constexpr std::chrono::milliseconds patience{15'000};

Error nonsense(const std::string& gateway, std::string_view what) {
    return Error::upstream_rejected(Reason::upstream_malformed, gateway + " " + std::string(what));
}

Error unreachable(const http::Url& url, const Error& cause) {
    const std::string& why = cause.detail.empty() ? cause.message : cause.detail;
    return Error::unavailable(cause.reason, "cannot reach " + url.origin() + ": " + why);
}

bool is_printable(std::string_view text) {
    return std::ranges::all_of(text, [](char letter) { return letter > 0x20 && letter < 0x7F; });
}

/// For a terminal: an escape sequence of the gateway's making must not reach it.
std::string without_controls(std::string_view text) {
    std::string safe;
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        // U+0080 to U+009F: terminals take them as controls too. JSON strings are UTF-8, so that C2 begins no other.
        if (!safe.empty() && safe.back() == '\xC2' && byte >= 0x80 && byte < 0xA0)
            safe.pop_back();
        else if (byte >= 0x20 && byte != 0x7F)
            safe.push_back(letter);
    }
    return safe;
}

std::string member(const bj::value& value, std::string_view name) {
    return std::string(json::find_string(value, name).value_or(std::string_view{}));
}

std::chrono::seconds seconds_in(const bj::value& value, std::string_view name, long long otherwise,
                                long long most = 31'536'000) {
    return std::chrono::seconds{std::clamp(json::find_integer(value, name).value_or(otherwise), 0LL, most)};
}

/// A stored or discovered endpoint belongs to the gateway itself, so a token is never sent anywhere else.
bool is_below(const std::string& endpoint, const http::Url& gateway) {
    const auto url = http::parse_url(endpoint);
    return url && url->origin() == gateway.origin();
}

Refused to_refused(const bj::value& body) {
    return {without_controls(member(body, "error")), without_controls(member(body, "error_description"))};
}

std::optional<Tokens> to_tokens(const bj::value& body) {
    Tokens tokens{.access_token = member(body, "access_token"),
                  .refresh_token = member(body, "refresh_token"),
                  .expires_in = seconds_in(body, "expires_in", 0)};
    const bool usable = !tokens.access_token.empty() && is_printable(tokens.access_token) &&
                        http::same_token(member(body, "token_type"), "bearer") && tokens.expires_in.count() > 0;
    return usable ? std::optional(std::move(tokens)) : std::nullopt;
}

}  // namespace

struct OauthClient::Answer {
    http::Url url;
    int status = 0;
    bj::value body;  ///< null when it was no JSON
};

Result<http::Url> parse_gateway_url(std::string text) {
    auto url = http::parse_url(text);
    const auto refuse = [&text](const std::string& why) {
        return fail(Error::bad_request(Reason::malformed_request, "the gateway's address \"" + text + "\" " + why));
    };
    if (!url) return refuse(url.error().message);
    if (!url->secure && !url->is_loopback())
        return refuse("must begin with https:// (http:// is for this machine only)");
    if ((!url->path.empty() && url->path != "/") || !url->query.empty())
        return refuse("must not have a path, such as https://gatehouse.example.com");
    return url;
}

Task<OauthClient::Answer> OauthClient::exchange(const http::Outbound& outbound) {
    auto reply = co_await client_.send(outbound);
    if (!reply) co_return fail(unreachable(outbound.url, reply.error()));
    const auto text = co_await http::read_all(*reply->body, largest_answer);
    if (!text) co_return fail(unreachable(outbound.url, text.error()));
    co_return Answer{outbound.url, reply->status, json::parse(*text).value_or(bj::value{})};
}

Task<OauthClient::Answer> OauthClient::post(std::string endpoint, Fields fields) {
    const auto url = http::parse_url(endpoint);
    if (!url) co_return fail(nonsense(endpoint, url.error().message));
    const std::string form = http::encode_form(fields);
    http::Outbound outbound{
        .url = *url, .method = "POST", .target = url->target(), .head_timeout = patience, .idle_timeout = patience};
    outbound.headers.add("content-type", "application/x-www-form-urlencoded");
    outbound.headers.add("accept", "application/json");
    outbound.headers.add("user-agent", user_agent_);
    outbound.body.push_back(form);
    co_return co_await exchange(outbound);
}

Task<Endpoints> OauthClient::discover(http::Url gateway) {
    http::Outbound outbound{.url = gateway,
                            .method = "GET",
                            .target = "/.well-known/oauth-authorization-server",
                            .head_timeout = patience,
                            .idle_timeout = patience};
    outbound.headers.add("accept", "application/json");
    outbound.headers.add("user-agent", user_agent_);
    const auto answer = co_await exchange(outbound);
    if (!answer) co_return fail(answer.error());
    const std::string name = gateway.origin();
    if (answer->status != 200 || !answer->body.is_object())
        co_return fail(
            nonsense(name, "does not answer like a gateway (GET /.well-known/oauth-authorization-server gave " +
                               std::to_string(answer->status) + ")"));
    const std::string issuer = without_controls(member(answer->body, "issuer"));
    // RFC 8414, section 3.3: metadata that names another issuer must not be used.
    if (issuer != name) co_return fail(nonsense(name, "calls itself \"" + issuer + "\": use that address"));
    Endpoints endpoints{.device_authorization = member(answer->body, "device_authorization_endpoint"),
                        .token = member(answer->body, "token_endpoint"),
                        .revocation = member(answer->body, "revocation_endpoint")};
    if (!is_below(endpoints.device_authorization, gateway) || !is_below(endpoints.token, gateway))
        co_return fail(nonsense(name, "names endpoints that are not its own"));
    if (!is_below(endpoints.revocation, gateway)) endpoints.revocation.clear();
    co_return endpoints;
}

Task<DeviceAuthorization> OauthClient::authorize_device(std::string endpoint) {
    const auto answer = co_await post(endpoint, {{"client_id", std::string(client_id)}});
    if (!answer) co_return fail(answer.error());
    const std::string name = answer->url.origin();
    const bj::value& body = answer->body;
    if (answer->status == 429)
        co_return fail(Error::unavailable(
            Reason::too_many_attempts,
            name + " asks to try again later: " + without_controls(member(body, "error_description"))));
    DeviceAuthorization device{.device_code = member(body, "device_code"),
                               .user_code = member(body, "user_code"),
                               .verification_uri = member(body, "verification_uri"),
                               .verification_uri_complete = member(body, "verification_uri_complete"),
                               .notice = without_controls(member(body, "login_notice")),
                               .expires_in = seconds_in(body, "expires_in", 600),
                               .interval = seconds_in(body, "interval", 5, 60)};
    const bool showable = is_printable(device.user_code) && is_printable(device.verification_uri) &&
                          is_printable(device.verification_uri_complete);
    if (answer->status != 200 || device.device_code.empty() || device.user_code.empty() || !showable ||
        !http::parse_url(device.verification_uri))
        co_return fail(nonsense(name, "did not start a sign-in (status " + std::to_string(answer->status) + ")"));
    if (!http::parse_url(device.verification_uri_complete)) device.verification_uri_complete.clear();
    co_return device;
}

Task<TokenAnswer> OauthClient::ask_for_tokens(std::string endpoint, Fields fields) {
    const auto answer = co_await post(std::move(endpoint), std::move(fields));
    if (!answer) co_return fail(answer.error());
    const std::string name = answer->url.origin();
    if (answer->status == 200) {
        auto tokens = to_tokens(answer->body);
        if (!tokens) co_return fail(nonsense(name, "gave a token that makes no sense"));
        co_return TokenAnswer(std::move(*tokens));
    }
    Refused refused = to_refused(answer->body);
    // 5xx is a gateway (or what stands before it) in trouble, not a decision about the caller.
    if (answer->status >= 500)
        co_return fail(Error::unavailable(Reason::store_unreachable,
                                          name + " is in trouble (status " + std::to_string(answer->status) + ")"));
    if (refused.error.empty())
        co_return fail(nonsense(name, "gave no reason (status " + std::to_string(answer->status) + ")"));
    co_return TokenAnswer(std::move(refused));
}

Task<TokenAnswer> OauthClient::poll(std::string endpoint, std::string device_code) {
    Fields fields{{"grant_type", std::string(device_grant)},
                  {"device_code", std::move(device_code)},
                  {"client_id", std::string(client_id)}};
    co_return co_await ask_for_tokens(std::move(endpoint), std::move(fields));
}

Task<TokenAnswer> OauthClient::refresh(std::string endpoint, std::string refresh_token) {
    Fields fields{{"grant_type", "refresh_token"},
                  {"refresh_token", std::move(refresh_token)},
                  {"client_id", std::string(client_id)}};
    co_return co_await ask_for_tokens(std::move(endpoint), std::move(fields));
}

Task<> OauthClient::revoke(std::string endpoint, std::string token) {
    Fields fields{{"token", std::move(token)}, {"client_id", std::string(client_id)}};
    const auto answer = co_await post(std::move(endpoint), std::move(fields));
    if (!answer) co_return fail(answer.error());
    if (answer->status != 200)
        co_return fail(
            nonsense(answer->url.origin(), "did not end the session (status " + std::to_string(answer->status) + ")"));
    co_return Result<>{};
}

}  // namespace gatehouse::cli

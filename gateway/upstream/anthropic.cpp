// SPDX-License-Identifier: Apache-2.0
#include "gateway/upstream/anthropic.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "gateway/base/text.h"

namespace gatehouse::upstream {
namespace {

constexpr std::string_view agent = "cc-gateway/" GATEHOUSE_VERSION;

bool has_prefix(std::string_view name, std::string_view prefix) {
    return name.size() > prefix.size() && http::same_token(name.substr(0, prefix.size()), prefix);
}

/// An open list of prefixes rather than of headers: capabilities arrive as new `anthropic-*` headers, and a gateway
/// that knew them by name would break each on its release (llm-gateway-protocol, "Forward as open lists").
bool is_forwarded(std::string_view name) {
    return has_prefix(name, "anthropic-") || has_prefix(name, "x-stainless-") ||
           http::same_token(name, "content-type") || http::same_token(name, "accept");
}

/// Whether a value from the identity provider may stand in a header: control characters could end the line.
bool is_header_safe(std::string_view value) {
    return !value.empty() && !has_control(value);
}

/// Asks the provider to look at `tags` in the body.
constexpr std::string_view tags_beta = "request-tags-2026-08-21";

/// A comma-separated list without that value; untouched when the value is not in it.
std::string without_value(std::string_view list, std::string_view value) {
    std::string kept;
    bool found = false;
    for (std::size_t at = 0; at <= list.size();) {
        const std::size_t comma = std::min(list.find(',', at), list.size());
        const std::string_view each = trim(list.substr(at, comma - at));
        at = comma + 1;
        found = found || each == value;
        if (each.empty() || each == value) continue;
        if (!kept.empty()) kept.push_back(',');
        kept.append(each);
    }
    return found ? kept : std::string(list);
}

void add_client_headers(http::Headers& headers, const http::Headers& client, bool drops_tags) {
    for (const http::Header line : client) {
        // What `Connection` names ends at this hop (RFC 9110, section 7.6.1).
        if (!is_forwarded(line.name) || client.has_token("connection", line.name)) continue;
        if (!drops_tags || !http::same_token(line.name, "anthropic-beta")) {
            headers.add(line.name, line.value);
            continue;
        }
        const std::string betas = without_value(line.value, tags_beta);
        if (!betas.empty()) headers.add(line.name, betas);
    }
    std::string user_agent(client.value("user-agent"));
    if (!user_agent.empty()) user_agent.push_back(' ');
    headers.add("user-agent", user_agent.append(agent));
    // The meter reads the answer, so it must not be compressed (docs/decisions/0006-identity-encoding.md).
    headers.add("accept-encoding", "identity");
}

}  // namespace

Anthropic::Anthropic(AnthropicSettings settings) : settings_(std::move(settings)) {
    while (settings_.base_url.path.ends_with('/'))
        settings_.base_url.path.pop_back();
    if (!settings_.oauth_token.empty()) authorization_ = "Bearer " + settings_.oauth_token.reveal();
}

http::Outbound Anthropic::prepare(const Call& call) const {
    http::Outbound outbound;
    outbound.url = settings_.base_url;
    outbound.method = "POST";
    outbound.target = target_of(call);
    outbound.headers.reserve(24, 2048);
    if (call.client_headers != nullptr) add_client_headers(outbound.headers, *call.client_headers, call.drops_tags);
    add_credential(outbound.headers);
    if (settings_.forward_user_identity) add_identity(outbound.headers, call);
    outbound.body = call.body;
    outbound.head_timeout = call.first_byte_timeout;
    return outbound;
}

std::unique_ptr<http::Source> Anthropic::decode(http::Reply& reply) const {
    return std::move(reply.body);
}

bool Anthropic::fails_over(int status) const {
    return status == 401 || status == 403 || status == 404 || status == 429 || status >= 500;
}

std::string Anthropic::target_of(const Call& call) const {
    std::string target = settings_.base_url.path;
    target.append(call.path);
    char mark = '?';
    for (const std::string_view query : {std::string_view(settings_.base_url.query), call.query}) {
        if (query.empty()) continue;
        target.push_back(std::exchange(mark, '&'));
        target.append(query);
    }
    return target;
}

void Anthropic::add_credential(http::Headers& headers) const {
    if (authorization_.empty())
        headers.add("x-api-key", settings_.api_key.reveal());
    else
        headers.add("authorization", authorization_);
}

/// For a proxy that the operator runs and that attributes spend; never the provider itself (refused at start-up).
void Anthropic::add_identity(http::Headers& headers, const Call& call) const {
    if (is_header_safe(call.email)) headers.add("x-litellm-end-user-id", call.email);
    if (is_header_safe(call.subject)) headers.add("x-claude-gateway-user-id", call.subject);
    if (is_header_safe(call.email)) headers.add("x-claude-gateway-user-email", call.email);
}

}  // namespace gatehouse::upstream

// SPDX-License-Identifier: Apache-2.0
#include "gateway/messages/answer_headers.h"

#include <algorithm>
#include <array>

namespace gatehouse::messages {
namespace {

constexpr std::string_view account_prefix = "anthropic-ratelimit-";

constexpr auto dropped = std::to_array<std::string_view>({
    // This hop's (RFC 9110, section 7.6.1).
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    // Between us and the provider: an answer that echoed a credential must not bring it to the developer.
    "authorization",
    "x-api-key",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-authentication-info",
    "www-authenticate",
    "authentication-info",
    // The provider's origin, not ours.
    "set-cookie",
    "set-cookie2",
    "location",
    "alt-svc",
    "strict-transport-security",
    "clear-site-data",
    // Ours, on every response.
    "request-id",
    "x-request-id",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "cross-origin-opener-policy",
});

bool is_dropped(std::string_view name) {
    if (http::same_token(name.substr(0, account_prefix.size()), account_prefix)) return true;
    return std::ranges::any_of(dropped, [&](std::string_view each) { return http::same_token(each, name); });
}

}  // namespace

http::Headers answer_headers(const http::Headers& upstream, int status, std::string_view request_id) {
    const bool success = status >= 200 && status < 300;
    const bool keeps_retry_after = status == 429 || status >= 500;
    http::Headers headers;
    headers.reserve(upstream.size() + 1, 1024);
    for (const http::Header line : upstream) {
        if (is_dropped(line.name) || upstream.has_token("connection", line.name)) continue;
        if (http::same_token(line.name, "retry-after") && !keeps_retry_after) continue;
        if (http::same_token(line.name, "content-encoding") && http::same_token(line.value, "identity")) continue;
        headers.add(line.name, line.value);
    }
    if (success) headers.add("request-id", request_id);
    return headers;
}

}  // namespace gatehouse::messages

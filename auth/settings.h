// SPDX-License-Identifier: Apache-2.0
// What gateway.yaml's `oidc`, `session` and `rate_limits` become: resolved values with defaults, nothing to re-check.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/base/secret.h"
#include "gateway/http/url.h"

namespace gatehouse::auth {

/// What `extra_auth_params` must not set: our own parameters of the authorization request, and the two that would carry
/// a second set of them (JAR, RFC 9101).
constexpr bool is_own_authorization_parameter(std::string_view name) {
    constexpr auto names = std::to_array<std::string_view>({"response_type", "client_id", "redirect_uri", "scope",
                                                            "state", "nonce", "response_mode", "code_challenge",
                                                            "code_challenge_method", "request", "request_uri"});
    return std::ranges::find(names, name) != names.end();
}

struct OidcSettings {
    std::string issuer;  ///< exactly as configured: compared with `iss` byte for byte
    std::string client_id;
    Secret client_secret;
    std::vector<std::string> allowed_email_domains;  ///< lower case
    std::vector<std::string> allowed_groups;
    std::string groups_claim = "groups";                ///< key or JSON Pointer
    std::vector<std::string> email_claims = {"email"};  ///< keys or JSON Pointers, first present wins
    std::vector<std::string> scopes = {"openid", "profile", "email", "offline_access"};
    std::vector<std::pair<std::string, std::string>> extra_auth_params;
    bool userinfo_fallback = false;
    bool use_pkce = true;
    bool use_proxy = false;
    std::chrono::seconds clock_skew{0};
    std::string token_endpoint_auth_method;  ///< client_secret_basic | client_secret_post | "" (negotiated)
    std::string id_token_alg = "RS256";
    std::vector<std::string> additional_authorized_parties;
    std::string discovery_url;  ///< "" : issuer + /.well-known/openid-configuration
    std::vector<std::string> form_action_origins;
    std::string ca_cert_pem;

    bool operator==(const OidcSettings&) const = default;
};

struct SessionSettings {
    std::vector<Secret> jwt_secrets;  ///< the first signs, all verify
    std::chrono::seconds ttl{3600};

    bool operator==(const SessionSettings&) const = default;
};

struct RateLimit {
    std::int64_t max = 0;
    std::chrono::seconds window{0};
};

struct SignInSettings {
    http::Url public_url;
    std::string login_notice;
    RateLimit device_authorization{30, std::chrono::seconds{600}};
    RateLimit device_verify{10, std::chrono::seconds{600}};
};

}  // namespace gatehouse::auth

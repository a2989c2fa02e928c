// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "gateway/base/text.h"
#include "gateway/settings/sections.h"

namespace gatehouse::settings {
namespace {

void read_issuer(Section& oidc, const Context& context, auth::OidcSettings& settings) {
    settings.issuer = oidc.required_text("issuer").value_or("");
    if (settings.issuer.empty()) return;
    const auto issuer = oidc.url("issuer");
    if (!issuer) return;
    if (!issuer->query.empty()) oidc.refuse("issuer", "must not hold a query");
    check_target(oidc, "issuer", *issuer, context);
}

void read_discovery(Section& oidc, const Context& context, auth::OidcSettings& settings) {
    const auto url = oidc.url("discovery_url");
    if (!url) return;
    settings.discovery_url = oidc.text("discovery_url").value_or("");
    if (url->path.find("/.well-known/") == std::string::npos)
        oidc.refuse("discovery_url",
                    "must be the address of the discovery document itself, with /.well-known/ in its path");
    check_target(oidc, "discovery_url", *url, context);
}

void read_admission(Section& oidc, auth::OidcSettings& settings) {
    const auto domains = oidc.texts("allowed_email_domains").value_or(std::vector<std::string>{});
    for (std::size_t index = 0; index < domains.size(); ++index) {
        if (domains[index].empty()) continue;
        std::string domain = to_lower(domains[index]);
        if (domain.starts_with('@')) domain.erase(0, 1);
        if (domain.empty() || domain.find_first_of("@, \t") != std::string::npos)
            oidc.refuse_item("allowed_email_domains", index, "must be one bare domain such as example.com");
        settings.allowed_email_domains.push_back(std::move(domain));
    }
    settings.allowed_groups = oidc.texts("allowed_groups").value_or(std::vector<std::string>{});
    settings.groups_claim = oidc.text("groups_claim").value_or(settings.groups_claim);
    if (auto claims = oidc.text_or_texts("email_claim")) settings.email_claims = std::move(*claims);
    if (oidc.find("google_groups") != nullptr) oidc.refuse("google_groups", "is not supported yet");
}

void read_request(Section& oidc, auth::OidcSettings& settings) {
    if (auto scopes = oidc.texts("scopes")) {
        settings.scopes = std::move(*scopes);
        if (std::ranges::find(settings.scopes, "openid") == settings.scopes.end())
            oidc.refuse("scopes", "must include openid: without it there is no id_token");
    }
    settings.extra_auth_params = oidc.pairs("extra_auth_params");
    for (const auto& [name, value] : settings.extra_auth_params)
        if (auth::is_own_authorization_parameter(name))
            oidc.refuse("extra_auth_params", "must not set " + name + ", which the gateway sets itself");
    settings.userinfo_fallback = oidc.flag("userinfo_fallback").value_or(settings.userinfo_fallback);
    settings.use_pkce = oidc.flag("use_pkce").value_or(settings.use_pkce);
    settings.use_proxy = oidc.flag("use_proxy").value_or(settings.use_proxy);
    settings.token_endpoint_auth_method =
        oidc.word("token_endpoint_auth_method", {"client_secret_basic", "client_secret_post"}).value_or("");
}

void read_checks(Section& oidc, auth::OidcSettings& settings) {
    settings.clock_skew = std::chrono::seconds(oidc.whole("clock_skew_seconds", 0, 3'600).value_or(0));
    const auto algorithm = oidc.word("id_token_signed_response_alg", {"RS256", "RS384", "RS512", "PS256", "PS384",
                                                                      "PS512", "ES256", "ES384", "ES512", "EdDSA"});
    if (algorithm == "EdDSA") oidc.refuse("id_token_signed_response_alg", "EdDSA is not supported yet");
    settings.id_token_alg = algorithm.value_or(settings.id_token_alg);
    settings.additional_authorized_parties =
        oidc.texts("additional_authorized_parties").value_or(std::vector<std::string>{});
}

void read_origins(Section& oidc, auth::OidcSettings& settings) {
    const auto origins = oidc.texts("form_action_origins").value_or(std::vector<std::string>{});
    for (std::size_t index = 0; index < origins.size(); ++index) {
        if (origins[index].empty()) continue;
        const auto url = http::parse_url(origins[index]);
        // A wildcard or a path would open the page's form-action further than the operator meant.
        if (!url || !url->query.empty() || (!url->path.empty() && url->path != "/"))
            oidc.refuse_item("form_action_origins", index, "must be an origin such as https://adfs.example.com");
        else
            settings.form_action_origins.push_back(url->origin());
    }
    const auto pem = oidc.text("ca_cert_pem");
    if (pem && pem->find("-----BEGIN CERTIFICATE-----") == std::string::npos)
        oidc.refuse("ca_cert_pem", "must be the PEM text itself; for a file write ${file:/path/to/ca.pem}");
    settings.ca_cert_pem = pem.value_or("");
}

void read_oidc(Section& file, const Context& context, auth::OidcSettings& settings) {
    if (file.require("oidc") == nullptr) return;
    Section oidc = file.section("oidc");
    if (!oidc.present()) return;
    read_issuer(oidc, context, settings);
    settings.client_id = oidc.required_text("client_id").value_or("");
    settings.client_secret = Secret(oidc.required_text("client_secret").value_or(""));
    read_discovery(oidc, context, settings);
    read_admission(oidc, settings);
    read_request(oidc, settings);
    read_checks(oidc, settings);
    read_origins(oidc, settings);
    oidc.finish();
}

void read_session(Section& file, auth::SessionSettings& settings) {
    if (file.require("session") == nullptr) return;
    Section session = file.section("session");
    if (!session.present()) return;
    constexpr std::size_t least = 32;
    constexpr std::string_view too_short = "must be at least 32 bytes: openssl rand -base64 32 makes one";
    const YamlNode* written = session.require("jwt_secret");
    const auto secrets = session.text_or_texts("jwt_secret").value_or(std::vector<std::string>{});
    for (std::size_t index = 0; index < secrets.size(); ++index) {
        if (secrets[index].empty()) continue;
        if (secrets[index].size() >= least)
            settings.jwt_secrets.emplace_back(secrets[index]);
        else if (written != nullptr && written->is_sequence())
            session.refuse_item("jwt_secret", index, std::string(too_short));
        else
            session.refuse("jwt_secret", std::string(too_short));
    }
    if (const auto hours = session.number("ttl_hours")) {
        constexpr double year = 8'760;
        if (*hours * 3'600 < 1 || *hours > year)
            session.refuse("ttl_hours", "must be more than 0 and at most 8760");
        else
            settings.ttl = std::chrono::seconds(static_cast<long long>(*hours * 3'600));
    }
    session.finish();
}

void read_rate(Section& limits, std::string_view key, auth::RateLimit& limit) {
    Section section = limits.section(key);
    limit.max = section.whole("max", 1, 1'000'000).value_or(limit.max);
    limit.window = std::chrono::seconds(section.whole("window_seconds", 1, 86'400).value_or(limit.window.count()));
    section.finish();
}

}  // namespace

void read_sign_in(Section& file, const Context& context, Settings& settings) {
    read_oidc(file, context, settings.oidc);
    read_session(file, settings.session);
    settings.sign_in.public_url = settings.public_url;
    settings.sign_in.login_notice = file.text("login_notice").value_or("");
    Section limits = file.section("rate_limits");
    read_rate(limits, "device_authorization", settings.sign_in.device_authorization);
    read_rate(limits, "device_verify", settings.sign_in.device_verify);
    limits.finish();
}

}  // namespace gatehouse::settings

// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "gateway/net/addresses.h"
#include "gateway/settings/sections.h"

namespace gatehouse::settings {
namespace {

constexpr auto federation_keys = std::to_array<std::string_view>(
    {"federation_rule_id", "organization_id", "identity_token_file", "workspace_id", "service_account_id"});

/// A credential becomes a header: what could not stand in one is refused here, where the line is known.
Secret read_credential(Section& auth, std::string_view key) {
    auto value = auth.text(key);
    if (value && has_unsafe_letter(*value)) auth.refuse(key, "must be visible ASCII without blanks or line breaks");
    return Secret(std::move(value).value_or(""));
}

void read_auth(Section& upstream, upstream::AnthropicSettings& settings) {
    if (upstream.require("auth") == nullptr) return;
    Section auth = upstream.section("auth");
    if (!auth.present()) return;
    settings.api_key = read_credential(auth, "api_key");
    settings.oauth_token = read_credential(auth, "oauth_token");
    bool federated = false;
    for (const std::string_view key : federation_keys)
        federated = auth.find(key) != nullptr || federated;
    if (federated)
        auth.refuse("", "Workload Identity Federation is not supported yet: use api_key or oauth_token");
    else if (auth.has("api_key") == auth.has("oauth_token"))
        auth.refuse("", "must hold either api_key or oauth_token");
    auth.finish();
}

void read_anthropic(Section& upstream, const Context& context, upstream::AnthropicSettings& settings) {
    settings.base_url = {.secure = true, .host = "api.anthropic.com", .port = 443, .path = {}, .query = {}};
    if (auto url = upstream.url("base_url")) {
        if (!url->query.empty()) upstream.refuse("base_url", "must not hold a query");
        while (url->path.ends_with('/'))
            url->path.pop_back();
        check_target(upstream, "base_url", *url, context);
        settings.base_url = std::move(*url);
    }
    read_auth(upstream, settings);
    settings.forward_user_identity = upstream.flag("forward_user_identity").value_or(false);
    if (settings.forward_user_identity && settings.base_url.host == "api.anthropic.com")
        upstream.refuse(
            "forward_user_identity",
            "is for a proxy of your own in base_url: developers' addresses must not go to the Anthropic API");
    upstream.finish();
}

void read_one(Section& upstream, const Context& context, Settings& settings, policy::RulesSpec& spec) {
    // Whatever is wrong with it, it keeps its place, so that the rules count as the file does.
    policy::UpstreamSpec& place = spec.upstreams.emplace_back(upstream.path(), "");
    if (!upstream.present()) return;
    const auto provider = upstream.word(
        "provider", {"anthropic", "bedrock", "mantle", "anthropicAws", "anthropicGoogleCloud", "vertex", "foundry"});
    if (!upstream.has("provider")) upstream.refuse("provider", "is required");
    auto name = upstream.text("name");
    if (name && has_unsafe_letter(*name)) upstream.refuse("name", "must be visible ASCII without blanks");
    if (name || provider) place.name = name ? *name : *provider;
    if (!provider) return;
    place.provider = *provider;
    if (*provider != "anthropic") return upstream.refuse("provider", *provider + " upstreams are not supported yet");
    upstream::AnthropicSettings anthropic;
    anthropic.name = place.name;
    read_anthropic(upstream, context, anthropic);
    settings.upstreams.push_back(std::move(anthropic));
}

}  // namespace

void check_target(Section& section, std::string_view key, const http::Url& url, const Context& context) {
    if (url.is_loopback() && !context.allow_loopback)
        section.refuse(key,
                       "points at this machine, which the gateway refuses unless GATEHOUSE_ALLOW_LOOPBACK=1 is set");
    else if (!url.is_loopback() && Cidr::parse(url.host) && net::is_forbidden_target(url.host, true))
        section.refuse(key,
                       "points at an address that is never allowed (link-local, metadata, multicast or unspecified)");
}

void read_upstreams(Section& file, const Context& context, Settings& settings, policy::RulesSpec& spec) {
    for (Section& upstream : file.sections("upstreams"))
        read_one(upstream, context, settings, spec);
}

}  // namespace gatehouse::settings

// SPDX-License-Identifier: Apache-2.0
#include "auth/provider_metadata.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "gateway/base/json.h"

namespace gatehouse::auth {
namespace {

constexpr std::string_view well_known = "/.well-known/openid-configuration";

Error invalid(const std::string& why) {
    return Error::unavailable(Reason::idp_answer_invalid, "The identity provider's answer is not valid.",
                              "discovery document: " + why);
}

Result<http::Url> endpoint(const json::bj::value& document, std::string_view name, bool must_be_secure) {
    const auto text = json::find_string(document, name);
    if (!text) return fail(invalid(std::string(name) + " is missing"));
    auto url = http::parse_url(*text);
    if (!url) return fail(invalid(std::string(name) + ": " + url.error().message));
    if (must_be_secure && !url->secure) return fail(invalid(std::string(name) + " is plain http, the issuer is https"));
    return url;
}

std::vector<std::string> list_of(const json::bj::value& document, std::string_view name) {
    std::vector<std::string> list;
    const auto* member = json::find(document, name);
    if (member == nullptr || !member->is_array()) return list;
    for (const auto& item : member->get_array())
        if (item.is_string()) list.emplace_back(std::string_view(item.get_string()));
    return list;
}

}  // namespace

std::string discovery_address(const std::string& issuer, const std::string& discovery_url) {
    if (!discovery_url.empty()) return discovery_url;
    const std::string_view base(issuer);
    // Discovery, section 4: a terminating slash goes first (Auth0's issuers have one).
    return std::string(base.ends_with('/') ? base.substr(0, base.size() - 1) : base) + std::string(well_known);
}

Result<ProviderMetadata> parse_provider_metadata(std::string_view text, const std::string& issuer) {
    const auto document = json::parse(text);
    if (!document || !document->is_object()) return fail(invalid("is no JSON object"));
    const auto said = json::find_string(*document, "issuer");
    if (said != issuer)
        return fail(invalid("issuer is \"" + std::string(said.value_or("")) + "\", oidc.issuer is \"" + issuer + "\""));
    const bool secure = !issuer.starts_with("http://");
    const auto authorization = endpoint(*document, "authorization_endpoint", secure);
    if (!authorization) return fail(authorization.error());
    const auto token = endpoint(*document, "token_endpoint", secure);
    if (!token) return fail(token.error());
    const auto jwks = endpoint(*document, "jwks_uri", secure);
    if (!jwks) return fail(jwks.error());

    ProviderMetadata metadata;
    metadata.authorization_endpoint = *json::find_string(*document, "authorization_endpoint");
    metadata.authorization_origin = authorization->origin();
    metadata.token_endpoint = *token;
    metadata.jwks_uri = *jwks;
    metadata.token_endpoint_auth_methods = list_of(*document, "token_endpoint_auth_methods_supported");
    metadata.id_token_algs = list_of(*document, "id_token_signing_alg_values_supported");
    if (json::find(*document, "userinfo_endpoint") == nullptr) return metadata;
    const auto userinfo = endpoint(*document, "userinfo_endpoint", secure);
    if (!userinfo) return fail(userinfo.error());
    metadata.userinfo_endpoint = *userinfo;
    return metadata;
}

Result<std::string> choose_auth_method(const ProviderMetadata& metadata, const std::string& configured) {
    if (!configured.empty()) return configured;
    const auto& offered = metadata.token_endpoint_auth_methods;
    if (offered.empty()) return "client_secret_basic";
    for (const char* method : {"client_secret_post", "client_secret_basic"})
        if (std::ranges::find(offered, method) != offered.end()) return method;
    return fail(
        invalid("token_endpoint_auth_methods_supported has neither client_secret_post nor "
                "client_secret_basic"));
}

}  // namespace gatehouse::auth

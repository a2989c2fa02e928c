// SPDX-License-Identifier: Apache-2.0
// What an OpenID provider says about itself (OpenID Connect Discovery 1.0, section 3), reduced to what we use and
// checked. Pure; called by provider.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/result.h"
#include "gateway/http/url.h"

namespace gatehouse::auth {

struct ProviderMetadata {
    std::string authorization_endpoint;  ///< as written; may have a query of its own
    std::string authorization_origin;
    http::Url token_endpoint;
    http::Url jwks_uri;
    std::optional<http::Url> userinfo_endpoint;
    std::vector<std::string> token_endpoint_auth_methods;  ///< empty: not said
    std::vector<std::string> id_token_algs;                ///< empty: not said
};

/// Where the document is: `discovery_url`, or the well-known place below the issuer when that is empty.
std::string discovery_address(const std::string& issuer, const std::string& discovery_url);

/// Fails with unavailable/idp_answer_invalid: another issuer than `issuer`, byte for byte; an endpoint that is missing
/// or no URL; a plain http endpoint of an https issuer (it would carry the client secret in the clear).
Result<ProviderMetadata> parse_provider_metadata(std::string_view document, const std::string& issuer);

/// client_secret_basic or client_secret_post: the configured one, else post when on offer (as the reference does), else
/// basic, which is also what a provider means that says nothing (Discovery, section 3).
Result<std::string> choose_auth_method(const ProviderMetadata& metadata, const std::string& configured);

}  // namespace gatehouse::auth

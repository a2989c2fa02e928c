// SPDX-License-Identifier: Apache-2.0
#include "auth/metadata.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>

#include "gateway/http/reply.h"

namespace gatehouse::auth {

http::Response discovery_document(const SignInSettings& settings) {
    const std::string origin = settings.public_url.origin();
    boost::json::object body;
    body["issuer"] = origin;
    body["device_authorization_endpoint"] = origin + "/oauth/device_authorization";
    body["token_endpoint"] = origin + "/oauth/token";
    body["revocation_endpoint"] = origin + "/oauth/revoke";
    body["grant_types_supported"] = boost::json::array{"urn:ietf:params:oauth:grant-type:device_code", "refresh_token"};
    body["response_types_supported"] = boost::json::array{};
    body["token_endpoint_auth_methods_supported"] = boost::json::array{"none"};
    body["revocation_endpoint_auth_methods_supported"] = boost::json::array{"none"};
    body["scopes_supported"] = boost::json::array{"openid", "profile", "email"};
    body["gateway_protocol_version"] = 1;
    return http::json(200, body);
}

}  // namespace gatehouse::auth

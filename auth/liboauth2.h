// SPDX-License-Identifier: Apache-2.0
// liboauth2 behind two plain functions, for what it does well: the signature of a token by given keys, and the client's
// authentication at the token endpoint. Called by oidc.cpp on the blocking pool, never on a shard. Nothing else
// includes the library; it makes no network call here and is given no log, because it would write tokens into it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gateway/base/result.h"
#include "gateway/base/secret.h"

namespace gatehouse::auth::liboauth2 {

/// Whether one of the keys (JWK texts, chosen by KeySet::candidates) signed the token. Nothing else: times and all
/// other claims are check_claims' (claims.h). Algorithm and key types must have been checked before (id_token.h).
/// Blocks.
bool verifies(const std::string& token, const std::vector<std::string>& jwks);

struct ClientAuthentication {
    std::string method;  ///< client_secret_basic or client_secret_post
    std::string client_id;
    Secret client_secret;
};

/// A form body and, for client_secret_basic, the Authorization header that goes with it.
struct AuthenticatedForm {
    std::string body;
    std::string authorization;
};

/// Blocks (the library takes a named semaphore). Fails with internal when the library does.
Result<AuthenticatedForm> authenticate(const std::vector<std::pair<std::string, std::string>>& fields,
                                       const ClientAuthentication& client);

}  // namespace gatehouse::auth::liboauth2

// SPDX-License-Identifier: Apache-2.0
// IdentityProvider port: the three things sign-in asks of an OpenID provider. Real: auth/oidc. Fake:
// tests/support/fake_idp.h.
#pragma once

#include <string>

#include "auth/identity.h"
#include "gateway/base/task.h"

namespace gatehouse::auth {

/// What goes into one authorization request (OpenID Connect Core 1.0, section 3.1.2.1).
struct AuthorizationRequest {
    std::string state;
    std::string nonce;
    std::string pkce_verifier;  ///< empty: no PKCE
    std::string redirect_uri;
};

/// A person whose id_token passed every check and who may sign in.
struct SignedIn {
    Person person;
    std::string refresh_token;  ///< empty when the provider gave none
};

class IdentityProvider {
  public:
    virtual ~IdentityProvider() = default;
    /// Where to send the browser. Fails when discovery is unavailable.
    virtual Task<std::string> authorize_url(AuthorizationRequest request) = 0;
    /// Origin of that address, for the page's form-action. Empty before discovery succeeded.
    virtual std::string authorize_origin() const = 0;
    /// Code for person. Faults: forbidden (claims_invalid, email_unverified, domain_not_allowed, group_not_allowed,
    /// idp_refused), unavailable (idp_unreachable, idp_answer_invalid).
    virtual Task<SignedIn> redeem(std::string code, AuthorizationRequest request) = 0;
    /// The same for a refresh token; forbidden/idp_refused when the provider says invalid_grant. `subject` must come
    /// back unchanged.
    virtual Task<SignedIn> refresh(std::string refresh_token, std::string subject) = 0;
};

}  // namespace gatehouse::auth

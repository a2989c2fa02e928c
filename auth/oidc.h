// SPDX-License-Identifier: Apache-2.0
// Oidc: the OpenID Connect relying party behind the IdentityProvider port (authorization code with PKCE, refresh).
// Waits and puts together; what decides is in claims, id_token, provider_metadata and token_answer. All HTTP goes over
// our own client; liboauth2 checks signatures and authenticates us at the token endpoint, on the blocking pool. One per
// shard; not thread-safe, any number of coroutines at once.
#pragma once

#include <memory>
#include <string>

#include "auth/idp.h"
#include "auth/settings.h"
#include "gateway/base/blocking.h"
#include "gateway/base/clock.h"
#include "gateway/http/client.h"

namespace gatehouse::auth {

class Oidc final : public IdentityProvider {
  public:
    /// Keeps references: client, pool and clock outlive it.
    Oidc(OidcSettings settings, http::Client& client, BlockingPool& pool, const Clock& clock);
    Oidc(const Oidc&) = delete;
    Oidc& operator=(const Oidc&) = delete;
    ~Oidc() override;

    /// Discovery, at boot: whether the provider is there and is the configured one. The error's detail names the
    /// address.
    Task<> prime();

    Task<std::string> authorize_url(AuthorizationRequest request) override;
    std::string authorize_origin() const override;
    Task<SignedIn> redeem(std::string code, AuthorizationRequest request) override;
    Task<SignedIn> refresh(std::string refresh_token, std::string subject) override;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace gatehouse::auth

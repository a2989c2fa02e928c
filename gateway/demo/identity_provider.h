// SPDX-License-Identifier: Apache-2.0
// DemoIdentityProvider: a small but correct OpenID provider for `gatehouse demo` and nothing else: one client, three
// people without passwords, the authorization code flow with PKCE, refresh with rotation. demo_app.cpp serves it on its
// own loopback listener. It refuses every client, redirect address and code verifier but the right one.
//
// Refresh and access tokens are sealed boxes, so a session of the demo survives its restart; codes and the rotation of
// refresh tokens are kept in memory. Single-threaded: serve it on one shard.
#pragma once

#include <memory>
#include <string>

#include "gateway/base/clock.h"
#include "gateway/base/crypto.h"
#include "gateway/base/secret.h"
#include "gateway/http/router.h"

namespace gatehouse::demo {

class DemoIdentityProvider {
  public:
    /// `issuer` is its own origin without a slash at the end; `redirect_uri` the only one that the client has.
    /// Keeps references to the clock and the random source.
    DemoIdentityProvider(std::string issuer, std::string client_id, Secret client_secret, std::string redirect_uri,
                         const Clock& clock, Random& random);
    DemoIdentityProvider(const DemoIdentityProvider&) = delete;
    DemoIdentityProvider& operator=(const DemoIdentityProvider&) = delete;
    ~DemoIdentityProvider();

    /// Adds the routes and the fallback. The router must not outlive this.
    void mount(http::Router& router);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace gatehouse::demo

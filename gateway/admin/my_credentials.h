// SPDX-License-Identifier: Apache-2.0
// MyCredentialsRoute: a person's own sessions and personal keys as an API: GET and DELETE /v1/me/sessions, GET, POST
// and DELETE /v1/me/keys. A key is made for a browser session only: an access token that was stolen is good for an
// hour and must not buy a year. Somebody else's session or key and none read the same.
#pragma once

#include "auth/vault.h"
#include "gateway/admin/gate.h"
#include "gateway/base/crypto.h"
#include "gateway/http/router.h"

namespace gatehouse::admin {

/// References outlive the route.
struct MyCredentialsParts {
    Gate& gate;
    auth::Vault& vault;
    Random& random;
    observe::Journal& journal;
    const Clock& clock;
};

class MyCredentialsRoute {
  public:
    explicit MyCredentialsRoute(MyCredentialsParts parts) : parts_(std::move(parts)) {}
    MyCredentialsRoute(const MyCredentialsRoute&) = delete;
    MyCredentialsRoute& operator=(const MyCredentialsRoute&) = delete;

    /// Adds the routes. The router keeps a reference to this.
    void mount(http::Router& router);

  private:
    void add(http::Router& router, std::string method, std::string path, http::Guarded handler);

    Task<http::Response> sessions(http::Request& request, const auth::Identity& who);
    Task<http::Response> end_session(http::Request& request, const auth::Identity& who);
    Task<http::Response> keys(http::Request& request, const auth::Identity& who);
    Task<http::Response> make_key(http::Request& request, const auth::Identity& who);
    Task<http::Response> revoke_key(http::Request& request, const auth::Identity& who);

    MyCredentialsParts parts_;
};

}  // namespace gatehouse::admin

// SPDX-License-Identifier: Apache-2.0
// Signing in, as one thing to mount: device sign-in (RFC 8628), browser sign-in, refresh, revocation and the pages
// around them. services.cpp fills SignInParts and calls mount; nobody else does. The endpoints (device.h, login.h,
// token.h, access.h, keys.h) never call each other: they meet only in the vault. Not thread-safe: one per shard.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/access_token.h"
#include "auth/identity.h"
#include "auth/idp.h"
#include "auth/paused_work.h"
#include "auth/settings.h"
#include "auth/spend_desk.h"
#include "auth/vault.h"
#include "gateway/base/clock.h"
#include "gateway/base/crypto.h"
#include "gateway/http/router.h"
#include "gateway/observe/journal.h"
#include "gateway/observe/metrics.h"

namespace gatehouse::auth {

/// What a person may use, for their own eyes. auth/ does not know policy/: services.cpp asks it.
struct AccessSummary {
    std::string policy;               ///< name of the policy that matched; empty: none
    std::vector<std::string> models;  ///< ids of the models that they may use
};

/// How long a refresh waits for another one of the same session before it gives up with 503.
struct RefreshPatience {
    std::chrono::milliseconds step{100};
    int steps = 50;
};

/// Everything sign-in works with. The referenced objects outlive the SignIn.
struct SignInParts {
    const SignInSettings& settings;
    const OidcSettings& oidc;
    const SessionSettings& session;
    Vault& vault;
    PausedWork& paused;
    SpendDesk& spend;
    IdentityProvider& idp;
    const AccessTokens& tokens;
    const Clock& clock;
    Random& random;
    observe::Journal& journal;
    observe::Metrics& metrics;
    std::function<AccessSummary(const Person&)> summary;
    /// Told of everybody who signs in, so that admins know them before their first request. A failure is its own to
    /// log: nobody is kept out for it. None: nobody is told.
    std::function<Task<>(Person)> signed_in = {};
    RefreshPatience patience = {};
};

class SignIn {
  public:
    explicit SignIn(SignInParts parts);
    SignIn(const SignIn&) = delete;
    SignIn& operator=(const SignIn&) = delete;
    ~SignIn();

    /// Who calls the API with a browser session: BrowserSessions::admit_call.
    Task<IdentityPtr> identify_browser(const http::Request& request) const;
    /// The person of a page view, if they are signed in.
    Task<std::optional<Person>> viewer(const http::Request& request) const;
    /// Adds every route of this room. The router must not outlive this object.
    void mount(http::Router& router);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace gatehouse::auth

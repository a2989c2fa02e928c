// SPDX-License-Identifier: Apache-2.0
// The refresh_token grant: one identity provider call per rotation however many terminals ask, the same successor for a
// replay within the grace, the end of the session for a later reuse. Called by token.cpp only.
#pragma once

#include <string>

#include "auth/refresh_token.h"
#include "auth/sign_in.h"
#include "gateway/http/message.h"

namespace gatehouse::auth {

/// The success body of both grants: access_token, refresh_token when the session can be refreshed, token_type,
/// expires_in. No `email`: Claude Code would ask the developer to confirm it.
http::Response token_answer(const SignInParts& parts, const RefreshTokens& refresh_tokens, const Session& session);
/// Until when the vault keeps a session: 30 days after its last refresh, or, when it cannot be refreshed, as long as
/// its one access token.
Instant session_end(const SignInParts& parts, const Session& session, Instant now);

class RefreshFlow {
  public:
    RefreshFlow(const SignInParts& parts, const RefreshTokens& refresh_tokens, const TokenBox& box)
        : parts_(parts), refresh_tokens_(refresh_tokens), box_(box) {}

    Task<http::Response> refresh(const http::Request& request, std::string refresh_token) const;

  private:
    Task<RefreshClaim> claim(RefreshToken token) const;
    Task<http::Response> renew(const http::Request& request, Session session) const;
    Task<Session> keep(Session session, Instant now) const;
    Task<SignedIn> ask_provider(const http::Request& request, const Session& session) const;
    Task<http::Response> answer(const http::Request& request, const Session& session) const;
    Task<http::Response> end_reused(const http::Request& request, const Session& session) const;
    Error denied(const http::Request& request, Error error, const Session& session) const;

    const SignInParts& parts_;
    const RefreshTokens& refresh_tokens_;
    const TokenBox& box_;
};

}  // namespace gatehouse::auth

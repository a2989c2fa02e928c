// SPDX-License-Identifier: Apache-2.0
// Personal keys, for tools that cannot sign in: POST /access/keys (create; the secret is in that one answer and nowhere
// else) and POST /access/keys/revoke. Mounted by sign_in.cpp; the list is on /access. Using a key is the
// Authenticator's.
#pragma once

#include "auth/session.h"
#include "auth/sign_in.h"
#include "gateway/http/message.h"

namespace gatehouse::auth {

class KeyEndpoints {
  public:
    KeyEndpoints(const SignInParts& parts, const BrowserSessions& sessions) : parts_(parts), sessions_(sessions) {}

    Task<http::Response> create(http::Request& request) const;
    Task<http::Response> revoke(http::Request& request) const;

  private:
    const SignInParts& parts_;
    const BrowserSessions& sessions_;
};

}  // namespace gatehouse::auth

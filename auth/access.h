// SPDX-License-Identifier: Apache-2.0
// What a signed-in person sees and does for themselves: GET / (the way in), GET /access (who you are, what you may use
// and spend, your sessions), and the forms below /access that end a session, resume a paused one, and ask for a higher
// cap or take that back. Mounted by sign_in.cpp. Touches only what belongs to the person who asks.
#pragma once

#include "auth/session.h"
#include "auth/sign_in.h"
#include "gateway/http/message.h"

namespace gatehouse::auth {

class AccessEndpoints {
  public:
    AccessEndpoints(const SignInParts& parts, const BrowserSessions& sessions) : parts_(parts), sessions_(sessions) {}

    Task<http::Response> landing(http::Request& request) const;
    Task<http::Response> access(http::Request& request) const;
    Task<http::Response> revoke_session(http::Request& request, const Session& mine) const;
    Task<http::Response> resume(http::Request& request, const Session& mine) const;
    Task<http::Response> ask_for_more(http::Request& request, const Session& mine) const;
    Task<http::Response> withdraw_request(http::Request& request, const Session& mine) const;

  private:
    const SignInParts& parts_;
    const BrowserSessions& sessions_;
};

}  // namespace gatehouse::auth

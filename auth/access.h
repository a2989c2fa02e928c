// SPDX-License-Identifier: Apache-2.0
// What a signed-in person sees: GET / (the way in), GET /access (who you are, what you may use, your sessions, those
// that are paused), POST /access/sessions/revoke and POST /access/paused/resume. Mounted by sign_in.cpp. Shows, ends
// and resumes only what belongs to the person who asks.
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
    Task<http::Response> revoke_session(http::Request& request) const;
    Task<http::Response> resume(http::Request& request) const;

  private:
    const SignInParts& parts_;
    const BrowserSessions& sessions_;
};

}  // namespace gatehouse::auth

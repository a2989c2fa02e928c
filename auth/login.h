// SPDX-License-Identifier: Apache-2.0
// The way to the identity provider and back: GET /login, GET /oauth/callback (shared with device sign-in) and POST
// /logout. Mounted by sign_in.cpp. Order is prove, spend, grant: nothing is redeemed before the state is proven,
// nothing is stored before the identity provider has named a person.
#pragma once

#include <string>

#include "auth/refresh_token.h"
#include "auth/session.h"
#include "auth/sign_in.h"
#include "gateway/http/form.h"
#include "gateway/http/message.h"

namespace gatehouse::auth {

class LoginEndpoints {
  public:
    LoginEndpoints(const SignInParts& parts, const BrowserSessions& sessions, const TokenBox& box)
        : parts_(parts), sessions_(sessions), box_(box) {}

    Task<http::Response> login(http::Request& request) const;
    Task<http::Response> callback(http::Request& request) const;
    Task<http::Response> logout(http::Request& request) const;

  private:
    Task<http::Response> finish(http::Request& request, const http::Form& answer, Attempt attempt) const;
    Task<SignedIn> redeem(const http::Request& request, std::string code, const Attempt& attempt) const;
    Task<http::Response> approve_device(const http::Request& request, SignedIn who, std::string device_hash) const;
    Task<http::Response> begin_session(const http::Request& request, SignedIn who, std::string return_to) const;

    const SignInParts& parts_;
    const BrowserSessions& sessions_;
    const TokenBox& box_;
};

}  // namespace gatehouse::auth

// SPDX-License-Identifier: Apache-2.0
// POST /oauth/token (device_code and refresh_token grants) and POST /oauth/revoke (RFC 7009). Mounted by sign_in.cpp.
// The poll takes an approved grant once and makes the session; refreshing is refresh.cpp's. Never talks to a browser.
#pragma once

#include <string>

#include "auth/refresh.h"
#include "auth/refresh_token.h"
#include "auth/sign_in.h"
#include "gateway/http/message.h"

namespace gatehouse::auth {

class TokenEndpoints {
  public:
    TokenEndpoints(const SignInParts& parts, const RefreshTokens& refresh_tokens, const TokenBox& box)
        : parts_(parts), refresh_tokens_(refresh_tokens), box_(box), refresh_(parts, refresh_tokens, box) {}

    Task<http::Response> token(http::Request& request) const;
    Task<http::Response> revoke(http::Request& request) const;

  private:
    Task<http::Response> poll(const http::Request& request, std::string device_code) const;
    Task<http::Response> mint(const http::Request& request, PollOutcome outcome, std::string device_hash) const;
    std::string session_of(std::string_view token) const;

    const SignInParts& parts_;
    const RefreshTokens& refresh_tokens_;
    const TokenBox& box_;
    RefreshFlow refresh_;
};

}  // namespace gatehouse::auth

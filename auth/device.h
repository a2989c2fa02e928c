// SPDX-License-Identifier: Apache-2.0
// Device sign-in (RFC 8628) up to the identity provider: POST /oauth/device_authorization, and the /device page where
// the developer compares the code with the terminal's and approves or denies. Mounted by sign_in.cpp. Approves nothing
// itself: that is the callback's (login.cpp), after the identity provider has answered.
#pragma once

#include <string>
#include <string_view>

#include "auth/sign_in.h"
#include "gateway/http/message.h"

namespace gatehouse::auth {

class DeviceEndpoints {
  public:
    explicit DeviceEndpoints(const SignInParts& parts) : parts_(parts) {}

    /// POST /oauth/device_authorization: any body.
    Task<http::Response> authorize(http::Request& request) const;
    /// GET /device: the form, or with `?user_code=` the question.
    Task<http::Response> page(http::Request& request) const;
    /// POST /device: off to the identity provider, carrying the grant.
    Task<http::Response> approve(http::Request& request) const;
    /// POST /device/deny
    Task<http::Response> deny(http::Request& request) const;

  private:
    Task<DeviceGrant> new_grant(const http::Request& request, const std::string& device_code) const;
    Task<DeviceGrant> verify(const http::Request& request) const;
    Task<DeviceGrant> find(std::string_view typed) const;

    const SignInParts& parts_;
};

/// 8 letters in upper case: case, blanks and the dash do not matter.
std::string normal_user_code(std::string_view typed);
/// `XXXX-XXXX`
std::string shown_user_code(std::string_view user_code);

}  // namespace gatehouse::auth

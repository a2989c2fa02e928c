// SPDX-License-Identifier: Apache-2.0
// Cookies (RFC 6265): reading one by name, and writing the only kind this house sets: HttpOnly, SameSite=Lax, for the
// whole origin, `__Host-` when the origin is https. Called by auth/. Signs nothing: a cookie's value is random and only
// its hash is kept.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/http/headers.h"

namespace gatehouse::http {

struct Cookie {
    std::string name;   ///< as `cookie_name` gives it
    std::string value;  ///< letters of base64url only
    std::chrono::seconds max_age{0};
    bool secure = false;
};

/// `__Host-name` for https, else `name`. The prefix makes browsers refuse a cookie that another host or plain http set
/// (RFC 6265bis, section 4.1.3.2), so a neighbouring subdomain cannot plant one.
std::string cookie_name(std::string_view name, bool secure);
/// The value of the only cookie of that name; nothing when absent or sent twice (one of the two was planted).
std::optional<std::string_view> find_cookie(const Headers& headers, std::string_view name);
/// A Set-Cookie value.
std::string set_cookie(const Cookie& cookie);
/// A Set-Cookie value that removes the cookie.
std::string clear_cookie(std::string name, bool secure);

}  // namespace gatehouse::http

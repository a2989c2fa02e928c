// SPDX-License-Identifier: Apache-2.0
// Absolute http and https URLs, as configuration and discovery documents hold them. Parsed by Boost.URL (RFC 3986).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/base/result.h"

namespace gatehouse::http {

struct Url {
    bool secure = false;     ///< https
    std::string host;        ///< lower case, IPv6 without brackets
    std::uint16_t port = 0;  ///< always set: 80 or 443 when absent
    std::string path;        ///< as written, "" when absent
    std::string query;       ///< without the question mark

    /// `https://host` or `https://host:8443`: default ports are left out, as browsers write an Origin.
    std::string origin() const;
    /// `host` or `host:port`, for the Host header.
    std::string authority() const;
    /// path and query for a request line; "/" for an empty path.
    std::string target() const;
    /// localhost, 127.0.0.0/8 or ::1, by name only.
    bool is_loopback() const;

    bool operator==(const Url&) const = default;
};

/// Refuses other schemes, user information, fragments, spaces and empty hosts, saying which.
Result<Url> parse_url(std::string_view text);

}  // namespace gatehouse::http

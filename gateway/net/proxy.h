// SPDX-License-Identifier: Apache-2.0
// The forward proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name, as curl and the reference gateway read them.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/http/url.h"

namespace gatehouse::net {

struct Proxy {
    std::string host;
    std::uint16_t port = 0;
    std::string authorization;  ///< "Basic …" when the URL held user and password; secret
};

class ProxySettings {
  public:
    ProxySettings() = default;
    /// Reads HTTPS_PROXY/https_proxy, HTTP_PROXY/http_proxy, NO_PROXY/no_proxy. Fails with configuration_invalid when a
    /// variable is set and is not an http:// URL.
    static Result<ProxySettings> from_environment(
        const std::function<std::optional<std::string>(std::string_view)>& environment);
    /// The proxy for that address, or null: none set, loopback, or excluded by NO_PROXY (exact names, `.suffix`,
    /// addresses and CIDR ranges, `*`).
    const Proxy* for_url(const http::Url& url) const;

  private:
    std::optional<Proxy> https_;
    std::optional<Proxy> http_;
    std::vector<std::string> excluded_;
};

}  // namespace gatehouse::net

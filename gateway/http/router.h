// SPDX-License-Identifier: Apache-2.0
// Router: method and path to handler. One list, filled by services.cpp. Two handler kinds: a reply handler returns a
// whole Response (its body, if any, was read before); a stream handler reads the body itself and pushes to a Responder.
// Both return errors; the connection renders them with the route's renderer. Each comes with who may call it.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/http/access.h"
#include "gateway/http/message.h"

namespace gatehouse::http {

using ErrorRenderer = Response (*)(const Error&, std::string_view request_id);

/// What metrics call a route. Not owned: a literal. A string, which may be gone before the first request is counted,
/// does not become one.
class Label : public std::string_view {
  public:
    constexpr Label(const char* text) : std::string_view(text) {}
    constexpr Label(std::string_view text) : std::string_view(text) {}
    Label(const std::string&) = delete;
};

struct Route {
    std::string method;                             ///< "GET", "POST", …; "*" is any method
    std::string path;                               ///< exact; "*" is one segment, and as the last one everything below
    Guarded handler;                                ///< and who may call it
    ErrorRenderer render = nullptr;                 ///< how errors of this route look
    std::size_t max_body = std::size_t{64} << 10U;  ///< reply handlers only: larger bodies are refused with 413
    bool ignores_body = false;  ///< reply handlers only: answered before the body, which is not kept
    bool health_probe = false;  ///< answered to every address, `access_control.allow_cidrs` or not
    Label label = "other";
};

class Router {
  public:
    void add(Route route);
    /// What answers when no route fits. Required.
    void set_fallback(Route route);
    /// The route for a normalised path, or the fallback. Exact wins over "*", and of those the longest; never null.
    const Route& find(std::string_view method, std::string_view path) const;
    /// Without the fallback.
    std::span<const Route> routes() const { return routes_; }

  private:
    std::vector<Route> routes_;
    std::optional<Route> fallback_;
};

/// Path of a request target with dot segments removed (RFC 3986, section 5.2.4) and nothing else changed.
std::string normal_path(std::string_view target);

}  // namespace gatehouse::http

// SPDX-License-Identifier: Apache-2.0
#include "gateway/http/cookie.h"

#include <algorithm>
#include <utility>

#include "gateway/base/text.h"

namespace gatehouse::http {
std::string cookie_name(std::string_view name, bool secure) {
    return (secure ? "__Host-" : "") + std::string(name);
}

std::optional<std::string_view> find_cookie(const Headers& headers, std::string_view name) {
    std::optional<std::string_view> found;
    for (const Header line : headers) {
        if (!same_token(line.name, "cookie")) continue;
        std::string_view rest = line.value;
        while (!rest.empty()) {
            const std::string_view pair = rest.substr(0, rest.find(';'));
            rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
            const std::size_t equals = pair.find('=');
            if (equals == std::string_view::npos || trim(pair.substr(0, equals)) != name) continue;
            if (found) return std::nullopt;
            found = trim(pair.substr(equals + 1));
        }
    }
    return found;
}

std::string set_cookie(const Cookie& cookie) {
    std::string text = cookie.name + "=" + cookie.value;
    text.append("; Max-Age=").append(std::to_string(cookie.max_age.count()));
    text.append("; Path=/; HttpOnly; SameSite=Lax");
    if (cookie.secure) text.append("; Secure");
    return text;
}

std::string clear_cookie(std::string name, bool secure) {
    const Cookie cookie{std::move(name), "", std::chrono::seconds{0}, secure};
    return set_cookie(cookie);
}

}  // namespace gatehouse::http

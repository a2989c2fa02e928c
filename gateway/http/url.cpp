// SPDX-License-Identifier: Apache-2.0
#include "gateway/http/url.h"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>
#include <optional>
#include <system_error>

#include "gateway/base/text.h"

namespace gatehouse::http {
namespace {

Error malformed(std::string why) {
    return Error::bad_request(Reason::configuration_invalid, std::move(why));
}

std::optional<std::uint16_t> default_port(bool secure) {
    return secure ? 443 : 80;
}

/// Boost.URL 1.81 keeps the low 16 bits of a port that is too large.
std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
    return port;
}

}  // namespace

std::string Url::origin() const {
    return (secure ? "https://" : "http://") + authority();
}

std::string Url::authority() const {
    const bool six = host.find(':') != std::string::npos;
    std::string text = six ? "[" + host + "]" : host;
    if (port != (secure ? 443 : 80)) text.append(":").append(std::to_string(port));
    return text;
}

std::string Url::target() const {
    std::string text = path.empty() ? "/" : path;
    if (!query.empty()) text.append("?").append(query);
    return text;
}

bool Url::is_loopback() const {
    if (host == "localhost" || host == "::1") return true;
    // An address, not a name that begins like one: 127.evil.example leads wherever its owner wants.
    return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos;
}

Result<Url> parse_url(std::string_view text) {
    const auto parsed = boost::urls::parse_uri({text.data(), text.size()});
    if (!parsed) return fail(malformed("must be an absolute URL such as https://host.example.com"));
    const boost::urls::url_view& view = *parsed;
    Url url;
    const std::string scheme = to_lower({view.scheme().data(), view.scheme().size()});
    if (scheme != "http" && scheme != "https") return fail(malformed("must begin with https:// or http://"));
    url.secure = scheme == "https";
    if (view.has_userinfo()) return fail(malformed("must not hold a user name or password"));
    if (view.has_fragment()) return fail(malformed("must not hold a fragment (#…)"));
    url.host = to_lower(view.host_address());
    if (url.host.empty()) return fail(malformed("has no host"));
    const auto port = view.has_port() ? parse_port({view.port().data(), view.port().size()}) : default_port(url.secure);
    if (!port) return fail(malformed("has an invalid port"));
    url.port = *port;
    url.path = std::string(view.encoded_path().data(), view.encoded_path().size());
    if (view.has_query()) url.query = std::string(view.encoded_query().data(), view.encoded_query().size());
    return url;
}

}  // namespace gatehouse::http

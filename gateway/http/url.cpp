// SPDX-License-Identifier: Apache-2.0
#include "gateway/http/url.h"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace gatehouse::http {
namespace {

Error malformed(std::string why) { return Error::bad_request(Reason::configuration_invalid, std::move(why)); }

std::string lower(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(),
                           [](char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter; });
    return result;
}

}  // namespace

std::string Url::origin() const { return (secure ? "https://" : "http://") + authority(); }

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

bool Url::is_loopback() const { return host == "localhost" || host == "::1" || host.starts_with("127."); }

Result<Url> parse_url(std::string_view text) {
    const auto parsed = boost::urls::parse_uri({text.data(), text.size()});
    if (!parsed) return fail(malformed("must be an absolute URL such as https://host.example.com"));
    const boost::urls::url_view view = *parsed;
    Url url;
    const std::string scheme = lower({view.scheme().data(), view.scheme().size()});
    if (scheme != "http" && scheme != "https") return fail(malformed("must begin with https:// or http://"));
    url.secure = scheme == "https";
    if (view.has_userinfo()) return fail(malformed("must not hold a user name or password"));
    if (view.has_fragment()) return fail(malformed("must not hold a fragment (#…)"));
    url.host = lower(view.host_address());
    if (url.host.empty()) return fail(malformed("has no host"));
    if (view.has_port() && view.port_number() == 0) return fail(malformed("has an invalid port"));
    url.port = view.has_port() ? view.port_number() : (url.secure ? 443 : 80);
    url.path = std::string(view.encoded_path().data(), view.encoded_path().size());
    if (view.has_query()) url.query = std::string(view.encoded_query().data(), view.encoded_query().size());
    return url;
}

}  // namespace gatehouse::http

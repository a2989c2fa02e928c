// SPDX-License-Identifier: Apache-2.0
#include "gateway/net/proxy.h"

#include <algorithm>

#include "gateway/base/cidr.h"
#include "gateway/base/crypto.h"
#include "gateway/http/form.h"

namespace gatehouse::net {
namespace {

using Environment = std::function<std::optional<std::string>(std::string_view)>;

Result<std::optional<Proxy>> read_proxy(const Environment& environment, std::string_view upper,
                                        std::string_view lower) {
    auto text = environment(upper);
    if (!text || text->empty()) text = environment(lower);
    if (!text || text->empty()) return std::nullopt;
    const auto invalid = [&](std::string_view why) {
        return fail(Error::bad_request(Reason::configuration_invalid, std::string(upper) + ": " + std::string(why) +
                                                                          "; write http://proxy.example.com:3128"));
    };
    std::string_view rest = *text;
    if (rest.starts_with("https://")) return invalid("a proxy reached over TLS is not supported");
    if (rest.starts_with("http://")) rest.remove_prefix(7);
    Proxy proxy;
    if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
        const http::Form decoded = http::Form::parse("c=" + std::string(rest.substr(0, at)));
        proxy.authorization = "Basic " + to_base64(decoded.value("c"));
        rest.remove_prefix(at + 1);
    }
    const auto url = http::parse_url("http://" + std::string(rest));
    if (!url) return invalid("not a proxy address");
    proxy.host = url->host;
    proxy.port = url->port;
    return proxy;
}

bool excludes(std::string_view entry, const http::Url& url) {
    if (entry == "*" || entry == url.host) return true;
    if (entry == url.host + ":" + std::to_string(url.port)) return true;
    if (const auto range = Cidr::parse(entry)) return range->contains(url.host);
    const std::string suffix = entry.starts_with('.') ? std::string(entry) : "." + std::string(entry);
    return url.host.ends_with(suffix);
}

}  // namespace

Result<ProxySettings> ProxySettings::from_environment(const Environment& environment) {
    ProxySettings settings;
    auto https = read_proxy(environment, "HTTPS_PROXY", "https_proxy");
    if (!https) return fail(https.error());
    settings.https_ = std::move(*https);
    auto http = read_proxy(environment, "HTTP_PROXY", "http_proxy");
    if (!http) return fail(http.error());
    settings.http_ = std::move(*http);
    auto excluded = environment("NO_PROXY");
    if (!excluded) excluded = environment("no_proxy");
    std::string_view list = excluded ? std::string_view(*excluded) : std::string_view{};
    while (!list.empty()) {
        const std::size_t end = std::min(list.find_first_of(", \t"), list.size());
        if (end > 0) settings.excluded_.emplace_back(list.substr(0, end));
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return settings;
}

const Proxy* ProxySettings::for_url(const http::Url& url) const {
    const std::optional<Proxy>& proxy = url.secure ? https_ : http_;
    if (!proxy || url.is_loopback()) return nullptr;
    if (std::ranges::any_of(excluded_, [&](const std::string& entry) { return excludes(entry, url); })) return nullptr;
    return &*proxy;
}

}  // namespace gatehouse::net

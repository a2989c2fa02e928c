// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "gateway/settings/sections.h"

namespace gatehouse::settings {
namespace {

void read_tls(Section& listen, net::ListenSettings& settings) {
    Section tls = listen.section("tls");
    if (!tls.present()) return;
    settings.tls_cert = tls.required_text("cert").value_or("");
    settings.tls_key = tls.required_text("key").value_or("");
    for (const auto& [key, file] : {std::pair{"cert", &settings.tls_cert}, std::pair{"key", &settings.tls_key}}) {
        if (file->empty()) continue;
        const int opened = ::open(file->c_str(), O_RDONLY | O_CLOEXEC);
        if (opened < 0)
            tls.refuse(key, std::string("cannot be read: ") + std::strerror(errno));
        else
            ::close(opened);
    }
    tls.finish();
}

std::uint16_t to_port(std::optional<long long> port, std::uint16_t otherwise) {
    return port ? static_cast<std::uint16_t>(*port) : otherwise;
}

void read_metrics(Section& listen, Settings& settings) {
    Section metrics = listen.section("metrics");
    if (!metrics.present()) return;
    net::ListenSettings& own = settings.metrics_listen.emplace();
    own.host = metrics.text("host").value_or("127.0.0.1");
    if (metrics.require("port") != nullptr) own.port = to_port(metrics.whole("port", 0, 65'535), 0);
    metrics.finish();
}

/// The origin that clients see. Derived only for a loopback listener: elsewhere nothing but the operator knows it.
void read_public_url(Section& listen, Settings& settings) {
    const net::ListenSettings& own = settings.listen;
    if (!listen.has("public_url")) {
        if (!http::Url{.host = own.host}.is_loopback())
            return listen.refuse("public_url",
                                 "is required unless listen.host is a loopback address: the origin that clients use, "
                                 "such as https://gateway.example.com");
        settings.public_url.secure = !own.tls_cert.empty();
        settings.public_url.host = own.host;
        settings.public_url.port = own.port;
        return;
    }
    auto url = listen.url("public_url");
    if (!url) return;
    if (url->path == "/") url->path.clear();
    if (!url->path.empty() || !url->query.empty())
        listen.refuse("public_url", "must be an origin only, without a path or a query");
    if (!url->secure && !url->is_loopback())
        listen.refuse("public_url", "must begin with https:// unless it names a loopback address");
    settings.public_url = std::move(*url);
}

std::vector<Cidr> read_ranges(Section& section, std::string_view key) {
    std::vector<Cidr> ranges;
    const auto entries = section.texts(key);
    for (std::size_t index = 0; entries && index < entries->size(); ++index) {
        if ((*entries)[index].empty()) continue;
        const auto range = Cidr::parse((*entries)[index]);
        if (range)
            ranges.push_back(*range);
        else
            section.refuse_item(key, index, "must be an IP address or a CIDR range such as 10.0.0.0/8");
    }
    return ranges;
}

void read_limits(Section& file, net::TrafficSettings& traffic) {
    Section limits = file.section("limits");
    constexpr long long most = 1LL << 30U;
    if (const auto bytes = limits.whole("max_request_bytes", 1, most))
        traffic.max_request_bytes = static_cast<std::size_t>(*bytes);
    if (const auto bytes = limits.whole("max_request_header_bytes", 1, 1LL << 20U))
        traffic.max_header_bytes = static_cast<std::size_t>(*bytes);
    if (const auto length = limits.whole("max_url_length", 1, 1LL << 20U))
        traffic.max_url_length = static_cast<std::size_t>(*length);
    limits.finish();
}

void read_timeouts(Section& file, net::TrafficSettings& traffic) {
    Section timeouts = file.section("timeouts");
    constexpr long long day = 86'400'000;
    const auto read = [&](std::string_view key, std::chrono::milliseconds& into) {
        if (const auto value = timeouts.whole(key, 1, day)) into = std::chrono::milliseconds(*value);
    };
    read("upstream_ttfb_ms", traffic.upstream_ttfb);
    read("client_header_ms", traffic.header_timeout);
    read("client_body_ms", traffic.body_timeout);
    read("idle_ms", traffic.idle_timeout);
    timeouts.finish();
}

}  // namespace

void read_listen(Section& file, Settings& settings) {
    Section listen = file.section("listen");
    net::TrafficSettings& traffic = settings.traffic;
    settings.listen.host = listen.text("host").value_or(settings.listen.host);
    settings.listen.port = to_port(listen.whole("port", 0, 65'535), settings.listen.port);
    read_tls(listen, settings.listen);
    read_public_url(listen, settings);
    read_metrics(listen, settings);
    traffic.trusted_proxies = read_ranges(listen, "trusted_proxies");
    if (const auto most = listen.whole("max_connections", 1, 1'000'000))
        traffic.max_connections = static_cast<std::size_t>(*most);
    if (const auto grace = listen.whole("drain_grace_seconds", 0, 3'600))
        traffic.drain_grace = std::chrono::seconds(*grace);
    listen.finish();

    Section access = file.section("access_control");
    traffic.allow_cidrs = read_ranges(access, "allow_cidrs");
    traffic.deny_cidrs = read_ranges(access, "deny_cidrs");
    access.finish();
    read_limits(file, traffic);
    read_timeouts(file, traffic);
}

}  // namespace gatehouse::settings

// SPDX-License-Identifier: Apache-2.0
#include "gateway/net/addresses.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <initializer_list>

#include "gateway/base/text.h"

namespace gatehouse::net {
namespace {

/// X-Forwarded-For entries sometimes carry a port: `1.2.3.4:5678`, `[::1]:5678`.
std::string_view without_port(std::string_view text) {
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        return end == std::string_view::npos ? std::string_view{} : text.substr(1, end - 1);
    }
    if (std::ranges::count(text, ':') == 1) return text.substr(0, text.find(':'));
    return text;
}

/// The IPv4 address that a translator or a tunnel on the way would make of an IPv6 one: NAT64 (RFC 6052, section 2.1),
/// 6to4 (RFC 3056, section 2).
std::optional<std::string> embedded_v4(std::string_view address) {
    const auto bytes = parse_address(address);
    if (!bytes) return std::nullopt;
    constexpr std::array<std::uint8_t, 12> nat64{0x00, 0x64, 0xFF, 0x9B};
    std::size_t offset = 0;
    if (std::equal(nat64.begin(), nat64.end(), bytes->begin()))
        offset = 12;
    else if ((*bytes)[0] == 0x20 && (*bytes)[1] == 0x02)
        offset = 2;
    if (offset == 0) return std::nullopt;
    std::array<char, INET_ADDRSTRLEN> text{};
    ::inet_ntop(AF_INET, bytes->data() + offset, text.data(), text.size());
    return std::string(text.data());
}

}  // namespace

std::optional<std::string> client_address(std::string_view socket_address, std::string_view forwarded_for,
                                          std::span<const Cidr> trusted_proxies) {
    if (!contains(trusted_proxies, socket_address)) return std::string(socket_address);
    std::string_view nearest = socket_address;
    while (!trim(forwarded_for).empty()) {
        const std::size_t comma = forwarded_for.rfind(',');
        const bool last = comma == std::string_view::npos;
        const std::string_view hop = without_port(trim(last ? forwarded_for : forwarded_for.substr(comma + 1)));
        forwarded_for = last ? std::string_view{} : forwarded_for.substr(0, comma);
        if (!parse_address(hop)) return std::nullopt;
        nearest = hop;
        if (!contains(trusted_proxies, hop)) break;
    }
    return std::string(nearest);
}

bool is_forbidden_target(std::string_view address, bool allow_loopback) {
    if (const auto inner = embedded_v4(address)) return is_forbidden_target(*inner, false);
    const auto any_of = [&](std::initializer_list<std::string_view> ranges) {
        return std::ranges::any_of(ranges,
                                   [&](std::string_view range) { return Cidr::parse(range)->contains(address); });
    };
    if (!parse_address(address)) return true;
    if (any_of({"127.0.0.0/8", "::1/128"})) return !allow_loopback;
    return any_of({"0.0.0.0/8", "::/128", "169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "fd20:ce::254/128",
                   "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32", "224.0.0.0/4", "ff00::/8",
                   "255.255.255.255/32"});
}

}  // namespace gatehouse::net

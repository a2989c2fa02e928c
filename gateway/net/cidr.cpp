// SPDX-License-Identifier: Apache-2.0
#include "gateway/net/cidr.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "gateway/base/text.h"

namespace gatehouse::net {
namespace {

using Bytes = std::array<std::uint8_t, 16>;

/// An address in the IPv4-mapped IPv6 space. Zone ids and ports are not part of an address.
std::optional<Bytes> parse_address(std::string_view text) {
    std::array<char, INET6_ADDRSTRLEN + 1> buffer{};
    if (text.empty() || text.size() >= buffer.size()) return std::nullopt;
    std::memcpy(buffer.data(), text.data(), text.size());
    Bytes bytes{};
    if (::inet_pton(AF_INET6, buffer.data(), bytes.data()) == 1) return bytes;
    bytes[10] = bytes[11] = 0xFF;
    if (::inet_pton(AF_INET, buffer.data(), bytes.data() + 12) == 1) return bytes;
    return std::nullopt;
}

bool is_v4(const Bytes& bytes) {
    return std::all_of(bytes.begin(), bytes.begin() + 10, [](auto byte) { return byte == 0; }) && bytes[10] == 0xFF &&
           bytes[11] == 0xFF;
}

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

std::optional<Cidr> Cidr::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto bytes = parse_address(text.substr(0, slash));
    if (!bytes) return std::nullopt;
    const unsigned width = is_v4(*bytes) && text.find(':') == std::string_view::npos ? 32 : 128;
    unsigned bits = width;
    if (slash != std::string_view::npos) {
        const std::string_view length = text.substr(slash + 1);
        const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
        if (error != std::errc{} || end != length.data() + length.size() || bits > width) return std::nullopt;
    }
    Cidr range;
    range.bytes_ = *bytes;
    range.bits_ = bits + (128 - width);
    return range;
}

bool Cidr::contains(std::string_view address) const {
    const auto bytes = parse_address(address);
    if (!bytes) return false;
    for (unsigned bit = 0; bit < bits_; ++bit) {
        const unsigned mask = 0x80U >> (bit % 8);
        if (((*bytes)[bit / 8] & mask) != (bytes_[bit / 8] & mask)) return false;
    }
    return true;
}

bool contains(std::span<const Cidr> ranges, std::string_view address) {
    return std::ranges::any_of(ranges, [&](const Cidr& range) { return range.contains(address); });
}

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

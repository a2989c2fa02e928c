// SPDX-License-Identifier: Apache-2.0
#include "gateway/base/cidr.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace gatehouse {
namespace {

bool is_v4(const AddressBytes& bytes) {
    return std::all_of(bytes.begin(), bytes.begin() + 10, [](auto byte) { return byte == 0; }) && bytes[10] == 0xFF &&
           bytes[11] == 0xFF;
}

}  // namespace

std::optional<AddressBytes> parse_address(std::string_view text) {
    std::array<char, INET6_ADDRSTRLEN + 1> buffer{};
    if (text.empty() || text.size() >= buffer.size()) return std::nullopt;
    std::memcpy(buffer.data(), text.data(), text.size());
    AddressBytes bytes{};
    if (::inet_pton(AF_INET6, buffer.data(), bytes.data()) == 1) return bytes;
    bytes[10] = bytes[11] = 0xFF;
    if (::inet_pton(AF_INET, buffer.data(), bytes.data() + 12) == 1) return bytes;
    return std::nullopt;
}

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

}  // namespace gatehouse

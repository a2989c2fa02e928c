// SPDX-License-Identifier: Apache-2.0
// Addresses and address ranges in CIDR notation (RFC 4632, RFC 4291). Pure: who may connect and what may be reached is
// decided by those who ask (net/addresses.h, auth/authenticator.h).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace gatehouse {

/// An address in the IPv4-mapped IPv6 space.
using AddressBytes = std::array<std::uint8_t, 16>;

/// Nothing for what is not an address; zone ids and ports are not part of one.
std::optional<AddressBytes> parse_address(std::string_view text);

class Cidr {
  public:
    /// `10.0.0.0/8`, `fd00::/8`, or a single address. IPv4-mapped IPv6 counts as IPv4.
    static std::optional<Cidr> parse(std::string_view text);
    /// False for anything that is not an address.
    bool contains(std::string_view address) const;

  private:
    AddressBytes bytes_{};
    unsigned bits_ = 0;  ///< in the 128-bit, IPv4-mapped space
};

bool contains(std::span<const Cidr> ranges, std::string_view address);

}  // namespace gatehouse

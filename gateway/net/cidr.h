// SPDX-License-Identifier: Apache-2.0
// Address ranges in CIDR notation (RFC 4632, RFC 4291), and what the outbound guard refuses.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace gatehouse::net {

class Cidr {
  public:
    /// `10.0.0.0/8`, `fd00::/8`, or a single address. IPv4-mapped IPv6 counts as IPv4.
    static std::optional<Cidr> parse(std::string_view text);
    /// False for anything that is not an address.
    bool contains(std::string_view address) const;

  private:
    std::array<std::uint8_t, 16> bytes_{};
    unsigned bits_ = 0;  ///< in the 128-bit, IPv4-mapped space
};

bool contains(std::span<const Cidr> ranges, std::string_view address);

/// The client's address: `socket_address` unless that is a trusted proxy, then X-Forwarded-For read right to left past
/// trusted hops. Nothing when a value on the way is unusable: the caller denies.
std::optional<std::string> client_address(std::string_view socket_address, std::string_view forwarded_for,
                                          std::span<const Cidr> trusted_proxies);

/// Addresses that no operator-configured URL may lead to: link-local and metadata always, loopback unless allowed,
/// unspecified, multicast and broadcast.
bool is_forbidden_target(std::string_view address, bool allow_loopback);

}  // namespace gatehouse::net

// SPDX-License-Identifier: Apache-2.0
// Whose address a request comes from, and which addresses the outbound guard refuses. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "gateway/base/cidr.h"

namespace gatehouse::net {

/// The client's address: `socket_address` unless that is a trusted proxy, then X-Forwarded-For read right to left past
/// trusted hops. Nothing when a value on the way is unusable: the caller denies.
std::optional<std::string> client_address(std::string_view socket_address, std::string_view forwarded_for,
                                          std::span<const Cidr> trusted_proxies);

/// Addresses that no operator-configured URL may lead to: link-local and metadata always, loopback unless allowed,
/// unspecified, multicast and broadcast.
bool is_forbidden_target(std::string_view address, bool allow_loopback);

}  // namespace gatehouse::net

// SPDX-License-Identifier: Apache-2.0
#include "auth/pace.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <utility>

#include "gateway/base/crypto.h"

namespace gatehouse::auth {

std::string network_of(std::string_view address) {
    constexpr std::size_t prefix_bytes = 8;
    // IPv4 in IPv6 clothes: the /64 would be the whole of IPv4.
    if (address.find(':') == std::string_view::npos || address.find('.') != std::string_view::npos)
        return std::string(address);
    std::array<char, 16> bytes{};
    const std::string text(address.substr(0, address.find('%')));
    if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return std::string(address);
    const std::string_view prefix(bytes.data(), prefix_bytes);
    if (std::ranges::all_of(prefix, [](char byte) { return byte == 0; })) return text;
    return to_hex(prefix) + "/64";
}

Task<> pace(const SignInParts& parts, std::string_view kind, std::string_view address, RateLimit limit,
            std::string message) {
    const auto count = co_await parts.vault.count(std::string(kind) + ":" + network_of(address), limit.window);
    if (!count) co_return fail(count.error());
    // No Retry-After: a whole office may share the address, and all of them would come back at once.
    if (count->value > limit.max)
        co_return fail(Error::rate_limited(Reason::too_many_attempts, std::move(message), std::chrono::seconds{0}));
    co_return Result<>{};
}

}  // namespace gatehouse::auth

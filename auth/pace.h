// SPDX-License-Identifier: Apache-2.0
// Pace: how often one network may begin something that costs the store a record or lets codes be guessed. Called by the
// device endpoints and by /login. Counts in the store, so that replicas share one count; refuses with rate_limited.
#pragma once

#include <string>
#include <string_view>

#include "auth/sign_in.h"

namespace gatehouse::auth {

/// What one subscriber holds: an IPv4 address, or the /64 of an IPv6 one, within which everybody may pick addresses.
std::string network_of(std::string_view address);

/// Counts one more of `kind` for the caller's network; fails with `message` when that passes the limit.
Task<> pace(const SignInParts& parts, std::string_view kind, std::string_view address, RateLimit limit,
            std::string message);

}  // namespace gatehouse::auth

// SPDX-License-Identifier: Apache-2.0
// Our refresh tokens, and the box that keeps the identity provider's. Ours are derived from the session's id and
// generation under the session secret, so the vault never holds one: `ghr_<session>.<generation>.<signature>`. Called
// by token.cpp, refresh.cpp and login.cpp. Decides nothing about sessions: a genuine token may still be an old one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/settings.h"
#include "gateway/base/crypto.h"

namespace gatehouse::auth {

inline constexpr std::string_view refresh_token_prefix = "ghr_";

struct RefreshToken {
    std::string session_id;
    std::int64_t generation = 0;
};

class RefreshTokens {
  public:
    explicit RefreshTokens(const SessionSettings& settings);
    /// The same text for the same generation, whoever asks: that is what makes a replay harmless.
    std::string derive(const RefreshToken& token) const;
    /// Nothing unless one of the session secrets signed it.
    std::optional<RefreshToken> verify(std::string_view text) const;

  private:
    std::vector<std::string> keys_;
};

/// AES-256-GCM under a key of its own from the session secret. `context` ties a box to one device grant or one session:
/// moved to another record it does not open.
class TokenBox {
  public:
    explicit TokenBox(const SessionSettings& settings);
    /// base64url text; empty for an empty token.
    std::string seal(Random& random, std::string_view token, std::string_view context) const;
    /// Nothing when no session secret opens it.
    std::optional<std::string> open(std::string_view sealed, std::string_view context) const;

  private:
    std::vector<std::string> keys_;
};

/// Contexts of a box: first that of the device grant, for there is no session before the terminal has polled; the
/// poll seals again for the session.
std::string grant_context(std::string_view device_hash);
std::string session_context(std::string_view session_id);

}  // namespace gatehouse::auth

// SPDX-License-Identifier: Apache-2.0
// The access token that Claude Code carries: an HS256 JWT (RFC 7519) signed with the session secret, with the
// claims of the reference and `jti` and `sid` (the session it belongs to).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "auth/identity.h"
#include "auth/settings.h"
#include "gateway/base/clock.h"
#include "gateway/base/result.h"

namespace gatehouse::auth {

/// Claims of a token whose signature, algorithm, issuer, audience and times were checked.
struct VerifiedToken {
    Person person;
    std::string session_id;
    Instant issued_at;
    Instant expires_at;
};

/// Mints and verifies. Not thread-safe: one per shard.
class AccessTokens {
  public:
    /// `issuer` is the public origin. The first secret signs, all verify.
    AccessTokens(const SessionSettings& settings, std::string issuer);
    AccessTokens(AccessTokens&&) noexcept;
    ~AccessTokens();

    /// From now on tokens tell Claude Code to put its `attributionProject` into request tags under that name, as the
    /// claim `billing_group_tag`; "": they do not. Only while the gateway takes tags out of what it sends on.
    void set_billing_group_tag(std::string name);
    std::string mint(const Person& person, std::string_view session_id, Instant now) const;
    /// Faults: unauthenticated with token_invalid or token_expired. `kid`, when present, must be known; `exp`, `sub`
    /// and `sid` are required.
    Result<VerifiedToken> verify(std::string_view token, Instant now) const;
    std::chrono::seconds lifetime() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace gatehouse::auth

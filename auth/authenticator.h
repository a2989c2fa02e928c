// SPDX-License-Identifier: Apache-2.0
// Authenticator: request headers → Identity. The only maker of Identity. One per shard; not thread-safe.
//
// A session's access token is a JWT that this checks itself; a personal key is looked up by
// its hash. Either is remembered in a bounded cache, so the common request costs no store round trip. Service keys are
// all here, by the hashes of their secrets: whoever reads the records hands them over (service_key.h). A
// revocation (RevocationListener) drops the cache entry at once; until on_feed_up, and from on_feed_down on, every
// request asks the vault. When the vault cannot be reached, sessions go on (their tokens are signed and short-lived;
// docs/operations.md) unless this shard knows the session as revoked, and so do the personal keys that it has in its
// cache.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "auth/identity.h"
#include "auth/service_key.h"
#include "auth/settings.h"
#include "auth/vault.h"
#include "gateway/base/clock.h"
#include "gateway/base/task.h"
#include "gateway/http/message.h"
#include "gateway/observe/journal.h"

namespace gatehouse::auth {

class Authenticator final : public RevocationListener {
  public:
    /// Keeps references: vault, clock and journal outlive it. `public_origin` is the JWT's `iss`.
    Authenticator(const SessionSettings& settings, std::string public_origin, Vault& vault, const Clock& clock,
                  observe::Journal& journal, std::size_t cache_size = 16'384);
    ~Authenticator() override;

    /// Reads `Authorization: Bearer …` (any case of the scheme) or `x-api-key`; both present must be the same value.
    /// Faults: unauthenticated (token_missing, token_invalid, token_expired, session_revoked, key_revoked,
    /// key_expired), forbidden (address_denied: a service key from an address that it may not be used from),
    /// unavailable (a personal key that is not cached while the store is down). A known service key that is refused is
    /// in the journal as `service_key.denied`, because only here its name is known.
    Task<IdentityPtr> identify(const http::Request& request);

    /// Who a browser session that BrowserSessions admitted is. Only sign_in.cpp asks; identify never looks at a cookie.
    static IdentityPtr identity_of(const Session& browser);

    /// All service keys there are, instead of those before. Until the first time every one is refused as unavailable.
    void set_service_keys(std::vector<ServiceKey> keys);
    /// Those of that owner, in any case of letters; none before the first set_service_keys.
    std::vector<ServiceKey> service_keys_owned_by(std::string_view owner) const;

    void on_revoked(std::string_view credential_id) override;
    void on_feed_up() override;
    void on_feed_down() override;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace gatehouse::auth

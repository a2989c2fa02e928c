// SPDX-License-Identifier: Apache-2.0
// What a shard remembers of credentials: CredentialCache, the verified ones (bounded, least recently used go first, by
// SHA-256 so that a memory dump holds no usable credential), and Tombstones, the ids that were revoked. Used by the
// Authenticator alone. Neither knows the vault or asks a clock.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "auth/identity.h"
#include "gateway/base/clock.h"

namespace gatehouse::auth {

struct CachedCredential {
    std::string digest;  ///< raw SHA-256 of the credential
    IdentityPtr identity;
    Instant checked_at;  ///< when the vault was last asked about it
    Instant touched_at;  ///< when its last use was last written down
};

class CredentialCache {
  public:
    explicit CredentialCache(std::size_t capacity) : capacity_(capacity) {}

    /// Null when unknown. Counts as a use. Valid until the next non-const call.
    CachedCredential* find(const std::string& digest);
    void put(CachedCredential credential);
    void erase(const std::string& digest);
    /// Drops every credential of that session or key.
    void forget(std::string_view credential_id);
    void clear();
    std::size_t size() const { return entries_.size(); }

  private:
    using Entries = std::list<CachedCredential>;
    void drop(Entries::iterator entry);

    std::size_t capacity_;
    Entries entries_;  ///< most recently used first
    std::unordered_map<std::string, Entries::iterator> by_digest_;
    std::unordered_multimap<std::string, Entries::iterator> by_id_;
};

/// Ids of revoked credentials for as long as a token of theirs can be valid.
class Tombstones {
  public:
    Tombstones(std::size_t capacity, std::chrono::seconds lifetime) : capacity_(capacity), lifetime_(lifetime) {}
    void bury(std::string_view credential_id, Instant now);
    bool holds(const std::string& credential_id, Instant now) const;

  private:
    struct Grave {
        std::string id;
        Instant until;
    };
    std::size_t capacity_;
    std::chrono::seconds lifetime_;
    std::deque<Grave> in_order_;
    std::unordered_map<std::string, Instant> until_;
};

}  // namespace gatehouse::auth

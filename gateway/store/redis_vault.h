// SPDX-License-Identifier: Apache-2.0
// RedisVault: auth::Vault on Redis. One per shard, over the shard's RedisClient. What must be atomic is one script on
// keys of one hash slot; indexes (a user's sessions and keys, a cookie's session, a code's grant) are written before
// the record they lead to, so that a crash in between leaves an entry that leads nowhere, which readers skip. What is
// expired is decided by the clock that the callers use; Redis' own expiry only cleans up.
#pragma once

#include <string>
#include <vector>

#include "auth/vault.h"
#include "gateway/base/clock.h"
#include "gateway/store/record.h"
#include "gateway/store/redis_client.h"

namespace gatehouse::store {

class RedisVault final : public auth::Vault {
  public:
    /// Both outlive the vault.
    RedisVault(RedisClient& redis, const Clock& clock) : redis_(redis), clock_(clock) {}

    Task<> put_attempt(auth::Attempt attempt, std::chrono::seconds lifetime) override;
    Task<std::optional<auth::Attempt>> find_attempt(std::string id) override;
    Task<std::optional<auth::Attempt>> take_attempt(std::string id) override;

    Task<> put_grant(auth::DeviceGrant grant) override;
    Task<std::optional<auth::DeviceGrant>> find_grant(std::string user_code) override;
    Task<bool> approve_grant(std::string device_hash, auth::Approval approval) override;
    Task<bool> deny_grant(std::string device_hash) override;
    Task<auth::PollOutcome> poll_grant(std::string device_hash, Instant now, std::chrono::seconds interval) override;

    Task<> put_session(auth::Session session) override;
    Task<std::optional<auth::Session>> find_session(std::string id) override;
    Task<std::optional<auth::Session>> find_session_by_secret(std::string secret_hash) override;
    Task<std::vector<auth::Session>> sessions_of(std::string subject) override;
    Task<> touch_session(std::string id, std::string address, Instant now) override;
    Task<auth::RefreshClaim> begin_refresh(std::string id, std::int64_t generation, Instant now,
                                           std::chrono::seconds replay_grace, std::chrono::seconds lease) override;
    Task<auth::Session> finish_refresh(auth::Session session, Instant now) override;
    Task<> abandon_refresh(std::string id) override;
    Task<bool> revoke_session(std::string id) override;

    Task<> put_key(auth::PersonalKey key) override;
    Task<std::optional<auth::PersonalKey>> find_key(std::string hash) override;
    Task<std::vector<auth::PersonalKey>> keys_of(std::string subject) override;
    Task<bool> update_key_owner(std::string hash, auth::Person person) override;
    Task<> touch_key(std::string id, Instant now) override;
    Task<bool> revoke_key(std::string subject, std::string id) override;
    Task<std::vector<auth::CredentialCount>> credential_counts(std::vector<std::string> subjects) override;
    Task<> touch_service_key(std::string id, Instant now) override;
    Task<std::vector<std::optional<Instant>>> service_key_uses(std::vector<std::string> ids) override;

    Task<auth::Count> count(std::string bucket, std::chrono::seconds window) override;
    Task<> ping() override;

  private:
    Task<> put_record(std::string key, Fields fields, Instant expires_at);
    Task<> put_pointer(std::string key, std::string value, Instant expires_at);
    Task<> index(std::string index, std::string member, Instant expires_at);
    Task<Fields> find_record(std::string key);
    Task<std::vector<Fields>> find_records(std::vector<std::string> keys);
    Task<std::optional<std::string>> find_pointer(std::string key);
    Task<std::vector<std::string>> members_of(std::string index);
    Task<bool> settle_grant(std::string device_hash, Fields changes);
    std::string milliseconds_left(Instant expires_at) const;

    RedisClient& redis_;
    const Clock& clock_;
};

}  // namespace gatehouse::store

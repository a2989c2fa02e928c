// SPDX-License-Identifier: Apache-2.0
// Vault port: everything auth/ keeps across requests and replicas. Holds hashes and sealed values, never a usable
// secret. Implementations: store/redis_vault (real), tests/support/memory_vault (fake); tests/contract/vault_contract.h
// is what both pass. Every call may fail with unavailable/store_unreachable; "not there" is a value, not an error.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/identity.h"
#include "gateway/base/clock.h"
#include "gateway/base/task.h"

namespace gatehouse::auth {

/// One browser on its way through the identity provider. Single use.
struct Attempt {
    std::string id;             ///< random; part of `state`
    std::string cookie_hash;    ///< hex SHA-256 of the cookie that binds the browser
    std::string nonce;          ///< as sent to the identity provider
    std::string pkce_verifier;  ///< RFC 7636; empty when PKCE is off
    std::string return_to;      ///< own path, for browser sign-ins
    std::string device_hash;    ///< hash of the device code to approve; empty for browser sign-ins
};

/// A pending RFC 8628 grant.
struct DeviceGrant {
    std::string device_hash;  ///< hex SHA-256 of the device code
    std::string user_code;    ///< 8 letters, without the dash
    std::string client;       ///< what the asking program calls itself (User-Agent), at most 200 bytes
    std::string address;      ///< from where it asked
    Instant expires_at;
};

/// What the callback binds to an approved grant.
struct Approval {
    Person person;
    std::string sealed_idp_refresh;  ///< AES-GCM box, empty when the identity provider gave no refresh token
};

enum class PollState : std::uint8_t { pending, too_soon, denied, unknown, approved };

struct PollOutcome {
    PollState state = PollState::unknown;
    Approval approval;  ///< when approved: the grant is gone now, exactly one poll gets it
    std::string client;
    std::string address;
};

enum class SessionKind : std::uint8_t { device, browser };

/// One sign-in. Device sessions own access and refresh tokens; browser sessions own a cookie.
struct Session {
    std::string id;  ///< random, not secret. For browser sessions the cookie holds another value, see below
    SessionKind kind = SessionKind::device;
    Person person;
    std::string secret_hash;  ///< browser: hex SHA-256 of the cookie value; device: empty
    std::string client;
    std::string address;
    Instant created_at;
    Instant last_used_at;
    Instant expires_at;              ///< the record's own end, not the access token's
    std::string sealed_idp_refresh;  ///< empty: cannot be refreshed
    std::int64_t generation = 0;     ///< of the refresh token that is valid now; refresh tokens are derived, not stored
    Instant rotated_at;              ///< when that generation began
};

enum class RefreshState : std::uint8_t {
    granted,  ///< this caller, and no other until `finish_refresh`, `abandon_refresh` or the lease's end, may refresh
    replay,   ///< the previous generation came within the grace: answer with the present one, do not ask the IdP
    busy,     ///< another caller holds the lease: ask again in a moment
    reused,   ///< an older generation: the token was stolen or copied
    unknown,  ///< no such session, or revoked
};

struct RefreshClaim {
    RefreshState state = RefreshState::unknown;
    Session session;  ///< when granted or replay (or reused: as it was)
};

/// A long-lived secret for tools that cannot sign in. The secret itself is shown once and never stored.
struct PersonalKey {
    std::string id;    ///< random, not secret
    std::string hash;  ///< hex SHA-256 of the secret
    std::string name;  ///< the owner's words
    Person person;     ///< as the identity provider last described its owner
    Instant created_at;
    Instant expires_at;
    std::optional<Instant> last_used_at;
};

/// How many sessions and personal keys somebody has that have not ended.
struct CredentialCount {
    std::int64_t sessions = 0;
    std::int64_t keys = 0;

    bool operator==(const CredentialCount&) const = default;
};

struct Count {
    std::int64_t value = 0;  ///< including this one
    std::chrono::seconds resets_in{0};
};

class Vault {
  public:
    virtual ~Vault() = default;

    virtual Task<> put_attempt(Attempt attempt, std::chrono::seconds lifetime) = 0;
    virtual Task<std::optional<Attempt>> find_attempt(std::string id) = 0;
    /// Removes it: of two concurrent takers one gets it.
    virtual Task<std::optional<Attempt>> take_attempt(std::string id) = 0;

    /// Fails with conflict/already_exists when the user code is taken.
    virtual Task<> put_grant(DeviceGrant grant) = 0;
    /// Pending grants only: an approved, denied or expired one is not found.
    virtual Task<std::optional<DeviceGrant>> find_grant(std::string user_code) = 0;
    /// False when the grant is no longer pending.
    virtual Task<bool> approve_grant(std::string device_hash, Approval approval) = 0;
    virtual Task<bool> deny_grant(std::string device_hash) = 0;
    /// One poll, atomically: too_soon when less than `interval` after the previous poll.
    virtual Task<PollOutcome> poll_grant(std::string device_hash, Instant now, std::chrono::seconds interval) = 0;

    virtual Task<> put_session(Session session) = 0;
    virtual Task<std::optional<Session>> find_session(std::string id) = 0;
    /// Browser sessions, by the hash of their cookie.
    virtual Task<std::optional<Session>> find_session_by_secret(std::string secret_hash) = 0;
    /// Newest first.
    virtual Task<std::vector<Session>> sessions_of(std::string subject) = 0;
    virtual Task<> touch_session(std::string id, std::string address, Instant now) = 0;
    virtual Task<RefreshClaim> begin_refresh(std::string id, std::int64_t generation, Instant now,
                                             std::chrono::seconds replay_grace, std::chrono::seconds lease) = 0;
    /// Stores the session as given (person, sealed token, expiry), with generation + 1 and rotated_at = now.
    /// Faults: unauthenticated/session_revoked when it has ended meanwhile, conflict/already_exists when another
    /// refresh of this generation finished first (its lease had run out): begin again, it will be a replay.
    virtual Task<Session> finish_refresh(Session session, Instant now) = 0;
    virtual Task<> abandon_refresh(std::string id) = 0;
    /// Deletes it and tells every replica. False when it was not there (told all the same).
    virtual Task<bool> revoke_session(std::string id) = 0;

    virtual Task<> put_key(PersonalKey key) = 0;
    virtual Task<std::optional<PersonalKey>> find_key(std::string hash) = 0;
    virtual Task<std::vector<PersonalKey>> keys_of(std::string subject) = 0;
    /// Gives an existing key another `person`; false when it is gone, which it then stays.
    virtual Task<bool> update_key_owner(std::string hash, Person person) = 0;
    virtual Task<> touch_key(std::string id, Instant now) = 0;
    /// Deletes it and tells every replica; only when `subject` owns it.
    virtual Task<bool> revoke_key(std::string subject, std::string id) = 0;

    /// Index for index, for a list of people: what sessions_of and keys_of would find, without reading it.
    virtual Task<std::vector<CredentialCount>> credential_counts(std::vector<std::string> subjects) = 0;

    /// Service keys themselves are records (service_key.h); only when each was last used is here, written from the
    /// request path without a change that every replica would hear of.
    virtual Task<> touch_service_key(std::string id, Instant now) = 0;
    /// Index for index; nothing: never used.
    virtual Task<std::vector<std::optional<Instant>>> service_key_uses(std::vector<std::string> ids) = 0;

    /// Counts one more event in a fixed window that begins with its first event.
    virtual Task<Count> count(std::string bucket, std::chrono::seconds window) = 0;

    /// For /readyz.
    virtual Task<> ping() = 0;
};

/// Told by the store, on the shard's thread, what other replicas (and this one) revoke.
class RevocationListener {
  public:
    virtual ~RevocationListener() = default;
    /// A session id or key id that is no longer valid.
    virtual void on_revoked(std::string_view credential_id) = 0;
    /// The feed is live from now on. Anything cached before may have missed a revocation.
    virtual void on_feed_up() = 0;
    /// The feed is down: ask the vault on every request until it is up again.
    virtual void on_feed_down() = 0;
};

}  // namespace gatehouse::auth

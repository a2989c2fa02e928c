// SPDX-License-Identifier: Apache-2.0
// The Vault in memory, for the tests of auth/. It decides what is expired by the Clock it is given, can be told to be
// down, and tells RevocationListeners what a real feed would. Passes tests/contract/vault_contract.h, as RedisVault
// does.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/vault.h"
#include "gateway/base/clock.h"

namespace gatehouse::testing {

class MemoryVault final : public auth::Vault {
  public:
    explicit MemoryVault(const Clock& clock) : clock_(clock) {}

    // ---- what a test does to it

    /// Every call fails with unavailable/store_unreachable until set_down(false); the feed goes down and up with it.
    void set_down(bool down) {
        down_ = down;
        set_feed(!down);
    }
    /// The next `calls` calls fail; the feed stays as it is.
    void fail_next(int calls = 1) { failures_ = calls; }
    /// The feed alone goes down or up.
    void set_feed(bool up) {
        for (auto* listener : listeners_)
            up ? listener->on_feed_up() : listener->on_feed_down();
    }
    /// Tells `listener` from now on, beginning with on_feed_up. It must outlive the vault's use or be removed.
    void add_listener(auth::RevocationListener& listener) {
        listeners_.push_back(&listener);
        down_ ? listener.on_feed_down() : listener.on_feed_up();
    }
    void remove_listener(auth::RevocationListener& listener) { std::erase(listeners_, &listener); }
    /// How many calls were made so far, refused ones included.
    int calls() const { return calls_; }

    // ---- attempts

    Task<> put_attempt(auth::Attempt attempt, std::chrono::seconds lifetime) override {
        if (auto up = admit(); !up) co_return fail(up.error());
        const auto id = attempt.id;
        attempts_.insert_or_assign(id, Timed<auth::Attempt>{std::move(attempt), clock_.now() + lifetime});
        co_return Result<>{};
    }

    Task<std::optional<auth::Attempt>> find_attempt(std::string id) override {
        if (auto up = admit(); !up) co_return fail(up.error());
        auto found = attempts_.find(id);
        if (found == attempts_.end() || found->second.ends <= clock_.now()) co_return std::nullopt;
        co_return found->second.value;
    }

    Task<std::optional<auth::Attempt>> take_attempt(std::string id) override {
        if (auto up = admit(); !up) co_return fail(up.error());
        auto taken = attempts_.extract(id);
        if (taken.empty() || taken.mapped().ends <= clock_.now()) co_return std::nullopt;
        co_return std::move(taken.mapped().value);
    }

    // ---- device grants

    Task<> put_grant(auth::DeviceGrant grant) override {
        if (auto up = admit(); !up) co_return fail(up.error());
        for (const auto& [hash, other] : grants_)
            if (other.grant.user_code == grant.user_code && other.grant.expires_at > clock_.now())
                co_return fail(Error::conflict(Reason::already_exists, "the user code is taken"));
        const auto hash = grant.device_hash;
        grants_.insert_or_assign(hash, Grant{std::move(grant), GrantState::pending, {}, std::nullopt});
        co_return Result<>{};
    }

    Task<std::optional<auth::DeviceGrant>> find_grant(std::string user_code) override {
        if (auto up = admit(); !up) co_return fail(up.error());
        for (const auto& [hash, held] : grants_)
            if (held.grant.user_code == user_code && is_pending(held)) co_return held.grant;
        co_return std::nullopt;
    }

    Task<bool> approve_grant(std::string device_hash, auth::Approval approval) override {
        if (auto up = admit(); !up) co_return fail(up.error());
        auto found = grants_.find(device_hash);
        if (found == grants_.end() || !is_pending(found->second)) co_return false;
        found->second.state = GrantState::approved;
        found->second.approval = std::move(approval);
        co_return true;
    }

    Task<bool> deny_grant(std::string device_hash) override {
        if (auto up = admit(); !up) co_return fail(up.error());
        auto found = grants_.find(device_hash);
        if (found == grants_.end() || !is_pending(found->second)) co_return false;
        found->second.state = GrantState::denied;
        co_return true;
    }

    Task<auth::PollOutcome> poll_grant(std::string device_hash, Instant now, std::chrono::seconds interval) override {
        if (auto up = admit(); !up) co_return fail(up.error());
        auth::PollOutcome outcome;
        auto found = grants_.find(device_hash);
        if (found == grants_.end() || found->second.grant.expires_at <= now) co_return outcome;
        auto& held = found->second;
        outcome.client = held.grant.client;
        outcome.address = held.grant.address;
        if (held.polled_at && now - *held.polled_at < interval) {
            outcome.state = auth::PollState::too_soon;
            co_return outcome;
        }
        held.polled_at = now;
        if (held.state != GrantState::approved) {
            outcome.state = held.state == GrantState::denied ? auth::PollState::denied : auth::PollState::pending;
            co_return outcome;
        }
        outcome.state = auth::PollState::approved;
        outcome.approval = std::move(held.approval);
        grants_.erase(found);
        co_return outcome;
    }

    // ---- sessions

    Task<> put_session(auth::Session session) override {
        if (auto up = admit(); !up) co_return fail(up.error());
        const auto id = session.id;
        sessions_.insert_or_assign(id, Held{std::move(session), Instant{}});
        co_return Result<>{};
    }

    Task<std::optional<auth::Session>> find_session(std::string id) override {
        if (auto up = admit(); !up) co_return fail(up.error());
        auto* held = live(id, clock_.now());
        if (!held) co_return std::nullopt;
        co_return held->session;
    }

    Task<std::optional<auth::Session>> find_session_by_secret(std::string secret_hash) override {
        if (auto up = admit(); !up) co_return fail(up.error());
        for (const auto& [id, held] : sessions_)
            if (!secret_hash.empty() && held.session.secret_hash == secret_hash &&
                held.session.expires_at > clock_.now())
                co_return held.session;
        co_return std::nullopt;
    }

    Task<std::vector<auth::Session>> sessions_of(std::string subject) override {
        if (auto up = admit(); !up) co_return fail(up.error());
        std::vector<auth::Session> result;
        for (const auto& [id, held] : sessions_)
            if (held.session.person.subject == subject && held.session.expires_at > clock_.now())
                result.push_back(held.session);
        std::ranges::sort(result, std::ranges::greater{}, &auth::Session::created_at);
        co_return result;
    }

    Task<> touch_session(std::string id, std::string address, Instant now) override {
        if (auto up = admit(); !up) co_return fail(up.error());
        if (auto* held = live(id, now)) {
            held->session.last_used_at = now;
            if (!address.empty()) held->session.address = std::move(address);
        }
        co_return Result<>{};
    }

    Task<auth::RefreshClaim> begin_refresh(std::string id, std::int64_t generation, Instant now,
                                           std::chrono::seconds replay_grace, std::chrono::seconds lease) override {
        if (auto up = admit(); !up) co_return fail(up.error());
        auto* held = live(id, now);
        if (!held) co_return auth::RefreshClaim{};
        const auto& session = held->session;
        auth::RefreshClaim claim{auth::RefreshState::reused, session};
        if (generation == session.generation - 1 && now - session.rotated_at <= replay_grace)
            claim.state = auth::RefreshState::replay;
        else if (generation == session.generation)
            claim.state = held->leased_until > now ? auth::RefreshState::busy : auth::RefreshState::granted;
        if (claim.state == auth::RefreshState::granted) held->leased_until = now + lease;
        co_return claim;
    }

    Task<auth::Session> finish_refresh(auth::Session session, Instant now) override {
        if (auto up = admit(); !up) co_return fail(up.error());
        auto* held = live(session.id, now);
        if (!held) co_return fail(Error::unauthenticated(Reason::session_revoked, "the session has ended"));
        if (held->session.generation != session.generation)
            co_return fail(Error::conflict(Reason::already_exists, "another refresh of this session finished first"));
        session.generation += 1;
        session.rotated_at = now;
        *held = Held{session, Instant{}};
        co_return session;
    }

    Task<> abandon_refresh(std::string id) override {
        if (auto up = admit(); !up) co_return fail(up.error());
        if (auto found = sessions_.find(id); found != sessions_.end()) found->second.leased_until = Instant{};
        co_return Result<>{};
    }

    Task<bool> revoke_session(std::string id) override {
        if (auto up = admit(); !up) co_return fail(up.error());
        const bool there = live(id, clock_.now()) != nullptr;
        sessions_.erase(id);
        tell(id);
        co_return there;
    }

    // ---- personal keys

    Task<> put_key(auth::PersonalKey key) override {
        if (auto up = admit(); !up) co_return fail(up.error());
        const auto hash = key.hash;
        keys_.insert_or_assign(hash, std::move(key));
        co_return Result<>{};
    }

    Task<std::optional<auth::PersonalKey>> find_key(std::string hash) override {
        if (auto up = admit(); !up) co_return fail(up.error());
        auto found = keys_.find(hash);
        if (found == keys_.end() || found->second.expires_at <= clock_.now()) co_return std::nullopt;
        co_return found->second;
    }

    Task<std::vector<auth::PersonalKey>> keys_of(std::string subject) override {
        if (auto up = admit(); !up) co_return fail(up.error());
        std::vector<auth::PersonalKey> result;
        for (const auto& [hash, key] : keys_)
            if (key.person.subject == subject && key.expires_at > clock_.now()) result.push_back(key);
        std::ranges::sort(result, std::ranges::greater{}, &auth::PersonalKey::created_at);
        co_return result;
    }

    Task<bool> update_key_owner(std::string hash, auth::Person person) override {
        if (auto up = admit(); !up) co_return fail(up.error());
        const auto found = keys_.find(hash);
        if (found == keys_.end() || found->second.expires_at <= clock_.now()) co_return false;
        found->second.person = std::move(person);
        co_return true;
    }

    Task<> touch_key(std::string id, Instant now) override {
        if (auto up = admit(); !up) co_return fail(up.error());
        for (auto& [hash, key] : keys_)
            if (key.id == id) key.last_used_at = now;
        co_return Result<>{};
    }

    Task<bool> revoke_key(std::string subject, std::string id) override {
        if (auto up = admit(); !up) co_return fail(up.error());
        auto owned = [&](const auto& entry) {
            return entry.second.id == id && entry.second.person.subject == subject &&
                   entry.second.expires_at > clock_.now();
        };
        const bool there = std::erase_if(keys_, owned) > 0;
        if (there) tell(id);
        co_return there;
    }

    Task<std::vector<auth::CredentialCount>> credential_counts(std::vector<std::string> subjects) override {
        if (auto up = admit(); !up) co_return fail(up.error());
        std::vector<auth::CredentialCount> counts;
        for (const std::string& subject : subjects) {
            auth::CredentialCount count;
            for (const auto& [id, held] : sessions_)
                if (held.session.person.subject == subject && held.session.expires_at > clock_.now()) ++count.sessions;
            for (const auto& [hash, key] : keys_)
                if (key.person.subject == subject && key.expires_at > clock_.now()) ++count.keys;
            counts.push_back(count);
        }
        co_return counts;
    }

    // ---- service keys

    Task<> touch_service_key(std::string id, Instant now) override {
        if (auto up = admit(); !up) co_return fail(up.error());
        service_uses_[id] = now;
        co_return Result<>{};
    }

    Task<std::vector<std::optional<Instant>>> service_key_uses(std::vector<std::string> ids) override {
        if (auto up = admit(); !up) co_return fail(up.error());
        std::vector<std::optional<Instant>> uses;
        for (const std::string& id : ids) {
            const auto found = service_uses_.find(id);
            uses.push_back(found == service_uses_.end() ? std::nullopt : std::optional(found->second));
        }
        co_return uses;
    }

    // ---- the rest

    Task<auth::Count> count(std::string bucket, std::chrono::seconds window) override {
        if (auto up = admit(); !up) co_return fail(up.error());
        const auto now = clock_.now();
        auto& held = counts_[bucket];
        if (held.ends <= now) held = Timed<std::int64_t>{0, now + window};
        held.value += 1;
        co_return auth::Count{held.value, std::chrono::ceil<std::chrono::seconds>(held.ends - now)};
    }

    Task<> ping() override { co_return admit(); }

  private:
    enum class GrantState : std::uint8_t { pending, approved, denied };

    template <class T>
    struct Timed {
        T value{};
        Instant ends{};
    };
    struct Grant {
        auth::DeviceGrant grant;
        GrantState state = GrantState::pending;
        auth::Approval approval;
        std::optional<Instant> polled_at;
    };
    struct Held {
        auth::Session session;
        Instant leased_until;
    };

    Result<> admit() {
        ++calls_;
        const bool failing = failures_ > 0;
        if (failing) --failures_;
        if (down_ || failing)
            return fail(
                Error::unavailable(Reason::store_unreachable, "the store is unreachable", "MemoryVault is down"));
        return {};
    }

    bool is_pending(const Grant& held) const {
        return held.state == GrantState::pending && held.grant.expires_at > clock_.now();
    }

    Held* live(const std::string& id, Instant now) {
        auto found = sessions_.find(id);
        return found == sessions_.end() || found->second.session.expires_at <= now ? nullptr : &found->second;
    }

    void tell(const std::string& credential_id) {
        const auto listeners = listeners_;
        for (auto* listener : listeners)
            listener->on_revoked(credential_id);
    }

    const Clock& clock_;
    bool down_ = false;
    int failures_ = 0;
    int calls_ = 0;
    std::vector<auth::RevocationListener*> listeners_;
    std::map<std::string, Timed<auth::Attempt>> attempts_;
    std::map<std::string, Grant> grants_;
    std::map<std::string, Held> sessions_;
    std::map<std::string, auth::PersonalKey> keys_;  ///< by hash
    std::map<std::string, Instant> service_uses_;    ///< by id
    std::map<std::string, Timed<std::int64_t>> counts_;
};

}  // namespace gatehouse::testing

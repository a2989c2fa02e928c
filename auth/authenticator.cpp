// SPDX-License-Identifier: Apache-2.0
#include "auth/authenticator.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "auth/access_token.h"
#include "auth/audit.h"
#include "auth/credential_cache.h"
#include "auth/personal_key.h"
#include "auth/secret_hash.h"
#include "gateway/base/crypto.h"
#include "gateway/base/text.h"

namespace gatehouse::auth {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// How long a cached credential is used before the vault is asked again. The revocation feed makes that needless for
/// safety; it is when the last use is written down, on the one request a minute that has a round trip to wait for.
constexpr seconds recheck_after{60};
/// How long the vault is left alone after it could not be reached, so that an outage does not slow every request.
/// Below a second: a revocation made meanwhile elsewhere still takes effect in time.
constexpr milliseconds outage_pause{500};
constexpr std::size_t largest_credential = 32'768;
constexpr std::size_t most_tombstones = 65'536;

Error malformed(std::string detail) {
    return Error::unauthenticated(Reason::token_invalid, "invalid token", std::move(detail));
}

Error revoked(Reason reason) {
    return Error::unauthenticated(reason, "invalid token", "revoked or never issued");
}

/// The token of `Bearer <token>` (RFC 6750, section 2.1), the scheme in any case (RFC 9110, section 11.1).
Result<std::string_view> bearer_token(std::string_view value) {
    const std::size_t blank = value.find(' ');
    const std::string_view scheme = value.substr(0, blank);
    if (!http::same_token(scheme, "Bearer")) return fail(malformed("Authorization is not Bearer"));
    if (blank == std::string_view::npos) return std::string_view{};
    std::string_view token = value.substr(blank);
    token.remove_prefix(std::min(token.find_first_not_of(' '), token.size()));
    return token;
}

Result<std::string_view> credential_of(const http::Headers& headers) {
    if (headers.count("authorization") > 1 || headers.count("x-api-key") > 1)
        return fail(malformed("Authorization or x-api-key is given twice"));
    const auto authorization = headers.find("authorization");
    const auto api_key = headers.find("x-api-key");
    std::string_view credential = api_key.value_or(std::string_view{});
    if (authorization) {
        const auto token = bearer_token(*authorization);
        if (!token) return fail(token.error());
        // Two different credentials: one would be checked while a proxy in front may have looked at the other.
        if (api_key && *api_key != *token) return fail(malformed("Authorization and x-api-key differ"));
        credential = *token;
    }
    if (credential.empty()) return fail(Error::unauthenticated(Reason::token_missing, "missing token"));
    if (credential.size() > largest_credential) return fail(malformed("longer than 32 KiB"));
    return credential;
}

bool is_outage(const Error& error) {
    return error.fault == Fault::unavailable || error.fault == Fault::timed_out;
}

/// A service key as a request meets it: by one of its secrets.
struct Service {
    std::shared_ptr<const ServiceKey> key;
    ServiceSecret secret;
    IdentityPtr identity;
};

/// When it ends by itself, whichever of the two ends comes first.
Instant end_of(const ServiceKey& key, const ServiceSecret& secret) {
    return std::min(key.expires_at.value_or(Instant::max()), secret.expires_at.value_or(Instant::max()));
}

}  // namespace

struct Authenticator::State {
    State(const SessionSettings& settings, std::string public_origin, Vault& store, const Clock& time,
          observe::Journal& told, std::size_t cache_size)
        : tokens(settings, std::move(public_origin)),
          vault(store),
          clock(time),
          journal(told),
          cache(cache_size),
          tombstones(most_tombstones, settings.ttl + recheck_after) {}

    /// The cached identity when it can be used without asking anyone. Of several requests that find the same entry due
    /// for a check only the first is sent to ask: it marks the entry as checked before it goes.
    IdentityPtr usable(const std::string& digest, Instant now) {
        CachedCredential* cached = cache.find(digest);
        if (cached == nullptr || !feed_is_up || now >= cached->identity->expires_at()) return nullptr;
        if (now - cached->checked_at < recheck_after) return cached->identity;
        cached->checked_at = now;
        return nullptr;
    }

    /// Caches what the vault just confirmed, unless the feed came or went meanwhile: then a revocation may have been
    /// missed. True when the last use should be written down now.
    bool remember(std::string digest, const IdentityPtr& identity, std::uint64_t asked_in, Instant now) {
        const CachedCredential* known = cache.find(digest);
        const bool due = known == nullptr || now - known->touched_at >= recheck_after;
        const Instant touched_at = due ? now : known->touched_at;
        if (asked_in == feed_generation) cache.put({std::move(digest), identity, now, touched_at});
        return due;
    }

    Task<IdentityPtr> identify_session(std::string token, std::string digest);
    Task<IdentityPtr> identify_key(std::string key, std::string digest);
    Result<IdentityPtr> accept_unconfirmed(const VerifiedToken& token) const;
    Result<IdentityPtr> check_session(const VerifiedToken& token, const std::optional<Session>& session);
    Result<IdentityPtr> check_key(const std::optional<PersonalKey>& key, const std::string& digest);
    Result<IdentityPtr> key_without_vault(const IdentityPtr& cached, const Error& outage) const;
    Task<IdentityPtr> identify_service(const http::Request& request, std::string hash);
    Result<IdentityPtr> check_service(const http::Request& request, const std::string& hash) const;
    bool is_use_due(const std::string& key_id, Instant now);

    AccessTokens tokens;
    Vault& vault;
    const Clock& clock;
    observe::Journal& journal;
    CredentialCache cache;
    Tombstones tombstones;
    bool feed_is_up = false;
    std::uint64_t feed_generation = 0;  ///< counts feed changes
    Instant leave_vault_alone_until;
    std::optional<std::unordered_map<std::string, Service>> services;  ///< by the hash of a secret
    std::map<std::string, Instant> services_used;  ///< by id: when their last use was last written down
};

Result<IdentityPtr> Authenticator::State::accept_unconfirmed(const VerifiedToken& token) const {
    if (tombstones.holds(token.session_id, clock.now())) return fail(revoked(Reason::session_revoked));
    return IdentityPtr(new Identity(token.person, CredentialKind::session, token.session_id, token.expires_at));
}

Result<IdentityPtr> Authenticator::State::check_session(const VerifiedToken& token,
                                                        const std::optional<Session>& session) {
    const bool ended = !session || clock.now() >= session->expires_at;
    if (ended || tombstones.holds(token.session_id, clock.now())) {
        cache.forget(token.session_id);
        return fail(revoked(Reason::session_revoked));
    }
    if (session->person.subject != token.person.subject) return fail(malformed("sub is not the session's subject"));
    return IdentityPtr(new Identity(token.person, CredentialKind::session, token.session_id,
                                    std::min(token.expires_at, session->expires_at)));
}

Task<IdentityPtr> Authenticator::State::identify_session(std::string token, std::string digest) {
    const auto verified = tokens.verify(token, clock.now());
    if (!verified) co_return fail(verified.error());
    if (clock.now() < leave_vault_alone_until) co_return accept_unconfirmed(*verified);

    const std::uint64_t asked_in = feed_generation;
    const auto session = co_await vault.find_session(verified->session_id);
    if (!session && !is_outage(session.error())) co_return fail(session.error());
    if (!session) {
        leave_vault_alone_until = clock.now() + outage_pause;
        co_return accept_unconfirmed(*verified);
    }
    leave_vault_alone_until = {};
    auto identity = check_session(*verified, *session);
    if (!identity) co_return fail(identity.error());
    const Instant now = clock.now();
    if (!remember(std::move(digest), *identity, asked_in, now)) co_return *identity;
    // A last use that could not be written down is no reason to refuse anyone.
    [[maybe_unused]] const auto touched = co_await vault.touch_session(verified->session_id, "", now);
    co_return *identity;
}

Result<IdentityPtr> Authenticator::State::check_key(const std::optional<PersonalKey>& key, const std::string& digest) {
    if (!key || tombstones.holds(key->id, clock.now())) {
        cache.erase(digest);
        return fail(revoked(Reason::key_revoked));
    }
    if (clock.now() >= key->expires_at)
        return fail(Error::unauthenticated(Reason::key_expired, "invalid token", "the key has expired"));
    return IdentityPtr(new Identity(key->person, CredentialKind::personal_key, key->id, key->expires_at));
}

Result<IdentityPtr> Authenticator::State::key_without_vault(const IdentityPtr& cached, const Error& outage) const {
    if (!cached) return fail(outage);
    if (clock.now() >= cached->expires_at())
        return fail(Error::unauthenticated(Reason::key_expired, "invalid token", "the key has expired"));
    if (tombstones.holds(cached->credential_id(), clock.now())) return fail(revoked(Reason::key_revoked));
    return cached;
}

Task<IdentityPtr> Authenticator::State::identify_key(std::string key, std::string digest) {
    const CachedCredential* known = cache.find(digest);
    const IdentityPtr cached = known == nullptr ? nullptr : known->identity;
    const std::uint64_t asked_in = feed_generation;
    const auto found = co_await vault.find_key(secret_hash(key));
    if (!found && is_outage(found.error())) co_return key_without_vault(cached, found.error());
    if (!found) co_return fail(found.error());

    auto identity = check_key(*found, digest);
    if (!identity) co_return fail(identity.error());
    const Instant now = clock.now();
    if (!remember(std::move(digest), *identity, asked_in, now)) co_return *identity;
    [[maybe_unused]] const auto touched = co_await vault.touch_key((*identity)->credential_id(), now);
    co_return *identity;
}

Result<IdentityPtr> Authenticator::State::check_service(const http::Request& request, const std::string& hash) const {
    if (!services)
        return fail(Error::unavailable(Reason::store_unreachable, "service keys cannot be checked yet: try again"));
    const auto found = services->find(hash);
    if (found == services->end()) return fail(revoked(Reason::key_revoked));
    const Service& service = found->second;
    const auto admitted = admit(*service.key, service.secret, request.peer.address, clock.now());
    if (admitted) return service.identity;
    audit_failure(journal, "service_key.denied", request, admitted.error(), service.identity->person(),
                  {{"credential_id", service.key->id}, {"owner", service.key->owner}});
    return fail(admitted.error());
}

bool Authenticator::State::is_use_due(const std::string& key_id, Instant now) {
    if (now < leave_vault_alone_until) return false;
    const auto [used, first] = services_used.try_emplace(key_id, now);
    if (!first && now - used->second < recheck_after) return false;
    used->second = now;
    return true;
}

Task<IdentityPtr> Authenticator::State::identify_service(const http::Request& request, std::string hash) {
    auto identity = check_service(request, hash);
    if (!identity) co_return fail(identity.error());
    const Instant now = clock.now();
    if (!is_use_due((*identity)->credential_id(), now)) co_return *identity;
    const auto touched = co_await vault.touch_service_key((*identity)->credential_id(), now);
    if (!touched && is_outage(touched.error())) leave_vault_alone_until = clock.now() + outage_pause;
    co_return *identity;
}

Authenticator::Authenticator(const SessionSettings& settings, std::string public_origin, Vault& vault,
                             const Clock& clock, observe::Journal& journal, std::size_t cache_size)
    : state_(std::make_unique<State>(settings, std::move(public_origin), vault, clock, journal, cache_size)) {}

Authenticator::~Authenticator() = default;

Task<IdentityPtr> Authenticator::identify(const http::Request& request) {
    const auto credential = credential_of(request.headers);
    if (!credential) co_return fail(credential.error());
    if (is_service_key(*credential)) {
        auto service = co_await state_->identify_service(request, secret_hash(*credential));
        co_return service;
    }
    std::string digest = sha256(*credential);
    if (IdentityPtr cached = state_->usable(digest, state_->clock.now())) co_return cached;
    // Copied only now: the common request ends one line above.
    std::string copy(*credential);
    auto identified = is_personal_key(copy) ? state_->identify_key(std::move(copy), std::move(digest))
                                            : state_->identify_session(std::move(copy), std::move(digest));
    auto identity = co_await std::move(identified);
    co_return identity;
}

IdentityPtr Authenticator::identity_of(const Session& browser) {
    return IdentityPtr(new Identity(browser.person, CredentialKind::browser_session, browser.id, browser.expires_at));
}

void Authenticator::set_service_keys(std::vector<ServiceKey> keys) {
    std::unordered_map<std::string, Service> services;
    std::map<std::string, Instant> used;
    for (ServiceKey& each : keys) {
        const auto key = std::make_shared<const ServiceKey>(std::move(each));
        if (const auto known = state_->services_used.find(key->id); known != state_->services_used.end())
            used.insert(*known);
        for (const ServiceSecret& secret : key->secrets) {
            IdentityPtr identity(new Identity(to_person(*key), CredentialKind::service_key, key->id,
                                              end_of(*key, secret), {key, &key->limits}));
            services.insert_or_assign(secret.hash, Service{key, secret, std::move(identity)});
        }
    }
    state_->services = std::move(services);
    state_->services_used = std::move(used);
}

std::vector<ServiceKey> Authenticator::service_keys_owned_by(std::string_view owner) const {
    std::map<std::string, ServiceKey> owned;  // a key with two secrets is there twice
    if (!state_->services) return {};
    for (const auto& [hash, service] : *state_->services)
        if (to_lower(service.key->owner) == to_lower(owner)) owned.try_emplace(service.key->id, *service.key);
    std::vector<ServiceKey> keys;
    for (auto& [id, key] : owned)
        keys.push_back(std::move(key));
    return keys;
}

void Authenticator::on_revoked(std::string_view credential_id) {
    state_->tombstones.bury(credential_id, state_->clock.now());
    state_->cache.forget(credential_id);
}

void Authenticator::on_feed_up() {
    state_->feed_is_up = true;
    ++state_->feed_generation;
    state_->cache.clear();
}

void Authenticator::on_feed_down() {
    state_->feed_is_up = false;
    ++state_->feed_generation;
}

}  // namespace gatehouse::auth

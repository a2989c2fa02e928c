// SPDX-License-Identifier: Apache-2.0
#include "gateway/store/redis_vault.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "gateway/base/crypto.h"
#include "gateway/store/revocation_feed.h"
#include "gateway/store/scripts.h"

namespace gatehouse::store {
namespace {

std::string attempt_key(std::string_view id) {
    return key_of("a", id);
}
std::string grant_key(std::string_view device_hash) {
    return key_of("g", device_hash);
}
std::string code_key(std::string_view user_code) {
    return key_of("c", user_code);
}
std::string session_key(std::string_view id) {
    return key_of("s", id);
}
std::string cookie_key(std::string_view secret_hash) {
    return key_of("b", secret_hash);
}
std::string personal_key(std::string_view hash) {
    return key_of("k", hash);
}
std::string key_id_key(std::string_view id) {
    return key_of("i", id);
}
std::string service_use_key(std::string_view id) {
    return key_of("v", id);
}
std::string bucket_key(std::string_view bucket) {
    return key_of("n", bucket);
}
// Who somebody is stays out of key names, which turn up in slow logs and key listings.
std::string user_key(std::string_view subject) {
    return key_of("u", to_base64url(sha256(subject)));
}
std::string sessions_index(std::string_view subject) {
    return user_key(subject) + ":sessions";
}
std::string keys_index(std::string_view subject) {
    return user_key(subject) + ":keys";
}

constexpr std::chrono::seconds service_use_kept = std::chrono::years{11};

std::string to_text(std::chrono::milliseconds span) {
    return std::to_string(span.count());
}

/// A script's answer of the form {state, record}.
struct Answer {
    std::string state;
    Fields record;
};

Result<Answer> to_answer(const Reply& reply) {
    if (reply.items.size() != 2) return fail(refusal_of(reply));
    return Answer{reply.items[0].text, fields_of(reply.items[1])};
}

auth::PollState to_poll_state(std::string_view text) {
    if (text == "pending") return auth::PollState::pending;
    if (text == "too_soon") return auth::PollState::too_soon;
    if (text == "denied") return auth::PollState::denied;
    if (text == "approved") return auth::PollState::approved;
    return auth::PollState::unknown;
}

auth::RefreshState to_refresh_state(std::string_view text) {
    if (text == "granted") return auth::RefreshState::granted;
    if (text == "replay") return auth::RefreshState::replay;
    if (text == "busy") return auth::RefreshState::busy;
    if (text == "reused") return auth::RefreshState::reused;
    return auth::RefreshState::unknown;
}

}  // namespace

// ---- records, pointers, indexes

std::string RedisVault::milliseconds_left(Instant expires_at) const {
    return to_text(std::max(expires_at - clock_.now(), std::chrono::milliseconds{1}));
}

Task<> RedisVault::put_record(std::string key, Fields fields, Instant expires_at) {
    std::vector<std::string> arguments{milliseconds_left(expires_at)};
    append_fields(arguments, fields);
    const auto done = co_await redis_.run(scripts::put_record, {std::move(key)}, std::move(arguments));
    if (!done) co_return fail(done.error());
    co_return Result<>{};
}

Task<> RedisVault::put_pointer(std::string key, std::string value, Instant expires_at) {
    Command command{"SET", std::move(key), std::move(value), "PX", milliseconds_left(expires_at)};
    const auto done = co_await redis_.send(std::move(command));
    if (!done) co_return fail(done.error());
    co_return Result<>{};
}

Task<> RedisVault::index(std::string index, std::string member, Instant expires_at) {
    std::vector<std::string> arguments{store::to_text(clock_.now()), store::to_text(expires_at), std::move(member)};
    const auto done = co_await redis_.run(scripts::index_record, {std::move(index)}, std::move(arguments));
    if (!done) co_return fail(done.error());
    co_return Result<>{};
}

Task<Fields> RedisVault::find_record(std::string key) {
    const auto reply = co_await redis_.send({"HGETALL", std::move(key)});
    if (!reply) co_return fail(reply.error());
    co_return fields_of(*reply);
}

Task<std::vector<Fields>> RedisVault::find_records(std::vector<std::string> keys) {
    std::vector<Command> commands;
    commands.reserve(keys.size());
    for (std::string& key : keys)
        commands.push_back({"HGETALL", std::move(key)});
    const auto replies = co_await redis_.send_all(std::move(commands));
    if (!replies) co_return fail(replies.error());
    std::vector<Fields> records;
    for (const Reply& reply : *replies)
        records.push_back(fields_of(reply));
    co_return records;
}

Task<std::optional<std::string>> RedisVault::find_pointer(std::string key) {
    const auto reply = co_await redis_.send({"GET", std::move(key)});
    if (!reply) co_return fail(reply.error());
    if (reply->is_nil()) co_return std::nullopt;
    co_return reply->text;
}

Task<std::vector<std::string>> RedisVault::members_of(std::string index) {
    // Members whose end has passed are left out by score; the next addition removes them.
    Command command{"ZRANGEBYSCORE", std::move(index), "(" + store::to_text(clock_.now()), "+inf"};
    const auto reply = co_await redis_.send(std::move(command));
    if (!reply) co_return fail(reply.error());
    std::vector<std::string> members;
    for (const Reply& member : reply->items)
        members.push_back(member.text);
    co_return members;
}

// ---- attempts

Task<> RedisVault::put_attempt(auth::Attempt attempt, std::chrono::seconds lifetime) {
    const auto expires_at = clock_.now() + lifetime;
    Fields fields = to_fields(attempt);
    fields["expires_at"] = store::to_text(expires_at);
    co_return co_await put_record(attempt_key(attempt.id), std::move(fields), expires_at);
}

Task<std::optional<auth::Attempt>> RedisVault::find_attempt(std::string id) {
    const auto record = co_await find_record(attempt_key(id));
    if (!record) co_return fail(record.error());
    if (!is_live(*record, clock_.now())) co_return std::nullopt;
    co_return to_attempt(*record);
}

Task<std::optional<auth::Attempt>> RedisVault::take_attempt(std::string id) {
    const auto reply = co_await redis_.run(scripts::take_record, {attempt_key(id)}, {});
    if (!reply) co_return fail(reply.error());
    const Fields record = fields_of(*reply);
    if (!is_live(record, clock_.now())) co_return std::nullopt;
    co_return to_attempt(record);
}

// ---- device grants

Task<> RedisVault::put_grant(auth::DeviceGrant grant) {
    Command claim{"SET", code_key(grant.user_code), grant.device_hash, "NX", "PX", milliseconds_left(grant.expires_at)};
    const auto claimed = co_await redis_.send(std::move(claim));
    if (!claimed) co_return fail(claimed.error());
    if (claimed->is_nil()) co_return fail(Error::conflict(Reason::already_exists, "the user code is taken"));
    Fields fields = to_fields(grant);
    fields["state"] = "pending";
    co_return co_await put_record(grant_key(grant.device_hash), std::move(fields), grant.expires_at);
}

Task<std::optional<auth::DeviceGrant>> RedisVault::find_grant(std::string user_code) {
    const auto device_hash = co_await find_pointer(code_key(user_code));
    if (!device_hash) co_return fail(device_hash.error());
    if (!*device_hash) co_return std::nullopt;
    const auto record = co_await find_record(grant_key(**device_hash));
    if (!record) co_return fail(record.error());
    const auto state = record->find("state");
    if (!is_live(*record, clock_.now()) || state == record->end() || state->second != "pending") co_return std::nullopt;
    co_return to_grant(*record);
}

Task<bool> RedisVault::settle_grant(std::string device_hash, Fields changes) {
    std::vector<std::string> arguments{store::to_text(clock_.now())};
    append_fields(arguments, changes);
    const auto reply = co_await redis_.run(scripts::settle_grant, {grant_key(device_hash)}, std::move(arguments));
    if (!reply) co_return fail(reply.error());
    co_return reply->integer == 1;
}

Task<bool> RedisVault::approve_grant(std::string device_hash, auth::Approval approval) {
    Fields changes = to_fields(approval);
    changes["state"] = "approved";
    co_return co_await settle_grant(std::move(device_hash), std::move(changes));
}

Task<bool> RedisVault::deny_grant(std::string device_hash) {
    co_return co_await settle_grant(std::move(device_hash), Fields{{"state", "denied"}});
}

Task<auth::PollOutcome> RedisVault::poll_grant(std::string device_hash, Instant now, std::chrono::seconds interval) {
    std::vector<std::string> arguments{store::to_text(now), to_text(interval)};
    const auto reply = co_await redis_.run(scripts::poll_grant, {grant_key(device_hash)}, std::move(arguments));
    if (!reply) co_return fail(reply.error());
    const auto answer = to_answer(*reply);
    if (!answer) co_return fail(answer.error());
    auth::PollOutcome outcome;
    outcome.state = to_poll_state(answer->state);
    const auto grant = to_grant(answer->record);
    if (grant) {
        outcome.client = grant->client;
        outcome.address = grant->address;
    }
    if (outcome.state != auth::PollState::approved) co_return outcome;
    auto approval = to_approval(answer->record);
    if (!approval) co_return fail(Error::internal("the record of an approved device grant cannot be read"));
    outcome.approval = std::move(*approval);
    co_return outcome;
}

// ---- sessions

Task<> RedisVault::put_session(auth::Session session) {
    const auto indexed = co_await index(sessions_index(session.person.subject), session.id, session.expires_at);
    if (!indexed) co_return fail(indexed.error());
    if (!session.secret_hash.empty()) {
        const auto pointed = co_await put_pointer(cookie_key(session.secret_hash), session.id, session.expires_at);
        if (!pointed) co_return fail(pointed.error());
    }
    co_return co_await put_record(session_key(session.id), to_fields(session), session.expires_at);
}

Task<std::optional<auth::Session>> RedisVault::find_session(std::string id) {
    const auto record = co_await find_record(session_key(id));
    if (!record) co_return fail(record.error());
    if (!is_live(*record, clock_.now())) co_return std::nullopt;
    co_return to_session(*record);
}

Task<std::optional<auth::Session>> RedisVault::find_session_by_secret(std::string secret_hash) {
    if (secret_hash.empty()) co_return std::nullopt;
    const auto id = co_await find_pointer(cookie_key(secret_hash));
    if (!id) co_return fail(id.error());
    if (!*id) co_return std::nullopt;
    auto session = co_await find_session(**id);
    // A session that was given a new cookie leaves the old cookie's pointer behind: it must not open it any more.
    if (session && *session && (*session)->secret_hash != secret_hash) co_return std::nullopt;
    co_return session;
}

Task<std::vector<auth::Session>> RedisVault::sessions_of(std::string subject) {
    const auto ids = co_await members_of(sessions_index(subject));
    if (!ids) co_return fail(ids.error());
    std::vector<std::string> keys;
    for (const std::string& id : *ids)
        keys.push_back(session_key(id));
    const auto records = co_await find_records(std::move(keys));
    if (!records) co_return fail(records.error());
    std::vector<auth::Session> sessions;
    for (const Fields& record : *records) {
        auto session = is_live(record, clock_.now()) ? to_session(record) : std::nullopt;
        if (session && session->person.subject == subject) sessions.push_back(std::move(*session));
    }
    std::ranges::sort(sessions, std::ranges::greater{}, &auth::Session::created_at);
    co_return sessions;
}

Task<> RedisVault::touch_session(std::string id, std::string address, Instant now) {
    std::vector<std::string> changes{"last_used_at", store::to_text(now)};
    if (!address.empty()) changes.insert(changes.end(), {"address", std::move(address)});
    const auto done = co_await redis_.run(scripts::touch_record, {session_key(id)}, std::move(changes));
    if (!done) co_return fail(done.error());
    co_return Result<>{};
}

Task<auth::RefreshClaim> RedisVault::begin_refresh(std::string id, std::int64_t generation, Instant now,
                                                   std::chrono::seconds replay_grace, std::chrono::seconds lease) {
    std::vector<std::string> arguments{std::to_string(generation), store::to_text(now), to_text(replay_grace),
                                       to_text(lease)};
    const auto reply = co_await redis_.run(scripts::begin_refresh, {session_key(id)}, std::move(arguments));
    if (!reply) co_return fail(reply.error());
    const auto answer = to_answer(*reply);
    if (!answer) co_return fail(answer.error());
    auth::RefreshClaim claim;
    claim.state = to_refresh_state(answer->state);
    if (claim.state == auth::RefreshState::unknown) co_return claim;
    auto session = to_session(answer->record);
    if (!session) co_return fail(Error::internal("the record of a session cannot be read"));
    claim.session = std::move(*session);
    co_return claim;
}

Task<auth::Session> RedisVault::finish_refresh(auth::Session session, Instant now) {
    // The end may have moved: the index must not forget the session before it.
    const auto indexed = co_await index(sessions_index(session.person.subject), session.id, session.expires_at);
    if (!indexed) co_return fail(indexed.error());
    std::vector<std::string> arguments{store::to_text(now), milliseconds_left(session.expires_at),
                                       std::to_string(session.generation)};
    session.generation += 1;
    session.rotated_at = now;
    append_fields(arguments, to_fields(session));
    const auto reply = co_await redis_.run(scripts::finish_refresh, {session_key(session.id)}, std::move(arguments));
    if (!reply) co_return fail(reply.error());
    if (reply->text == "gone") co_return fail(Error::unauthenticated(Reason::session_revoked, "the session has ended"));
    if (reply->text == "late")
        co_return fail(Error::conflict(Reason::already_exists, "another refresh of this session finished first"));
    co_return session;
}

Task<> RedisVault::abandon_refresh(std::string id) {
    const auto done = co_await redis_.send({"HDEL", session_key(id), "leased_until"});
    if (!done) co_return fail(done.error());
    co_return Result<>{};
}

Task<bool> RedisVault::revoke_session(std::string id) {
    const auto reply =
        co_await redis_.run(scripts::revoke_session, {session_key(id)}, {std::string(revocation_channel), id});
    if (!reply) co_return fail(reply.error());
    const Fields record = fields_of(*reply);
    const auto session = to_session(record);
    if (!session) co_return false;
    // It is revoked. What is left leads nowhere and ends by itself, so a failure from here on is not one.
    std::vector<Command> leftovers{{"ZREM", sessions_index(session->person.subject), id}};
    if (!session->secret_hash.empty()) leftovers.push_back({"DEL", cookie_key(session->secret_hash)});
    co_await redis_.send_all(std::move(leftovers));
    co_return is_live(record, clock_.now());
}

// ---- personal keys

Task<> RedisVault::put_key(auth::PersonalKey key) {
    const auto indexed = co_await index(keys_index(key.person.subject), key.hash, key.expires_at);
    if (!indexed) co_return fail(indexed.error());
    const auto pointed = co_await put_pointer(key_id_key(key.id), key.hash, key.expires_at);
    if (!pointed) co_return fail(pointed.error());
    co_return co_await put_record(personal_key(key.hash), to_fields(key), key.expires_at);
}

Task<std::optional<auth::PersonalKey>> RedisVault::find_key(std::string hash) {
    const auto record = co_await find_record(personal_key(hash));
    if (!record) co_return fail(record.error());
    if (!is_live(*record, clock_.now())) co_return std::nullopt;
    co_return to_key(*record);
}

Task<std::vector<auth::PersonalKey>> RedisVault::keys_of(std::string subject) {
    const auto hashes = co_await members_of(keys_index(subject));
    if (!hashes) co_return fail(hashes.error());
    std::vector<std::string> names;
    for (const std::string& hash : *hashes)
        names.push_back(personal_key(hash));
    const auto records = co_await find_records(std::move(names));
    if (!records) co_return fail(records.error());
    std::vector<auth::PersonalKey> keys;
    for (const Fields& record : *records) {
        auto key = is_live(record, clock_.now()) ? to_key(record) : std::nullopt;
        if (key && key->person.subject == subject) keys.push_back(std::move(*key));
    }
    std::ranges::sort(keys, std::ranges::greater{}, &auth::PersonalKey::created_at);
    co_return keys;
}

Task<bool> RedisVault::update_key_owner(std::string hash, auth::Person person) {
    std::vector<std::string> changes;
    for (auto& [name, value] : to_fields(person)) {
        changes.push_back(name);
        changes.push_back(value);
    }
    const auto reply = co_await redis_.run(scripts::touch_record, {personal_key(hash)}, std::move(changes));
    if (!reply) co_return fail(reply.error());
    co_return reply->integer == 1;
}

Task<> RedisVault::touch_key(std::string id, Instant now) {
    const auto hash = co_await find_pointer(key_id_key(id));
    if (!hash) co_return fail(hash.error());
    if (!*hash) co_return Result<>{};
    const auto done =
        co_await redis_.run(scripts::touch_record, {personal_key(**hash)}, {"last_used_at", store::to_text(now)});
    if (!done) co_return fail(done.error());
    co_return Result<>{};
}

Task<bool> RedisVault::revoke_key(std::string subject, std::string id) {
    const auto hash = co_await find_pointer(key_id_key(id));
    if (!hash) co_return fail(hash.error());
    if (!*hash) co_return false;
    const auto reply = co_await redis_.run(scripts::revoke_key, {personal_key(**hash)},
                                           {std::string(revocation_channel), id, subject});
    if (!reply) co_return fail(reply.error());
    if (reply->is_nil()) co_return false;
    // As with sessions: what is left leads nowhere.
    co_await redis_.send_all({{"ZREM", keys_index(subject), **hash}, {"DEL", key_id_key(id)}});
    co_return is_live(Fields{{"expires_at", reply->text}}, clock_.now());
}

// ---- both together

Task<std::vector<auth::CredentialCount>> RedisVault::credential_counts(std::vector<std::string> subjects) {
    const std::string ahead = "(" + store::to_text(clock_.now());
    std::vector<Command> commands;
    commands.reserve(2 * subjects.size());
    for (const std::string& subject : subjects) {
        commands.push_back({"ZCOUNT", sessions_index(subject), ahead, "+inf"});
        commands.push_back({"ZCOUNT", keys_index(subject), ahead, "+inf"});
    }
    const auto replies = co_await redis_.send_all(std::move(commands));
    if (!replies) co_return fail(replies.error());
    std::vector<auth::CredentialCount> counts;
    for (std::size_t at = 0; at + 1 < replies->size(); at += 2)
        counts.push_back({(*replies)[at].integer, (*replies)[at + 1].integer});
    co_return counts;
}

// ---- service keys

Task<> RedisVault::touch_service_key(std::string id, Instant now) {
    // Nobody takes it away with its key, which this knows nothing of: it ends by itself, past the longest life of one.
    Command command{"SET", service_use_key(id), store::to_text(now), "EX", std::to_string(service_use_kept.count())};
    const auto done = co_await redis_.send(std::move(command));
    if (!done) co_return fail(done.error());
    co_return Result<>{};
}

Task<std::vector<std::optional<Instant>>> RedisVault::service_key_uses(std::vector<std::string> ids) {
    std::vector<Command> commands;
    commands.reserve(ids.size());
    for (const std::string& id : ids)
        commands.push_back({"GET", service_use_key(id)});
    const auto replies = co_await redis_.send_all(std::move(commands));
    if (!replies) co_return fail(replies.error());
    std::vector<std::optional<Instant>> uses;
    for (const Reply& reply : *replies)
        uses.push_back(parse_instant(reply.text));
    co_return uses;
}

// ---- the rest

Task<auth::Count> RedisVault::count(std::string bucket, std::chrono::seconds window) {
    const auto reply = co_await redis_.run(scripts::count_event, {bucket_key(bucket)},
                                           {store::to_text(clock_.now()), to_text(window)});
    if (!reply) co_return fail(reply.error());
    if (reply->items.size() != 2) co_return fail(refusal_of(*reply));
    const std::chrono::milliseconds left{reply->items[1].integer};
    co_return auth::Count{reply->items[0].integer, std::min(std::chrono::ceil<std::chrono::seconds>(left), window)};
}

Task<> RedisVault::ping() {
    const auto reply = co_await redis_.send({"PING"});
    if (!reply) co_return fail(reply.error());
    co_return Result<>{};
}

}  // namespace gatehouse::store

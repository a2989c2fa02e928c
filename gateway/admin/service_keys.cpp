// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/service_keys.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>

#include "auth/audit.h"
#include "auth/secret_hash.h"
#include "gateway/admin/cap_store.h"
#include "gateway/admin/query.h"
#include "gateway/admin/reply.h"
#include "gateway/base/json.h"
#include "gateway/base/log.h"
#include "gateway/base/timestamp.h"

namespace gatehouse::admin {
namespace {

namespace bj = boost::json;
using auth::ServiceKey;

constexpr std::string_view root = "/v1/organizations/service_keys";
constexpr std::string_view rotation = "/rotate";
constexpr std::string_view scope = "service_keys";
constexpr std::size_t usual_page = 20;
/// Every shard of every replica holds all of them.
constexpr std::size_t most_keys = 1'000;
/// Another admin changed the same key between our reading and our writing.
constexpr int most_attempts = 8;

Error no_such_key() {
    return Error::not_found(Reason::not_found, "service key not found");
}

std::string rest_of(const http::Request& request) {
    return request.path.substr(root.size() + 1);
}

bj::array to_array(const std::vector<std::string>& texts) {
    return bj::array(texts.begin(), texts.end());
}

std::string_view status_of(const ServiceKey& key, Instant now) {
    if (key.disabled) return "disabled";
    return key.expires_at && now >= *key.expires_at ? "expired" : "active";
}

/// What admins see of it in lists and in the audit trail.
bj::object to_json(const ServiceKey& key) {
    bj::array secrets;
    for (const auth::ServiceSecret& secret : key.secrets)
        secrets.push_back(bj::object{{"created_at", to_timestamp(secret.created_at)},
                                     {"expires_at", json::or_null(secret.expires_at)}});
    return {{"id", key.id},
            {"name", key.name},
            {"owner", key.owner},
            {"groups", to_array(key.groups)},
            {"allowed_cidrs", to_array(key.allowed_cidrs)},
            {"rate_limits", key.limits},
            {"disabled", key.disabled},
            {"expires_at", json::or_null(key.expires_at)},
            {"secrets", std::move(secrets)},
            {"created_at", to_timestamp(key.created_at)},
            {"created_by", key.created_by},
            {"updated_at", to_timestamp(key.updated_at)}};
}

std::string audit_view(const ServiceKey& key) {
    return bj::serialize(to_json(key));
}

/// The policy that its requests meet: its groups decide, and it has no address.
bj::value policy_of(const ServiceKey& key, const policy::Rules& rules) {
    const std::string subject = auth::service_subject(key.id);
    const policy::Policy* holds = rules.policy_for({.id = subject, .email = {}, .groups = key.groups});
    return holds == nullptr ? bj::value() : bj::value(holds->name);
}

bj::object to_answer(ServiceKey key, const policy::Rules& rules, const std::optional<Instant>& last_used_at,
                     Instant now) {
    auth::forget_ended_secrets(key, now);
    bj::object body{{"type", "service_key"}};
    for (auto& member : to_json(key))
        body.insert(std::move(member));
    body["status"] = status_of(key, now);
    body["user_id"] = auth::service_subject(key.id);
    body["policy"] = policy_of(key, rules);
    body["last_used_at"] = json::or_null(last_used_at);
    return body;
}

struct Page {
    std::span<const ServiceKey> keys;
    bool has_more = false;
};

/// `keys` in order of creation. Going back, the page is the one right before the cursor, in the same order.
Result<Page> page_of(std::span<const ServiceKey> keys, const Query& query) {
    const auto limit = query.limit(usual_page);
    if (!limit) return fail(limit.error());
    const auto after = query.find("after_id");
    if (!after) return fail(after.error());
    const auto before = query.find("before_id");
    if (!before) return fail(before.error());
    if (*after && *before) return fail(bad_field("before_id", "and after_id exclude each other"));
    if (!*after && !*before) return Page{keys.first(std::min(keys.size(), *limit)), keys.size() > *limit};
    const auto cursor = std::ranges::find(keys, *after ? **after : **before, &ServiceKey::id);
    if (cursor == keys.end()) return fail(bad_field(*after ? "after_id" : "before_id", "no service key with this id"));
    const auto at = static_cast<std::size_t>(cursor - keys.begin());
    const auto left = *after ? keys.subspan(at + 1) : keys.first(at);
    const std::size_t size = std::min(left.size(), *limit);
    return Page{*after ? left.first(size) : left.last(size), left.size() > size};
}

policy::RecordWrite key_write(const ServiceKey& key, std::string stored, std::string action, Instant now) {
    policy::RecordWrite write;
    write.kind = auth::service_key_record_kind;
    write.id = key.id;
    write.document = auth::to_document(key);
    write.expected = std::move(stored);
    write.audit.created_at = now;
    write.audit.action = std::move(action);
    write.audit.target_id = key.id;
    write.audit.after = audit_view(key);
    return write;
}

CapOrder to_cap_order(const ServiceKeyLimit& limit, std::string_view key_id, const std::string& reason) {
    CapOrder order;
    order.scope = {policy::ScopeKind::user, auth::service_subject(key_id)};
    order.amount = limit.amount;
    order.period = limit.period;
    order.reason = reason;
    return order;
}

}  // namespace

/// One change of a present key, with what the audit trail says of it.
struct ServiceKeysRoute::Change {
    std::string id;
    std::string action;
    std::string actor;
    std::string reason;
    std::function<void(ServiceKey&)> edit;
};

std::vector<ServiceKey> read_service_keys(const policy::Documents& documents) {
    std::vector<ServiceKey> keys;
    for (const auto& [id, document] : documents) {
        auto key = auth::parse_service_key(document);
        if (key)
            keys.push_back(std::move(*key));
        else
            log::error("the record of a service key cannot be read: it grants nothing", {{"id", id}});
    }
    return keys;
}

policy::RecordWrite key_creation(const ServiceKey& key, std::string actor, std::string reason, Instant now) {
    policy::RecordWrite write = key_write(key, "", "service_key.create", now);
    write.audit.actor = std::move(actor);
    write.audit.reason = std::move(reason);
    return write;
}

void ServiceKeysRoute::mount(http::Router& router) {
    add(router, "GET", std::string(root),
        parts_.gate.guard(Right::read_settings, scope, this, &ServiceKeysRoute::list));
    add(router, "POST", std::string(root), parts_.gate.guard(Right::write, scope, this, &ServiceKeysRoute::create));
    add(router, "GET", std::string(root) + "/*",
        parts_.gate.guard(Right::read_settings, scope, this, &ServiceKeysRoute::get));
    add(router, "POST", std::string(root) + "/*",
        parts_.gate.guard(Right::write, scope, this, &ServiceKeysRoute::post));
    add(router, "DELETE", std::string(root) + "/*",
        parts_.gate.guard(Right::write, scope, this, &ServiceKeysRoute::revoke));
}

void ServiceKeysRoute::add(http::Router& router, std::string method, std::string path, http::Guarded handler) {
    router.add({.method = std::move(method),
                .path = std::move(path),
                .handler = std::move(handler),
                .render = render_admin_error,
                .label = "service_keys"});
}

void ServiceKeysRoute::note(std::string_view event, const http::Request& request, const Caller& caller,
                            const ServiceKey& key) const {
    auth::audit_success(parts_.journal, event, request, caller.identity ? caller.identity->person() : auth::Person{},
                        {{"actor", caller.actor}, {"credential_id", key.id}, {"owner", key.owner}});
}

/// In order of creation.
Task<std::vector<ServiceKey>> ServiceKeysRoute::everything() {
    const auto documents = co_await parts_.records.all(std::string(auth::service_key_record_kind));
    if (!documents) co_return fail(documents.error());
    std::vector<ServiceKey> keys = read_service_keys(*documents);
    std::ranges::sort(keys, {}, [](const ServiceKey& key) { return std::tie(key.created_at, key.id); });
    co_return keys;
}

Task<ServiceKey> ServiceKeysRoute::find(std::string id) {
    const auto document = co_await parts_.records.find(std::string(auth::service_key_record_kind), std::move(id));
    if (!document) co_return fail(document.error());
    auto key = *document ? auth::parse_service_key(**document) : std::nullopt;
    if (!key) co_return fail(no_such_key());
    co_return std::move(*key);
}

Task<http::Response> ServiceKeysRoute::answer(const http::Request& request, ServiceKey key, std::string secret) {
    const auto uses = co_await parts_.vault.service_key_uses({key.id});
    // A secret is shown now or never: not even the store's outage may swallow it.
    if (!uses && secret.empty()) co_return fail(uses.error());
    bj::object body = to_answer(std::move(key), *parts_.rules(), uses ? uses->at(0) : std::nullopt, parts_.clock.now());
    if (!secret.empty()) body["secret"] = secret;
    co_return reply(request, body);
}

Task<http::Response> ServiceKeysRoute::list(http::Request& request) {
    const auto keys = co_await everything();
    if (!keys) co_return fail(keys.error());
    const auto page = page_of(*keys, Query(request));
    if (!page) co_return fail(page.error());
    std::vector<std::string> ids;
    for (const ServiceKey& key : page->keys)
        ids.push_back(key.id);
    const auto uses = co_await parts_.vault.service_key_uses(std::move(ids));
    if (!uses) co_return fail(uses.error());
    const auto rules = parts_.rules();
    bj::array data;
    for (std::size_t index = 0; index < page->keys.size(); ++index)
        data.push_back(to_answer(page->keys[index], *rules, uses->at(index), parts_.clock.now()));
    bj::object body{{"data", std::move(data)}, {"has_more", page->has_more}};
    body["first_id"] = page->keys.empty() ? bj::value() : bj::value(page->keys.front().id);
    body["last_id"] = page->keys.empty() ? bj::value() : bj::value(page->keys.back().id);
    co_return reply(request, body);
}

Task<http::Response> ServiceKeysRoute::get(http::Request& request) {
    auto key = co_await find(rest_of(request));
    if (!key) co_return fail(key.error());
    auto answered = co_await answer(request, std::move(*key), {});
    co_return answered;
}

/// No one may make a credential that administers: it would be a way around the Gate for whoever reads CI's secrets. The
/// Gate refuses service keys whatever their groups are; this says so before somebody relies on one.
Task<> ServiceKeysRoute::check_groups(const http::Request& request, Caller caller, ServiceKeyOrder order) {
    if (!order.groups) co_return Result<>{};
    const auto settings = parts_.settings();
    const auto administers = [&](const std::string& group) { return right_of(*settings, {group}).has_value(); };
    const auto found = std::ranges::find_if(*order.groups, administers);
    if (found == order.groups->end()) co_return Result<>{};
    const std::string place = "groups[" + std::to_string(found - order.groups->begin()) + "]";
    const Error error = Error::forbidden(Reason::admin_right_missing,
                                         place + ": " + *found + " administers this gateway, and no service key may");
    auth::audit_failure(parts_.journal, "admin.denied", request, error,
                        caller.identity ? caller.identity->person() : auth::Person{}, {{"actor", caller.actor}});
    policy::AuditEvent event;
    event.created_at = parts_.clock.now();
    event.actor = std::move(caller.actor);
    event.action = std::string(scope) + ".denied";
    event.reason = error.message;
    // The refusal stands whether or not it can be written down here; the journal has it.
    [[maybe_unused]] const auto noted = co_await parts_.records.note(std::move(event));
    co_return fail(error);
}

Task<http::Response> ServiceKeysRoute::create(http::Request& request, const Caller& caller) {
    const auto body = parse_body(request);
    if (!body) co_return fail(body.error());
    const Instant now = parts_.clock.now();
    const auto order = parse_new_service_key(*body, now);
    if (!order) co_return fail(order.error());
    const auto grantable = co_await check_groups(request, caller, *order);
    if (!grantable) co_return fail(grantable.error());
    const auto present = co_await parts_.records.all(std::string(auth::service_key_record_kind));
    if (!present) co_return fail(present.error());
    if (present->size() >= most_keys)
        co_return fail(
            Error::conflict(Reason::already_exists, "there are 1000 service keys: delete one that is no longer used"));

    std::string secret = auth::make_service_key(parts_.random);
    ServiceKey key{.id = "svk_" + to_hex(parts_.random.bytes(16)),
                   .created_at = now,
                   .created_by = caller.actor,
                   .updated_at = now,
                   .secrets = {{auth::secret_hash(secret), now, std::nullopt}}};
    apply(*order, key);
    std::vector<policy::RecordWrite> writes;
    writes.push_back(key_creation(key, caller.actor, order->reason, now));
    for (const ServiceKeyLimit& limit : order->limits)
        writes.push_back(cap_write(make_cap(to_cap_order(limit, key.id, order->reason), nullptr, now), "", caller.actor,
                                   order->reason, now));
    const auto written = co_await parts_.records.write(std::move(writes));
    if (!written) co_return fail(written.error());
    note("admin.service_key.create", request, caller, key);
    auto answered = co_await answer(request, std::move(key), std::move(secret));
    co_return answered;
}

Task<http::Response> ServiceKeysRoute::post(http::Request& request, const Caller& caller) {
    std::string id = rest_of(request);
    const bool rotates = id.ends_with(rotation);
    if (rotates) id.resize(id.size() - rotation.size());
    auto step = rotates ? rotate(request, caller, std::move(id)) : update(request, caller);
    auto answered = co_await std::move(step);
    co_return answered;
}

Task<ServiceKey> ServiceKeysRoute::change(Change change) {
    for (int attempt = 1;; ++attempt) {
        const auto document = co_await parts_.records.find(std::string(auth::service_key_record_kind), change.id);
        if (!document) co_return fail(document.error());
        auto key = *document ? auth::parse_service_key(**document) : std::nullopt;
        if (!key) co_return fail(no_such_key());
        const std::string before = audit_view(*key);
        const Instant now = parts_.clock.now();
        change.edit(*key);
        auth::forget_ended_secrets(*key, now);
        key->updated_at = now;
        std::vector<policy::RecordWrite> writes;
        writes.push_back(key_write(*key, **document, change.action, now));
        writes.back().audit.actor = change.actor;
        writes.back().audit.reason = change.reason;
        writes.back().audit.before = before;
        const auto written = co_await parts_.records.write(std::move(writes));
        if (written) co_return std::move(*key);
        if (written.error().fault != Fault::conflict || attempt == most_attempts) co_return fail(written.error());
    }
}

Task<http::Response> ServiceKeysRoute::update(http::Request& request, Caller caller) {
    const auto body = parse_body(request);
    if (!body) co_return fail(body.error());
    const auto order = parse_service_key_change(*body, parts_.clock.now());
    if (!order) co_return fail(order.error());
    const auto grantable = co_await check_groups(request, caller, *order);
    if (!grantable) co_return fail(grantable.error());
    Change wanted{rest_of(request), "service_key.update", caller.actor, order->reason,
                  [&order](ServiceKey& key) { apply(*order, key); }};
    auto key = co_await change(std::move(wanted));
    if (!key) co_return fail(key.error());
    note("admin.service_key.update", request, caller, *key);
    auto answered = co_await answer(request, std::move(*key), {});
    co_return answered;
}

Task<http::Response> ServiceKeysRoute::rotate(http::Request& request, Caller caller, std::string id) {
    const auto body = request.body.size() == 0 ? Result<bj::object>{} : parse_body(request);
    if (!body) co_return fail(body.error());
    const auto order = parse_rotation(*body);
    if (!order) co_return fail(order.error());
    std::string secret = auth::make_service_key(parts_.random);
    Change wanted{std::move(id), "service_key.rotate", caller.actor, order->reason, [&](ServiceKey& key) {
                      auth::rotate(key, auth::secret_hash(secret), parts_.clock.now(), order->overlap);
                  }};
    auto key = co_await change(std::move(wanted));
    if (!key) co_return fail(key.error());
    note("admin.service_key.rotate", request, caller, *key);
    auto answered = co_await answer(request, std::move(*key), std::move(secret));
    co_return answered;
}

/// With its own caps, in one write: nobody else can be under them. Gives the key as it was.
Task<ServiceKey> ServiceKeysRoute::remove(std::string id, std::string actor) {
    const Instant now = parts_.clock.now();
    const auto document = co_await parts_.records.find(std::string(auth::service_key_record_kind), id);
    if (!document) co_return fail(document.error());
    if (!*document) co_return fail(no_such_key());
    const auto caps = co_await parts_.records.all(std::string(policy::cap_record_kind));
    if (!caps) co_return fail(caps.error());
    // What cannot be read grants nothing, but can be taken away.
    ServiceKey key = auth::parse_service_key(**document).value_or(ServiceKey{.id = id});
    std::vector<policy::RecordWrite> writes(1);
    writes[0].kind = auth::service_key_record_kind;
    writes[0].id = id;
    writes[0].expected = **document;
    writes[0].audit = {.created_at = now, .actor = actor, .action = "service_key.revoke", .target_id = id};
    writes[0].audit.before = audit_view(key);
    for (const auto& [cap_id, text] : *caps) {
        const auto cap = policy::parse_cap(text);
        if (!cap || cap->scope != policy::Scope{policy::ScopeKind::user, auth::service_subject(id)}) continue;
        writes.push_back(cap_removal(*cap, text, actor, now));
    }
    const auto written = co_await parts_.records.write(std::move(writes));
    if (!written) co_return fail(written.error());
    co_return std::move(key);
}

Task<http::Response> ServiceKeysRoute::revoke(http::Request& request, const Caller& caller) {
    for (int attempt = 1;; ++attempt) {
        const auto key = co_await remove(rest_of(request), caller.actor);
        if (!key && key.error().fault == Fault::conflict && attempt < most_attempts) continue;
        if (!key) co_return fail(key.error());
        note("admin.service_key.revoke", request, caller, *key);
        co_return reply(request, bj::object{{"type", "service_key_deleted"}, {"id", key->id}});
    }
}

}  // namespace gatehouse::admin

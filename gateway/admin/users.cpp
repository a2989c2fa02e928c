// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/users.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string_view>
#include <utility>

#include "auth/audit.h"
#include "auth/session.h"
#include "gateway/admin/credential_views.h"
#include "gateway/admin/people.h"
#include "gateway/admin/reply.h"
#include "gateway/admin/user_search.h"
#include "gateway/base/json.h"
#include "gateway/base/log.h"
#include "gateway/http/form.h"

namespace gatehouse::admin {
namespace {

namespace bj = boost::json;

constexpr std::string_view root = "/v1/organizations/users";
constexpr std::string_view scope = "users";
constexpr std::size_t longest_reason = 500;

Error no_such_path() {
    return Error::not_found(Reason::not_found, "not found");
}

bj::object to_json(const policy::Principal& person, const policy::Rules& rules, const AdminSettings& settings,
                   const auth::CredentialCount& has) {
    const policy::Policy* holds = rules.policy_for(subject_of(person));
    return {{"type", "user"},
            {"id", person.id},
            {"email", json::text_or_null(person.email)},
            {"name", json::text_or_null(person.name)},
            {"role", role_of(settings, person.groups)},
            {"groups", groups_of(person)},
            {"policy", holds == nullptr ? bj::value() : bj::value(holds->name)},
            {"last_seen_at", to_timestamp(person.last_seen)},
            {"sessions", has.sessions},
            {"personal_keys", has.keys}};
}

struct EndOrder {
    bool keys_too = false;
    std::string reason;
};

Result<EndOrder> parse_end_order(const http::Request& request) {
    const auto body = request.body.size() == 0 ? Result<bj::object>{} : parse_body(request);
    if (!body) return fail(body.error());
    if (const auto known = check_members(*body, {"personal_keys", "reason"}); !known) return fail(known.error());
    EndOrder order;
    if (const auto* keys_too = body->if_contains("personal_keys")) {
        if (!keys_too->is_bool()) return fail(bad_field("personal_keys", "must be true or false"));
        order.keys_too = keys_too->get_bool();
    }
    if (const auto* reason = body->if_contains("reason")) {
        if (!reason->is_string() || reason->get_string().size() > longest_reason)
            return fail(bad_field("reason", "must be a string of at most 500 bytes"));
        order.reason = reason->get_string();
    }
    return order;
}

bj::array to_array(const std::vector<std::string>& texts) {
    return bj::array(texts.begin(), texts.end());
}

}  // namespace

/// What one request ended, as far as it came.
struct UsersRoute::Ended {
    std::vector<std::string> sessions;
    std::vector<std::string> keys;

    bool is_empty() const { return sessions.empty() && keys.empty(); }
};

std::optional<UserPath> parse_user_path(std::string_view path) {
    if (!path.starts_with(root)) return std::nullopt;
    path.remove_prefix(root.size());
    UserPath parsed;
    const std::array<std::string*, 3> parts{&parsed.user, &parsed.list, &parsed.item};
    for (std::string* part : parts) {
        if (path.empty()) break;
        const std::size_t end = std::min(path.find('/', 1), path.size());
        auto text = http::percent_decode(path.substr(1, end - 1));
        if (!text || text->empty()) return std::nullopt;
        *part = std::move(*text);
        path.remove_prefix(end);
    }
    if (!path.empty() || parsed.user.empty()) return std::nullopt;
    return parsed;
}

void UsersRoute::mount(http::Router& router) {
    Gate& gate = parts_.gate;
    add(router, "GET", std::string(root), gate.guard(Right::read_settings, scope, this, &UsersRoute::list));
    add(router, "GET", std::string(root) + "/*", gate.guard(Right::read_settings, scope, this, &UsersRoute::get));
    add(router, "POST", std::string(root) + "/*", gate.guard(Right::write, scope, this, &UsersRoute::post));
    add(router, "DELETE", std::string(root) + "/*", gate.guard(Right::write, scope, this, &UsersRoute::remove));
}

void UsersRoute::add(http::Router& router, std::string method, std::string path, http::Guarded handler) {
    router.add({.method = std::move(method),
                .path = std::move(path),
                .handler = std::move(handler),
                .render = render_admin_error,
                .label = "users"});
}

Task<bj::array> UsersRoute::rows(std::vector<policy::Principal> people) {
    std::vector<std::string> ids;
    for (const policy::Principal& person : people)
        ids.push_back(person.id);
    const auto counts = co_await parts_.vault.credential_counts(std::move(ids));
    if (!counts) co_return fail(counts.error());
    const auto rules = parts_.rules();
    const auto settings = parts_.settings();
    bj::array rows;
    for (std::size_t at = 0; at < people.size(); ++at)
        rows.push_back(to_json(people[at], *rules, *settings, counts->at(at)));
    co_return rows;
}

Task<http::Response> UsersRoute::list(http::Request& request) {
    const auto search = UserSearch::parse(request.query());
    if (!search) co_return fail(search.error());
    auto people = co_await parts_.rollups.principals();
    if (!people) co_return fail(people.error());
    UserPage page = search_users(std::move(*people), *parts_.rules(), *search);
    auto data = co_await rows(std::move(page.people));
    if (!data) co_return fail(data.error());
    bj::object body{{"data", std::move(*data)}, {"total", page.total}, {"next_page", json::text_or_null(page.next)}};
    co_return reply(request, body);
}

Task<policy::Principal> UsersRoute::find(std::string user) {
    auto known = co_await parts_.rollups.find_principals({user});
    if (!known) co_return fail(known.error());
    if (!known->empty() && !known->front().service) co_return std::move(known->front());
    // Somebody may be forgotten (`admin.identity_retention_days`) and still be signed in.
    const auto sessions = co_await parts_.vault.sessions_of(user);
    if (!sessions) co_return fail(sessions.error());
    if (!sessions->empty()) co_return to_principal(sessions->front().person, sessions->front().last_used_at);
    const auto keys = co_await parts_.vault.keys_of(user);
    if (!keys) co_return fail(keys.error());
    if (keys->empty()) co_return fail(Error::not_found(Reason::not_found, "nobody with this id was seen here"));
    const auth::PersonalKey& key = keys->front();
    co_return to_principal(key.person, key.last_used_at.value_or(key.created_at));
}

Task<http::Response> UsersRoute::get(http::Request& request) {
    const auto path = parse_user_path(request.path);
    if (!path || !path->item.empty()) co_return fail(no_such_path());
    const auto person = co_await find(path->user);
    if (!person) co_return fail(person.error());
    if (path->list.empty()) {
        const auto found = co_await rows({*person});
        if (!found) co_return fail(found.error());
        co_return reply(request, found->front());
    }
    bj::array data;
    if (path->list == "sessions") {
        const auto sessions = co_await parts_.vault.sessions_of(path->user);
        if (!sessions) co_return fail(sessions.error());
        for (const auth::Session& session : *sessions)
            data.push_back(admin::to_json(session));
    } else if (path->list == "keys") {
        const auto keys = co_await parts_.vault.keys_of(path->user);
        if (!keys) co_return fail(keys.error());
        for (const auth::PersonalKey& key : *keys)
            data.push_back(admin::to_json(key));
    } else {
        co_return fail(no_such_path());
    }
    co_return reply(request, bj::object{{"data", std::move(data)}});
}

/// A line of the journal for each credential, as its owner's own revocation has it, and one row of the trail for the
/// request. What is ended has ended: that its row cannot be written does not undo it.
Task<> UsersRoute::note(const http::Request& request, const Caller& caller, policy::AuditEvent event,
                        const Ended& ended) {
    const auth::Person who = caller.identity ? caller.identity->person() : auth::Person{};
    const auto line = [&](std::string_view name, const std::string& id) {
        auth::audit_success(parts_.journal, name, request, who,
                            {{"actor", caller.actor}, {"user", event.target_id}, {"credential_id", id}});
    };
    for (const std::string& id : ended.sessions)
        line("admin.session.revoke", id);
    for (const std::string& id : ended.keys)
        line("admin.key.revoke", id);
    event.created_at = parts_.clock.now();
    event.actor = caller.actor;
    event.before =
        json::to_text(bj::object{{"sessions", to_array(ended.sessions)}, {"personal_keys", to_array(ended.keys)}});
    const std::string user = event.target_id;
    const auto noted = co_await parts_.records.note(std::move(event));
    if (!noted)
        log::warn("ended sessions are not in the audit trail",
                  {{"actor", caller.actor}, {"user", user}, {"error", describe(noted.error())}});
    co_return Result<>{};
}

Task<> UsersRoute::end_session(std::string user, std::string id, Ended& ended) {
    const auto gone = co_await auth::end_session_of(parts_.vault, std::move(user), id);
    if (!gone) co_return fail(gone.error());
    if (!*gone)
        co_return fail(
            Error::not_found(Reason::not_found, "this person has no such session: it may have ended already"));
    ended.sessions.push_back(std::move(id));
    co_return Result<>{};
}

Task<> UsersRoute::revoke_key(std::string user, std::string id, Ended& ended) {
    const auto gone = co_await parts_.vault.revoke_key(std::move(user), id);
    if (!gone) co_return fail(gone.error());
    if (!*gone)
        co_return fail(Error::not_found(Reason::not_found, "this person has no such key: it may be revoked already"));
    ended.keys.push_back(std::move(id));
    co_return Result<>{};
}

Task<http::Response> UsersRoute::remove(http::Request& request, const Caller& caller) {
    const auto path = parse_user_path(request.path);
    const bool session = path && path->list == "sessions";
    if (!path || path->item.empty() || (!session && path->list != "keys")) co_return fail(no_such_path());
    Ended ended;
    auto ending = session ? end_session(path->user, path->item, ended) : revoke_key(path->user, path->item, ended);
    const auto done = co_await std::move(ending);
    if (!done) co_return fail(done.error());
    policy::AuditEvent event;
    event.action = session ? "user.end_session" : "user.revoke_key";
    event.target_id = path->user;
    co_await note(request, caller, std::move(event), ended);
    const std::string_view type = session ? "session_deleted" : "personal_key_deleted";
    co_return reply(request, bj::object{{"type", type}, {"id", path->item}});
}

Task<http::Response> UsersRoute::post(http::Request& request, const Caller& caller) {
    auto path = parse_user_path(request.path);
    if (!path || path->list != "end_sessions" || !path->item.empty()) co_return fail(no_such_path());
    auto answered = co_await end_sessions(request, caller, std::move(path->user));
    co_return answered;
}

/// One by one: of what fails half-way, the first part has ended, and asking again ends the rest.
Task<> UsersRoute::end_all(std::string user, bool keys_too, Ended& ended) {
    const auto sessions = co_await parts_.vault.sessions_of(user);
    if (!sessions) co_return fail(sessions.error());
    for (const auth::Session& session : *sessions) {
        const auto gone = co_await parts_.vault.revoke_session(session.id);
        if (!gone) co_return fail(gone.error());
        ended.sessions.push_back(session.id);
    }
    if (!keys_too) co_return Result<>{};
    const auto keys = co_await parts_.vault.keys_of(user);
    if (!keys) co_return fail(keys.error());
    for (const auth::PersonalKey& key : *keys) {
        const auto gone = co_await parts_.vault.revoke_key(user, key.id);
        if (!gone) co_return fail(gone.error());
        if (*gone) ended.keys.push_back(key.id);
    }
    co_return Result<>{};
}

Task<http::Response> UsersRoute::end_sessions(http::Request& request, Caller caller, std::string user) {
    const auto order = parse_end_order(request);
    if (!order) co_return fail(order.error());
    const auto person = co_await find(user);
    if (!person) co_return fail(person.error());
    Ended ended;
    const auto done = co_await end_all(user, order->keys_too, ended);
    if (done || !ended.is_empty()) {
        policy::AuditEvent event;
        event.action = "user.end_sessions";
        event.target_id = user;
        event.reason = order->reason;
        co_await note(request, caller, std::move(event), ended);
    }
    if (!done) co_return fail(done.error());
    co_return reply(request, bj::object{{"type", "user_sessions_ended"},
                                        {"user_id", user},
                                        {"sessions", to_array(ended.sessions)},
                                        {"personal_keys", to_array(ended.keys)}});
}

}  // namespace gatehouse::admin

// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/audit_trail.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <optional>
#include <utility>

#include "gateway/admin/parameters.h"
#include "gateway/admin/query.h"
#include "gateway/admin/reply.h"
#include "gateway/base/json.h"

namespace gatehouse::admin {
namespace {

namespace bj = boost::json;

constexpr std::string_view everything = "audit";
constexpr std::string_view of_caps = "spend_limits";
constexpr std::string_view caps_prefix = "spend_limit";  // "spend_limit.upsert", "spend_limits.denied", …
constexpr std::string_view denied_suffix = ".denied";
constexpr std::size_t usual_page = 100;
constexpr std::size_t read_at_once = 500;

bj::value document_or_null(const std::string& text) {
    if (text.empty()) return {};
    return json::parse(text).value_or(bj::value(text));
}

bj::object to_json(const policy::AuditEvent& event) {
    return {{"type", "audit_event"},
            {"id", std::to_string(event.id)},
            {"created_at", to_timestamp(event.created_at)},
            {"actor", event.actor},
            {"action", event.action},
            {"target_id", json::text_or_null(event.target_id)},
            {"before", document_or_null(event.before)},
            {"after", document_or_null(event.after)},
            {"reason", json::text_or_null(event.reason)}};
}

/// Whether it is that action, or one of that kind: "policy" are "policy.update" and "policy.rollback".
bool is_action(std::string_view action, std::string_view asked) {
    return action.starts_with(asked) && (action.size() == asked.size() || action[asked.size()] == '.');
}

}  // namespace

/// What somebody looks for; what is empty is not looked at.
struct AuditTrail::Wanted {
    std::string prefix;  ///< of the action
    std::vector<std::string> actors;
    std::vector<std::string> actions;
    std::string target_id;
    std::optional<Instant> from;
    std::optional<Instant> to;
    bool denied = false;      ///< only refused attempts
    std::int64_t before = 0;  ///< only rows with a smaller id; 0: from the newest

    static Result<Wanted> parse(std::string_view query);
    bool admits(const policy::AuditEvent& event) const;
};

Result<AuditTrail::Wanted> AuditTrail::Wanted::parse(std::string_view query) {
    static constexpr std::array<std::string_view, 6> known{"limit",       "after_id",  "target_id",
                                                           "starting_at", "ending_at", "denied"};
    static constexpr std::array<std::string_view, 2> lists{"actor", "action"};
    const auto parameters = Parameters::parse(query, known, lists);
    if (!parameters) return fail(parameters.error());
    Wanted wanted;
    wanted.actors = parameters->list("actor");
    wanted.actions = parameters->list("action");
    wanted.target_id = parameters->value("target_id");
    const auto from = parameters->moment("starting_at");
    if (!from) return fail(from.error());
    const auto to = parameters->moment("ending_at");
    if (!to) return fail(to.error());
    if (*from && *to && **to <= **from) return fail(bad_field("ending_at", "must be after starting_at"));
    const auto denied = parameters->flag("denied");
    if (!denied) return fail(denied.error());
    wanted.from = *from;
    wanted.to = *to;
    wanted.denied = *denied;
    return wanted;
}

bool AuditTrail::Wanted::admits(const policy::AuditEvent& event) const {
    const auto is_this = [&](const std::string& asked) { return is_action(event.action, asked); };
    return event.action.starts_with(prefix) &&
           (actors.empty() || std::ranges::find(actors, event.actor) != actors.end()) &&
           (actions.empty() || std::ranges::any_of(actions, is_this)) &&
           (target_id.empty() || target_id == event.target_id) && (!to || event.created_at < *to) &&
           (!denied || event.action.ends_with(denied_suffix));
}

void AuditTrail::mount(http::Router& router) {
    const auto add = [&](std::string method, std::string path, http::Guarded handler) {
        router.add({.method = std::move(method),
                    .path = std::move(path),
                    .handler = std::move(handler),
                    .render = render_admin_error,
                    .label = "admin"});
    };
    Gate& gate = parts_.gate;
    add("GET", "/v1/organizations/spend_limits/audit",
        gate.guard(Right::read_settings, of_caps, this, &AuditTrail::show_caps));
    add("GET", "/v1/organizations/audit", gate.guard(Right::read_settings, everything, this, &AuditTrail::show_all));
    // Who is no admin learns that first.
    add("*", "/v1/organizations/*", gate.guard(Right::read_spend, everything, this, &AuditTrail::nothing_here));
}

/// Newest first. Rows are in order of time, so nothing is looked at below the first that is too old.
Task<std::vector<policy::AuditEvent>> AuditTrail::find(Wanted wanted, std::size_t count) {
    std::vector<policy::AuditEvent> found;
    for (std::int64_t before = wanted.before;;) {
        auto events = co_await parts_.records.audit(before, read_at_once);
        if (!events) co_return fail(events.error());
        for (policy::AuditEvent& event : *events) {
            before = event.id;
            if (wanted.from && event.created_at < *wanted.from) co_return std::move(found);
            if (wanted.admits(event)) found.push_back(std::move(event));
            if (found.size() == count) co_return std::move(found);
        }
        if (events->size() < read_at_once) co_return std::move(found);
    }
}

Task<http::Response> AuditTrail::show_caps(http::Request& request) {
    co_return co_await show(request, {.prefix = std::string(caps_prefix)});
}

Task<http::Response> AuditTrail::show_all(http::Request& request) {
    auto wanted = Wanted::parse(request.query());
    if (!wanted) co_return fail(wanted.error());
    co_return co_await show(request, std::move(*wanted));
}

Task<http::Response> AuditTrail::show(http::Request& request, Wanted wanted) {
    const Query query(request);
    const auto limit = query.limit(usual_page);
    if (!limit) co_return fail(limit.error());
    const auto after = query.find("after_id");
    if (!after) co_return fail(after.error());
    const auto last = *after ? parse_number(**after) : std::optional<std::int64_t>(0);
    if (!last) co_return fail(bad_field("after_id", "must be the id of an audit event"));
    wanted.before = *last;

    bj::array data;
    bool has_more = false;
    if (!*after || *last > 0) {
        const auto events = co_await find(std::move(wanted), *limit + 1);
        if (!events) co_return fail(events.error());
        has_more = events->size() > *limit;
        for (const policy::AuditEvent& event : *events)
            if (data.size() < *limit) data.push_back(to_json(event));
    }
    co_return reply(request, bj::object{{"data", std::move(data)}, {"has_more", has_more}});
}

Task<http::Response> AuditTrail::nothing_here(http::Request&) {
    co_return fail(Error::not_found());
}

Task<> AuditTrail::sweep() {
    co_return co_await parts_.records.sweep_audit(parts_.clock.now() - parts_.settings()->audit_retention);
}

}  // namespace gatehouse::admin

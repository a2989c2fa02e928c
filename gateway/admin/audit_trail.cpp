// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/audit_trail.h"

#include <boost/json/array.hpp>
#include <utility>

#include "gateway/admin/query.h"
#include "gateway/admin/reply.h"
#include "gateway/base/json.h"

namespace gatehouse::admin {
namespace {

namespace bj = boost::json;

constexpr std::string_view everything = "audit";
constexpr std::string_view of_caps = "spend_limits";
constexpr std::size_t usual_page = 100;
constexpr std::size_t read_at_once = 500;

bj::value document_or_null(const std::string& text) {
    if (text.empty()) return {};
    return json::parse(text).value_or(bj::value(text));
}

bj::value text_or_null(const std::string& text) {
    return text.empty() ? bj::value() : bj::value(text);
}

bj::object to_json(const policy::AuditEvent& event) {
    return {{"type", "audit_event"},
            {"id", std::to_string(event.id)},
            {"created_at", to_timestamp(event.created_at)},
            {"actor", event.actor},
            {"action", event.action},
            {"target_id", text_or_null(event.target_id)},
            {"before", document_or_null(event.before)},
            {"after", document_or_null(event.after)},
            {"reason", text_or_null(event.reason)}};
}

}  // namespace

void AuditTrail::mount(http::Router& router) {
    const auto add = [&](std::string method, std::string path, http::ReplyHandler handler) {
        router.add({.method = std::move(method),
                    .path = std::move(path),
                    .handler = std::move(handler),
                    .render = render_admin_error,
                    .label = "admin"});
    };
    // "spend_limit.upsert", "spend_limits.denied", …
    add("GET", "/v1/organizations/spend_limits/audit",
        [this](http::Request& request) { return show(request, "spend_limit"); });
    add("GET", "/v1/organizations/audit", [this](http::Request& request) { return show(request, ""); });
    add("*", "/v1/organizations/*", [this](http::Request& request) { return nothing_here(request); });
}

/// Rows whose action begins like that, newest first.
Task<std::vector<policy::AuditEvent>> AuditTrail::find(std::string prefix, std::int64_t before, std::size_t count) {
    std::vector<policy::AuditEvent> found;
    for (;;) {
        auto events = co_await parts_.records.audit(before, read_at_once);
        if (!events) co_return fail(events.error());
        for (policy::AuditEvent& event : *events) {
            before = event.id;
            if (event.action.starts_with(prefix)) found.push_back(std::move(event));
            if (found.size() == count) co_return std::move(found);
        }
        if (events->size() < read_at_once) co_return std::move(found);
    }
}

Task<http::Response> AuditTrail::show(http::Request& request, std::string prefix) {
    const auto caller =
        co_await parts_.gate.admit(request, Right::read_settings, prefix.empty() ? everything : of_caps);
    if (!caller) co_return fail(caller.error());
    const Query query(request);
    const auto limit = query.limit(usual_page);
    if (!limit) co_return fail(limit.error());
    const auto after = query.find("after_id");
    if (!after) co_return fail(after.error());
    const auto last = *after ? parse_number(**after) : std::optional<std::int64_t>(0);
    if (!last) co_return fail(bad_field("after_id", "must be the id of an audit event"));

    bj::array data;
    bool has_more = false;
    if (!*after || *last > 0) {
        const auto events = co_await find(std::move(prefix), *last, *limit + 1);
        if (!events) co_return fail(events.error());
        has_more = events->size() > *limit;
        for (const policy::AuditEvent& event : *events)
            if (data.size() < *limit) data.push_back(to_json(event));
    }
    co_return reply(request, bj::object{{"data", std::move(data)}, {"has_more", has_more}});
}

/// Who is no admin learns that first.
Task<http::Response> AuditTrail::nothing_here(http::Request& request) {
    const auto caller = co_await parts_.gate.admit(request, Right::read_spend, everything);
    if (!caller) co_return fail(caller.error());
    co_return fail(Error::not_found());
}

Task<> AuditTrail::sweep() {
    co_return co_await parts_.records.sweep_audit(parts_.clock.now() - parts_.settings()->audit_retention);
}

}  // namespace gatehouse::admin

// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/paused_sessions.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <utility>

#include "gateway/admin/query.h"
#include "gateway/admin/reply.h"
#include "gateway/base/json.h"
#include "gateway/base/log.h"

namespace gatehouse::admin {
namespace {

namespace bj = boost::json;

constexpr std::string_view root = "/v1/organizations/paused_sessions";
constexpr std::string_view scope = "paused_sessions";
constexpr std::size_t usual_page = 100;
constexpr std::size_t longest_id = 256;

bj::value bound(const std::optional<std::int64_t>& most) {
    return most ? bj::value(*most) : bj::value(nullptr);
}

bj::object to_json(const policy::PausedSession& paused) {
    const policy::PauseRule& rule = paused.rule;
    return {{"type", "paused_session"},
            {"user_id", paused.user},
            {"session_id", paused.session},
            {"paused_at", to_timestamp(paused.since)},
            {"cost_cents", to_cents_text(paused.cost)},
            {"requests", paused.requests},
            {"rule",
             {{"dollars", rule.cost ? bj::value(to_dollars_text(*rule.cost)) : bj::value(nullptr)},
              {"requests", bound(rule.requests)},
              {"minutes", rule.within.count()}}},
            {"why", policy::why_paused(paused)}};
}

Result<std::string> read_text(const bj::object& body, std::string_view key) {
    const bj::value* value = body.if_contains(key);
    if (value == nullptr) return fail(bad_field(key, "is required"));
    if (!value->is_string() || value->get_string().empty() || value->get_string().size() > longest_id)
        return fail(bad_field(key, "must be a string of 1 to 256 bytes"));
    return std::string(value->get_string());
}

}  // namespace

Result<ResumeOrder> parse_resume_order(const http::Request& request) {
    const auto body = parse_body(request);
    if (!body) return fail(body.error());
    const auto known = check_members(*body, {"user_id", "session_id", "reason"});
    if (!known) return fail(known.error());
    auto user = read_text(*body, "user_id");
    if (!user) return fail(user.error());
    auto session = read_text(*body, "session_id");
    if (!session) return fail(session.error());
    ResumeOrder order{std::move(*user), std::move(*session), {}};
    if (!body->contains("reason")) return order;
    auto reason = read_text(*body, "reason");
    if (!reason) return fail(reason.error());
    order.reason = std::move(*reason);
    return order;
}

void PausedSessionsRoute::mount(http::Router& router) {
    router.add({.method = "GET",
                .path = std::string(root),
                .handler = parts_.gate.guard(Right::read_settings, scope, this, &PausedSessionsRoute::list),
                .render = render_admin_error,
                .label = scope});
    router.add({.method = "POST",
                .path = "/v1/organizations/paused_sessions/resume",
                .handler = parts_.gate.guard(Right::write, scope, this, &PausedSessionsRoute::resume),
                .render = render_admin_error,
                .label = scope});
}

Task<http::Response> PausedSessionsRoute::list(http::Request& request) {
    const auto limit = Query(request).limit(usual_page);
    if (!limit) co_return fail(limit.error());
    const auto paused = co_await parts_.paused.all();
    if (!paused) co_return fail(paused.error());
    bj::array data;
    for (const policy::PausedSession& each : *paused)
        if (data.size() < *limit) data.push_back(to_json(each));
    bj::object body{{"data", std::move(data)}, {"has_more", paused->size() > *limit}};
    co_return reply(request, std::move(body));
}

Task<http::Response> PausedSessionsRoute::resume(http::Request& request, const Caller& caller) {
    const auto order = parse_resume_order(request);
    if (!order) co_return fail(order.error());
    const auto resumed = co_await parts_.paused.resume(order->user, order->session);
    if (!resumed) co_return fail(resumed.error());
    if (!*resumed)
        co_return fail(Error::not_found(Reason::not_found, "no paused session with this user_id and session_id"));
    policy::AuditEvent event;
    event.created_at = parts_.clock.now();
    event.actor = caller.actor;
    event.action = "paused_session.resume";
    event.target_id = order->session;
    event.before = json::to_text(bj::object{{"user_id", order->user}, {"session_id", order->session}});
    event.reason = order->reason;
    const auto noted = co_await parts_.records.note(std::move(event));
    if (!noted)
        log::warn("a resumed session is not in the audit trail",
                  {{"actor", caller.actor}, {"session_id", order->session}, {"error", describe(noted.error())}});
    bj::object body{{"type", "paused_session_resumed"}, {"user_id", order->user}, {"session_id", order->session}};
    co_return reply(request, std::move(body));
}

}  // namespace gatehouse::admin

// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/my_paused_sessions.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <utility>

#include "auth/audit.h"
#include "gateway/admin/paused_sessions.h"
#include "gateway/admin/reply.h"
#include "gateway/base/json.h"

namespace gatehouse::admin {
namespace {

namespace bj = boost::json;

bj::object to_json(const auth::PausedItem& item) {
    return {{"type", "paused_session"},
            {"user_id", item.user},
            {"session_id", item.session},
            {"service_key", json::text_or_null(item.service_key)},
            {"paused_at", to_timestamp(item.since)},
            {"why", item.why}};
}

}  // namespace

void MyPausedSessionsRoute::mount(http::Router& router) {
    router.add({.method = "GET",
                .path = "/v1/me/paused_sessions",
                .handler = parts_.gate.guard(http::Access::signed_in, this, &MyPausedSessionsRoute::list),
                .render = render_admin_error,
                .label = "me"});
    router.add({.method = "POST",
                .path = "/v1/me/paused_sessions/resume",
                .handler = parts_.gate.guard(http::Access::browser, this, &MyPausedSessionsRoute::resume),
                .render = render_admin_error,
                .label = "me"});
}

Task<http::Response> MyPausedSessionsRoute::list(http::Request& request, const auth::Identity& who) {
    const auto paused = co_await parts_.paused.of(who.person());
    if (!paused) co_return fail(paused.error());
    bj::array data;
    for (const auth::PausedItem& item : *paused)
        data.push_back(to_json(item));
    co_return reply(request, bj::object{{"data", std::move(data)}});
}

Task<http::Response> MyPausedSessionsRoute::resume(http::Request& request, const auth::Identity& who) {
    const auto order = parse_resume_order(request);
    if (!order) co_return fail(order.error());
    const auth::Person& person = who.person();
    const auto resumed = co_await auth::resume_own(parts_.paused, person, order->user, order->session);
    if (!resumed) co_return fail(resumed.error());
    auth::audit_success(parts_.journal, "paused_session.resume", request, person,
                        {{"user", order->user}, {"session_id", order->session}, {"note", order->reason}});
    co_return reply(
        request,
        bj::object{{"type", "paused_session_resumed"}, {"user_id", order->user}, {"session_id", order->session}});
}

}  // namespace gatehouse::admin

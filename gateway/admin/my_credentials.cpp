// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/my_credentials.h"

#include <boost/json/array.hpp>
#include <utility>

#include "auth/audit.h"
#include "auth/keys.h"
#include "auth/session.h"
#include "gateway/admin/credential_views.h"
#include "gateway/admin/reply.h"
#include "gateway/base/json.h"

namespace gatehouse::admin {
namespace {

namespace bj = boost::json;

constexpr std::string_view sessions_path = "/v1/me/sessions";
constexpr std::string_view keys_path = "/v1/me/keys";

bj::object to_own_json(const auth::Session& session, const auth::Identity& who) {
    bj::object shown = to_json(session);
    shown["current"] = session.id == who.credential_id();
    return shown;
}

}  // namespace

void MyCredentialsRoute::mount(http::Router& router) {
    add(router, "GET", std::string(sessions_path),
        parts_.gate.guard(http::Access::signed_in, this, &MyCredentialsRoute::sessions));
    add(router, "DELETE", std::string(sessions_path) + "/*",
        parts_.gate.guard(http::Access::signed_in, this, &MyCredentialsRoute::end_session));
    add(router, "GET", std::string(keys_path),
        parts_.gate.guard(http::Access::signed_in, this, &MyCredentialsRoute::keys));
    add(router, "POST", std::string(keys_path),
        parts_.gate.guard(http::Access::browser, this, &MyCredentialsRoute::make_key));
    add(router, "DELETE", std::string(keys_path) + "/*",
        parts_.gate.guard(http::Access::signed_in, this, &MyCredentialsRoute::revoke_key));
}

void MyCredentialsRoute::add(http::Router& router, std::string method, std::string path, http::Guarded handler) {
    router.add({.method = std::move(method),
                .path = std::move(path),
                .handler = std::move(handler),
                .render = render_admin_error,
                .label = "me"});
}

Task<http::Response> MyCredentialsRoute::sessions(http::Request& request, const auth::Identity& who) {
    const auto found = co_await parts_.vault.sessions_of(who.person().subject);
    if (!found) co_return fail(found.error());
    bj::array data;
    for (const auth::Session& session : *found)
        data.push_back(to_own_json(session, who));
    co_return reply(request, bj::object{{"data", std::move(data)}});
}

Task<http::Response> MyCredentialsRoute::end_session(http::Request& request, const auth::Identity& who) {
    const std::string id = request.path.substr(sessions_path.size() + 1);
    const auto gone = co_await auth::end_own_session(parts_.vault, who.person().subject, id);
    if (!gone) co_return fail(gone.error());
    auth::audit_success(parts_.journal, "session.revoke", request, who.person(), {{"credential_id", id}});
    co_return reply(request, bj::object{{"type", "session_deleted"}, {"id", id}});
}

Task<http::Response> MyCredentialsRoute::keys(http::Request& request, const auth::Identity& who) {
    const auto found = co_await parts_.vault.keys_of(who.person().subject);
    if (!found) co_return fail(found.error());
    bj::array data;
    for (const auth::PersonalKey& key : *found)
        data.push_back(to_json(key));
    co_return reply(request, bj::object{{"data", std::move(data)}});
}

Task<http::Response> MyCredentialsRoute::make_key(http::Request& request, const auth::Identity& who) {
    const auto body = parse_body(request);
    if (!body) co_return fail(body.error());
    const auto name = json::find_string(*body, "name");
    const auto* days = json::find(*body, "days");
    if (!name) co_return fail(bad_field("name", "is required: 1 to 100 characters"));
    if (days == nullptr || !days->is_int64()) co_return fail(bad_field("days", "is required: 1 to 365"));
    const auto wish = auth::parse_key_wish(*name, std::to_string(days->get_int64()));
    if (!wish) co_return fail(wish.error());
    const auto made = co_await auth::create_key(parts_.vault, parts_.random, who.person(), *wish, parts_.clock.now());
    if (!made) co_return fail(made.error());
    auth::audit_success(parts_.journal, "key.create", request, who.person(),
                        {{"credential_id", made->key.id}, {"key_name", made->key.name}});
    bj::object answer = to_json(made->key);
    answer["secret"] = made->secret;
    co_return reply(request, answer);
}

Task<http::Response> MyCredentialsRoute::revoke_key(http::Request& request, const auth::Identity& who) {
    const std::string id = request.path.substr(keys_path.size() + 1);
    const auto gone = co_await auth::revoke_own_key(parts_.vault, who.person().subject, id);
    if (!gone) co_return fail(gone.error());
    auth::audit_success(parts_.journal, "key.revoke", request, who.person(), {{"credential_id", id}});
    co_return reply(request, bj::object{{"type", "personal_key_deleted"}, {"id", id}});
}

}  // namespace gatehouse::admin

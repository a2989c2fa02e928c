// SPDX-License-Identifier: Apache-2.0
#include "auth/sign_in.h"

#include <string_view>
#include <utility>

#include "auth/access.h"
#include "auth/authenticator.h"
#include "auth/device.h"
#include "auth/keys.h"
#include "auth/login.h"
#include "auth/metadata.h"
#include "auth/oauth_error.h"
#include "auth/pages.h"
#include "auth/refresh_token.h"
#include "auth/session.h"
#include "auth/token.h"

namespace gatehouse::auth {
namespace {

template <class Endpoints>
void add(http::Router& router, std::string_view method, std::string_view path, const Endpoints& endpoints,
         Task<http::Response> (Endpoints::*handler)(http::Request&) const, http::ErrorRenderer render,
         std::string_view label) {
    http::Route route;
    route.method = method;
    route.path = path;
    route.handler = [&endpoints, handler](http::Request& request) { return (endpoints.*handler)(request); };
    route.render = render;
    route.label = label;
    // Any body is accepted there and none is looked at. Nor is one kept: everybody may ask.
    route.ignores_body = path == "/oauth/device_authorization";
    router.add(std::move(route));
}

/// The discovery document never changes, but it is a route like the others.
class MetadataEndpoint {
  public:
    explicit MetadataEndpoint(const SignInParts& parts) : parts_(parts) {}
    Task<http::Response> document(http::Request&) const { co_return discovery_document(parts_.settings); }

  private:
    const SignInParts& parts_;
};

}  // namespace

struct SignIn::State {
    explicit State(SignInParts given) : parts(std::move(given)) {}

    SignInParts parts;
    RefreshTokens refresh_tokens{parts.session};
    TokenBox box{parts.session};
    BrowserSessions sessions{parts};
    MetadataEndpoint metadata{parts};
    DeviceEndpoints device{parts};
    LoginEndpoints login{parts, sessions, box};
    TokenEndpoints token{parts, refresh_tokens, box};
    AccessEndpoints access{parts, sessions};
    KeyEndpoints keys{parts, sessions};
};

SignIn::SignIn(SignInParts parts) : state_(std::make_unique<State>(std::move(parts))) {}
SignIn::~SignIn() = default;

Task<IdentityPtr> SignIn::identify_browser(const http::Request& request) const {
    const auto session = co_await state_->sessions.admit_call(request);
    if (!session) co_return fail(session.error());
    co_return Authenticator::identity_of(*session);
}

Task<std::optional<Person>> SignIn::viewer(const http::Request& request) const {
    auto session = co_await state_->sessions.find(request);
    if (!session) co_return fail(session.error());
    if (!session->has_value()) co_return std::nullopt;
    co_return std::move((*session)->person);
}

void SignIn::mount(http::Router& router) {
    const State& s = *state_;
    add(router, "*", "/.well-known/oauth-authorization-server", s.metadata, &MetadataEndpoint::document, render_oauth,
        "discovery");
    add(router, "POST", "/oauth/device_authorization", s.device, &DeviceEndpoints::authorize, render_oauth,
        "device_authorization");
    add(router, "GET", "/device", s.device, &DeviceEndpoints::page, render_device_problem, "device");
    add(router, "POST", "/device", s.device, &DeviceEndpoints::approve, render_device_problem, "device");
    add(router, "POST", "/device/deny", s.device, &DeviceEndpoints::deny, render_device_problem, "device");
    add(router, "GET", "/login", s.login, &LoginEndpoints::login, render_problem_page, "login");
    add(router, "GET", "/oauth/callback", s.login, &LoginEndpoints::callback, render_callback_problem, "callback");
    add(router, "POST", "/logout", s.login, &LoginEndpoints::logout, render_problem_page, "logout");
    add(router, "POST", "/oauth/token", s.token, &TokenEndpoints::token, render_oauth, "token");
    add(router, "POST", "/oauth/revoke", s.token, &TokenEndpoints::revoke, render_oauth, "revoke");
    add(router, "GET", "/", s.access, &AccessEndpoints::landing, render_problem_page, "landing");
    add(router, "GET", "/access", s.access, &AccessEndpoints::access, render_problem_page, "access");
    add(router, "POST", "/access/sessions/revoke", s.access, &AccessEndpoints::revoke_session, render_problem_page,
        "access");
    add(router, "POST", "/access/increase", s.access, &AccessEndpoints::ask_for_more, render_problem_page, "access");
    add(router, "POST", "/access/increase/withdraw", s.access, &AccessEndpoints::withdraw_request, render_problem_page,
        "access");
    add(router, "POST", "/access/paused/resume", s.access, &AccessEndpoints::resume, render_problem_page, "access");
    add(router, "POST", "/access/keys", s.keys, &KeyEndpoints::create, render_problem_page, "keys");
    add(router, "POST", "/access/keys/revoke", s.keys, &KeyEndpoints::revoke, render_problem_page, "keys");
}

}  // namespace gatehouse::auth

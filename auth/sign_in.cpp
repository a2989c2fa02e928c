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

using FormHandler = std::function<Task<http::Response>(http::Request&, const Session&)>;

Task<http::Response> serve_form(const BrowserSessions& sessions, const FormHandler& handler, http::Request& request) {
    const auto mine = co_await sessions.admit_form(request);
    if (!mine) co_return fail(mine.error());
    auto response = co_await handler(request, *mine);
    co_return response;
}

/// Adds the routes of one set of endpoints, whose errors look alike.
template <class Endpoints>
struct Adder {
    http::Router& router;
    const Endpoints& endpoints;
    http::ErrorRenderer render;

    using Step = Task<http::Response> (Endpoints::*)(http::Request&) const;
    using FormStep = Task<http::Response> (Endpoints::*)(http::Request&, const Session&) const;

    void add(http::Access access, std::string method, std::string path, std::string_view label, Step step) const {
        // Any body is accepted there and none is looked at. Nor is one kept: everybody may ask.
        const bool ignores_body = path == "/oauth/device_authorization";
        http::ReplyHandler handler = [&endpoints = endpoints, step](http::Request& request) {
            return (endpoints.*step)(request);
        };
        router.add({.method = std::move(method),
                    .path = std::move(path),
                    .handler = {access, std::move(handler)},
                    .render = render,
                    .ignores_body = ignores_body,
                    .label = label});
    }
    void add_form(const BrowserSessions& sessions, std::string path, std::string_view label, FormStep step) const {
        FormHandler handler = [&endpoints = endpoints, step](http::Request& request, const Session& mine) {
            return (endpoints.*step)(request, mine);
        };
        http::ReplyHandler guarded = [&sessions, handler = std::move(handler)](http::Request& request) {
            return serve_form(sessions, handler, request);
        };
        router.add({.method = "POST",
                    .path = std::move(path),
                    .handler = {http::Access::form, std::move(guarded)},
                    .render = render,
                    .label = label});
    }
};

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
    using http::Access;
    const State& s = *state_;
    const Adder<MetadataEndpoint> metadata{router, s.metadata, render_oauth};
    metadata.add(Access::anyone, "*", "/.well-known/oauth-authorization-server", "discovery",
                 &MetadataEndpoint::document);

    const Adder<DeviceEndpoints> terminal{router, s.device, render_oauth};
    terminal.add(Access::anyone, "POST", "/oauth/device_authorization", "device_authorization",
                 &DeviceEndpoints::authorize);
    const Adder<DeviceEndpoints> device{router, s.device, render_device_problem};
    device.add(Access::anyone, "GET", "/device", "device", &DeviceEndpoints::page);
    device.add(Access::own_page, "POST", "/device", "device", &DeviceEndpoints::approve);
    device.add(Access::own_page, "POST", "/device/deny", "device", &DeviceEndpoints::deny);

    const Adder<LoginEndpoints> login{router, s.login, render_problem_page};
    login.add(Access::anyone, "GET", "/login", "login", &LoginEndpoints::login);
    login.add(Access::own_page, "POST", "/logout", "logout", &LoginEndpoints::logout);
    const Adder<LoginEndpoints> callback{router, s.login, render_callback_problem};
    callback.add(Access::anyone, "GET", "/oauth/callback", "callback", &LoginEndpoints::callback);

    const Adder<TokenEndpoints> token{router, s.token, render_oauth};
    token.add(Access::anyone, "POST", "/oauth/token", "token", &TokenEndpoints::token);
    token.add(Access::anyone, "POST", "/oauth/revoke", "revoke", &TokenEndpoints::revoke);

    const Adder<AccessEndpoints> access{router, s.access, render_problem_page};
    access.add(Access::anyone, "GET", "/", "landing", &AccessEndpoints::landing);
    access.add(Access::page, "GET", "/access", "access", &AccessEndpoints::access);
    access.add_form(s.sessions, "/access/sessions/revoke", "access", &AccessEndpoints::revoke_session);
    access.add_form(s.sessions, "/access/increase", "access", &AccessEndpoints::ask_for_more);
    access.add_form(s.sessions, "/access/increase/withdraw", "access", &AccessEndpoints::withdraw_request);
    access.add_form(s.sessions, "/access/paused/resume", "access", &AccessEndpoints::resume);

    const Adder<KeyEndpoints> keys{router, s.keys, render_problem_page};
    keys.add_form(s.sessions, "/access/keys", "keys", &KeyEndpoints::create);
    keys.add_form(s.sessions, "/access/keys/revoke", "keys", &KeyEndpoints::revoke);
}

}  // namespace gatehouse::auth

// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/gate.h"

#include <algorithm>
#include <utility>

#include "auth/audit.h"
#include "gateway/base/crypto.h"

namespace gatehouse::admin {
namespace {

Error not_an_admin(std::string detail = {}) {
    return Error::unauthenticated(Reason::admin_credentials_invalid, "missing or invalid admin credentials",
                                  std::move(detail));
}

bool shares_one(const std::vector<std::string>& left, const std::vector<std::string>& right) {
    return std::ranges::any_of(left,
                               [&](const std::string& each) { return std::ranges::find(right, each) != right.end(); });
}

std::string_view verb_of(Right right) {
    return right == Right::write ? "write:" : "read:";
}

http::Access access_for(Right right) {
    switch (right) {
        case Right::read_spend:
            return http::Access::reads_spend;
        case Right::read_settings:
            return http::Access::reads_settings;
        case Right::write:
            return http::Access::writes;
    }
    return http::Access::writes;
}

/// Whether that credential is of the kind that the route is for.
Result<> check_kind(const auth::Identity& identity, http::Access who) {
    if (who == http::Access::person && identity.kind() == auth::CredentialKind::service_key)
        return fail(Error::forbidden(Reason::admin_right_missing,
                                     "a service key cannot do this for itself: its owner asks an administrator"));
    if (who == http::Access::browser && identity.kind() != auth::CredentialKind::browser_session)
        return fail(Error::forbidden(Reason::admin_right_missing, "only a signed-in browser can do this: open /me"));
    return {};
}

/// Every key is compared, so that the time tells nothing about which one came close.
std::optional<Caller> caller_of_key(const AdminSettings& settings, std::string_view shown) {
    std::optional<Caller> caller;
    const auto look = [&](const std::vector<AdminKey>& keys, Right right) {
        for (const AdminKey& key : keys)
            if (constant_time_equal(key.key.reveal(), shown)) caller = Caller{"admin-key:" + key.id, right, nullptr};
    };
    look(settings.read_keys, Right::read_settings);
    look(settings.write_keys, Right::write);
    return caller;
}

}  // namespace

std::optional<Right> right_of(const AdminSettings& settings, const std::vector<std::string>& groups) {
    if (shares_one(settings.admin_groups, groups)) return Right::write;
    if (shares_one(settings.finance_groups, groups)) return Right::read_spend;
    return std::nullopt;
}

std::string_view role_of(const AdminSettings& settings, const std::vector<std::string>& groups) {
    const auto right = right_of(settings, groups);
    if (!right) return "developer";
    return *right == Right::write ? "admin" : "finance";
}

/// A credential that is shown decides; the cookie counts only where there is none.
Task<auth::IdentityPtr> Gate::look(const http::Request& request) {
    const bool shown = request.headers.find("authorization") || request.headers.find("x-api-key");
    Task<auth::IdentityPtr> looking =
        shown || !parts_.browser ? parts_.authenticator.identify(request) : parts_.browser(request);
    auto identity = co_await std::move(looking);
    co_return identity;
}

Task<auth::IdentityPtr> Gate::person(const http::Request& request, http::Access who) {
    auto identity = co_await look(request);
    if (!identity) {
        auth::audit_failure(parts_.journal, "auth.denied", request, identity.error());
        co_return fail(identity.error());
    }
    const auto fits = check_kind(**identity, who);
    if (fits) co_return std::move(*identity);
    auth::audit_failure(parts_.journal, "auth.denied", request, fits.error(), (*identity)->person());
    co_return fail(fits.error());
}

http::Guarded Gate::guard(Right right, std::string_view scope, CallerHandler handler) {
    http::ReplyHandler guarded = [this, right, scope, handler = std::move(handler)](http::Request& request) {
        return serve(request, right, scope, handler);
    };
    return {access_for(right), std::move(guarded)};
}

http::Guarded Gate::guard_stream(Right right, std::string_view scope, http::StreamHandler handler) {
    http::StreamHandler guarded = [this, right, scope, handler = std::move(handler)](
                                      http::Request& request, http::BodyReader& body, http::Responder& client) {
        return stream(request, body, client, right, scope, handler);
    };
    return {access_for(right), std::move(guarded)};
}

http::Guarded Gate::guard(http::Access who, PersonHandler handler) {
    http::ReplyHandler guarded = [this, who, handler = std::move(handler)](http::Request& request) {
        return serve(request, who, handler);
    };
    return {who, std::move(guarded)};
}

Task<http::Response> Gate::serve(http::Request& request, Right right, std::string_view scope,
                                 const CallerHandler& handler) {
    const auto caller = co_await admit(request, right, scope);
    if (!caller) co_return fail(caller.error());
    auto response = co_await handler(request, *caller);
    co_return response;
}

Task<http::Response> Gate::serve(http::Request& request, http::Access who, const PersonHandler& handler) {
    const auto identity = co_await person(request, who);
    if (!identity) co_return fail(identity.error());
    auto response = co_await handler(request, **identity);
    co_return response;
}

Task<> Gate::stream(http::Request& request, http::BodyReader& body, http::Responder& client, Right right,
                    std::string_view scope, const http::StreamHandler& handler) {
    const auto caller = co_await admit(request, right, scope);
    if (!caller) co_return fail(caller.error());
    auto done = co_await handler(request, body, client);
    co_return done;
}

Task<Caller> Gate::identify(const http::Request& request) {
    const auto settings = parts_.settings();
    if (const auto key = request.headers.find("x-api-key")) {
        auto caller = caller_of_key(*settings, *key);
        if (!caller) co_return fail(not_an_admin("x-api-key"));
        co_return std::move(*caller);
    }
    const auto identity = co_await look(request);
    // Said as it is: a page that forgot the header, or another site, is not helped by "invalid credentials".
    if (!identity && identity.error().reason == Reason::cross_site) co_return fail(identity.error());
    const bool unknown =
        !identity && identity.error().fault != Fault::unauthenticated && identity.error().fault != Fault::forbidden;
    if (unknown) co_return fail(identity.error());
    if (!identity) co_return fail(not_an_admin(describe(identity.error())));
    if ((*identity)->kind() == auth::CredentialKind::service_key) co_return fail(not_an_admin("a service key"));
    const auto right = right_of(*settings, (*identity)->person().groups);
    if (!right) co_return fail(not_an_admin("in no group of admin.admin_groups or admin.finance_groups"));
    co_return Caller{"oidc:" + (*identity)->person().subject, *right, *identity};
}

Task<Caller> Gate::admit(const http::Request& request, Right right, std::string_view scope) {
    auto caller = co_await identify(request);
    if (!caller) {
        auth::audit_failure(parts_.journal, "admin.denied", request, caller.error());
        co_return fail(caller.error());
    }
    if (caller->right >= right) co_return std::move(*caller);
    std::string needed("requires ");
    needed.append(verb_of(right)).append(scope);
    const Error error = Error::forbidden(Reason::admin_right_missing, needed);
    auth::audit_failure(parts_.journal, "admin.denied", request, error, {}, {{"actor", caller->actor}});
    if (right == Right::write) {
        policy::AuditEvent event;
        event.created_at = parts_.clock.now();
        event.actor = caller->actor;
        event.action = std::string(scope) + ".denied";
        event.reason = needed;
        // The refusal stands whether or not it can be written down here; the journal has it.
        [[maybe_unused]] const auto noted = co_await parts_.records.note(std::move(event));
    }
    co_return fail(error);
}

}  // namespace gatehouse::admin

// SPDX-License-Identifier: Apache-2.0
#include "auth/login.h"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "auth/attempt.h"
#include "auth/audit.h"
#include "auth/key_owner.h"
#include "auth/pace.h"
#include "auth/pages.h"
#include "gateway/http/cookie.h"
#include "gateway/http/reply.h"
#include "gateway/http/same_origin.h"

namespace gatehouse::auth {
namespace {

constexpr std::string_view default_return = "/access";

std::string_view kind_of(const Attempt& attempt) {
    return attempt.device_hash.empty() ? "browser" : "device";
}

std::string_view event_of(const Attempt& attempt) {
    return attempt.device_hash.empty() ? "login" : "device.callback";
}

/// RFC 6749, section 4.1.2.1. Whatever the provider says goes to the log only: anybody can write into that query.
Error refusal_of_provider(const http::Form& answer) {
    const std::string_view code = answer.value("error").substr(0, 100);
    const std::string_view description = answer.value("error_description").substr(0, 200);
    return Error::forbidden(Reason::idp_refused,
                            "Your identity provider did not complete the sign-in. You can try again.",
                            std::string(code) + ": " + std::string(description));
}

}  // namespace

Task<http::Response> LoginEndpoints::login(http::Request& request) const {
    // Each beginning is a record in the store for ten minutes, and anybody may begin.
    const auto paced = co_await pace(parts_, "login", request.peer.address, parts_.settings.device_authorization,
                                     "Too many sign-ins were started from your network address. Wait a few minutes.");
    if (!paced) {
        audit_failure(parts_.journal, "login", request, paced.error());
        co_return fail(paced.error());
    }
    const auto query = http::Form::parse(request.query());
    const std::string_view wanted = query.value("return_to");
    Attempt purpose;
    purpose.return_to = is_own_path(wanted) ? wanted : default_return;
    auto response = co_await send_to_provider(parts_, std::move(purpose));
    if (!response) audit_failure(parts_.journal, "login", request, response.error());
    co_return response;
}

Task<http::Response> LoginEndpoints::callback(http::Request& request) const {
    // A browser that hangs up half-way must not leave an attempt spent and its grant undecided.
    co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
    const auto answer = http::Form::parse(request.query());
    auto attempt = co_await take_proven_attempt(parts_, request, std::string(answer.value("state")));
    if (!attempt) {
        parts_.metrics.sign_in("unknown", to_slug(attempt.error().reason));
        audit_failure(parts_.journal, "device.callback", request, attempt.error());
        co_return fail(attempt.error());
    }
    auto response = co_await finish(request, answer, std::move(*attempt));
    co_return response;
}

Task<http::Response> LoginEndpoints::finish(http::Request& request, const http::Form& answer, Attempt attempt) const {
    const std::string code(answer.value("code"));
    if (answer.find("error") || code.empty()) {
        // The grant stays pending: the developer may try again with the same code.
        const Error refused = refusal_of_provider(answer);
        parts_.metrics.sign_in(kind_of(attempt), to_slug(refused.reason));
        audit_failure(parts_.journal, event_of(attempt), request, refused);
        co_return fail(refused);
    }
    auto who = co_await redeem(request, code, attempt);
    if (!who) co_return fail(who.error());
    co_await update_keys(parts_, who->person);
    if (attempt.device_hash.empty()) {
        auto signed_in = co_await begin_session(request, std::move(*who), std::move(attempt.return_to));
        co_return signed_in;
    }
    auto approved = co_await approve_device(request, std::move(*who), std::move(attempt.device_hash));
    co_return approved;
}

/// A refused identity or a failed exchange decides the device grant: the terminal stops waiting.
Task<SignedIn> LoginEndpoints::redeem(const http::Request& request, std::string code, const Attempt& attempt) const {
    auto who = co_await parts_.idp.redeem(std::move(code), to_authorization(attempt, parts_.settings));
    if (who) co_return std::move(*who);
    parts_.metrics.sign_in(kind_of(attempt), to_slug(who.error().reason));
    audit_failure(parts_.journal, event_of(attempt), request, who.error());
    if (!attempt.device_hash.empty()) {
        const auto denied = co_await parts_.vault.deny_grant(attempt.device_hash);
        if (!denied) co_return fail(denied.error());
    }
    co_return fail(who.error());
}

Task<http::Response> LoginEndpoints::approve_device(const http::Request& request, SignedIn who,
                                                    std::string device_hash) const {
    Approval approval;
    approval.person = who.person;
    approval.sealed_idp_refresh = box_.seal(parts_.random, who.refresh_token, grant_context(device_hash));
    const auto approved = co_await parts_.vault.approve_grant(std::move(device_hash), std::move(approval));
    if (!approved) co_return fail(approved.error());
    if (!*approved) {
        const Error late = Error::bad_request(
            Reason::code_expired,
            "The code was denied, or it expired while you signed in. Run /login in the terminal again.");
        parts_.metrics.sign_in("device", to_slug(late.reason));
        audit_failure(parts_.journal, "device.callback", request, late, who.person);
        co_return fail(late);
    }
    audit_success(parts_.journal, "device.callback", request, who.person);
    http::Response page = notice_page("You are signed in", "Go back to your terminal. You can close this page.");
    page.headers.add("set-cookie",
                     http::clear_cookie(attempt_cookie_name(parts_.settings), parts_.settings.public_url.secure));
    co_return page;
}

Task<http::Response> LoginEndpoints::begin_session(const http::Request& request, SignedIn who,
                                                   std::string return_to) const {
    http::Response response = http::redirect(return_to);
    response.headers.add("cache-control", "no-store");
    const auto session = co_await sessions_.begin(std::move(who.person), request, response);
    if (!session) co_return fail(session.error());
    response.headers.add("set-cookie",
                         http::clear_cookie(attempt_cookie_name(parts_.settings), parts_.settings.public_url.secure));
    parts_.metrics.sign_in("browser", "success");
    audit_success(parts_.journal, "login", request, session->person, {{"credential_id", session->id}});
    co_return response;
}

Task<http::Response> LoginEndpoints::logout(http::Request& request) const {
    const auto own = http::check_same_origin(request.headers, parts_.settings.public_url.origin());
    if (!own) co_return fail(own.error());
    const auto session = co_await sessions_.find(request);
    if (!session) co_return fail(session.error());
    if (session->has_value()) {
        const auto ended = co_await parts_.vault.revoke_session((*session)->id);
        if (!ended) co_return fail(ended.error());
        audit_success(parts_.journal, "logout", request, (*session)->person, {{"credential_id", (*session)->id}});
    }
    http::Response page = signed_out_page();
    sessions_.forget(page);
    co_return page;
}

}  // namespace gatehouse::auth

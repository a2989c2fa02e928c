// SPDX-License-Identifier: Apache-2.0
#include "auth/token.h"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "auth/audit.h"
#include "auth/oauth_error.h"
#include "auth/secret_hash.h"
#include "auth/session.h"
#include "gateway/http/form.h"

namespace gatehouse::auth {
namespace {

constexpr std::string_view device_code_grant = "urn:ietf:params:oauth:grant-type:device_code";
constexpr std::chrono::seconds poll_interval{5};

Error missing(std::string_view name) {
    return Error::bad_request(Reason::malformed_request, "The parameter " + std::string(name) + " is missing.");
}

/// RFC 6749, section 3.2: parameters come as a form, never as JSON.
Result<http::Form> read_form(const http::Request& request) {
    const std::string_view type = request.headers.value("content-type");
    const std::string_view body = request.body.view();
    const std::string_view media = type.substr(0, type.find(';'));
    if (media.ends_with("json") || body.starts_with('{'))
        return fail(
            Error::bad_request(Reason::malformed_request, "Send the parameters as application/x-www-form-urlencoded."));
    return http::Form::parse(body);
}

Error poll_error(PollState state) {
    switch (state) {
        case PollState::pending:
            return Error::bad_request(Reason::authorization_pending, "The sign-in is not finished in the browser yet.");
        case PollState::too_soon:
            return Error::rate_limited(Reason::slow_down, "Polled again too soon.", std::chrono::seconds{0});
        case PollState::denied:
            return Error::bad_request(Reason::access_denied, "The sign-in was denied.");
        case PollState::unknown:
        case PollState::approved:
            break;
    }
    return Error::bad_request(Reason::code_expired, "This device code has expired or was already used.");
}

}  // namespace

Task<http::Response> TokenEndpoints::token(http::Request& request) const {
    // A terminal that hangs up must not lose an approved grant or a rotated token half-way: what is begun is finished.
    co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
    // 1 parse
    const auto form = read_form(request);
    if (!form) co_return fail(form.error());
    const std::string_view grant = form->value("grant_type");
    if (grant == device_code_grant) {
        const std::string code(form->value("device_code"));
        if (code.empty()) co_return fail(missing("device_code"));
        auto response = co_await poll(request, code);
        co_return response;
    }
    if (grant == "refresh_token") {
        const std::string token(form->value("refresh_token"));
        if (token.empty()) co_return fail(missing("refresh_token"));
        auto response = co_await refresh_.refresh(request, token);
        co_return response;
    }
    co_return fail(Error::bad_request(Reason::grant_unsupported,
                                      "grant_type must be " + std::string(device_code_grant) + " or refresh_token."));
}

Task<http::Response> TokenEndpoints::poll(const http::Request& request, std::string device_code) const {
    // 2 find, 3 pace, 4 take: one step in the vault, so that of two polls of an approved code one gets the session.
    const std::string device_hash = secret_hash(device_code);
    auto outcome = co_await parts_.vault.poll_grant(device_hash, parts_.clock.now(), poll_interval);
    if (!outcome) co_return fail(outcome.error());
    if (outcome->state != PollState::approved) co_return fail(poll_error(outcome->state));
    // 5 answer
    auto response = co_await mint(request, std::move(*outcome), device_hash);
    co_return response;
}

Task<http::Response> TokenEndpoints::mint(const http::Request& request, PollOutcome outcome,
                                          std::string device_hash) const {
    const Instant now = parts_.clock.now();
    const auto provider_token = box_.open(outcome.approval.sealed_idp_refresh, grant_context(device_hash));
    Session session;
    session.id = random_token(parts_.random, 16);
    session.kind = SessionKind::device;
    session.person = std::move(outcome.approval.person);
    session.client = std::move(outcome.client);
    session.address = std::move(outcome.address);
    session.created_at = now;
    session.last_used_at = now;
    session.rotated_at = now;
    session.sealed_idp_refresh =
        box_.seal(parts_.random, provider_token.value_or(std::string{}), session_context(session.id));
    session.expires_at = session_end(parts_, session, now);
    const auto stored = co_await parts_.vault.put_session(session);
    if (!stored) {
        audit_failure(parts_.journal, "session.mint", request, stored.error(), session.person);
        co_return fail(stored.error());
    }
    if (parts_.signed_in) co_await parts_.signed_in(session.person);
    parts_.metrics.sign_in("device", "success");
    audit_success(parts_.journal, "session.mint", request, session.person, {{"credential_id", session.id}});
    co_return token_answer(parts_, refresh_tokens_, session);
}

/// The session that a refresh token (of any generation) or an access token belongs to; "" when it is neither.
std::string TokenEndpoints::session_of(std::string_view token) const {
    if (const auto refresh_token = refresh_tokens_.verify(token)) return refresh_token->session_id;
    const auto access_token = parts_.tokens.verify(token, parts_.clock.now());
    return access_token ? access_token->session_id : std::string{};
}

Task<http::Response> TokenEndpoints::revoke(http::Request& request) const {
    const auto form = read_form(request);
    if (!form) co_return fail(form.error());
    const std::string token(form->value("token"));
    if (token.empty()) co_return fail(missing("token"));
    const std::string session_id = session_of(token);
    if (!session_id.empty()) {
        const auto session = co_await parts_.vault.find_session(session_id);
        if (!session) co_return fail(session.error());
        const auto gone = co_await parts_.vault.revoke_session(session_id);
        if (!gone) co_return fail(gone.error());
        if (session->has_value())
            audit_success(parts_.journal, "session.revoke", request, (*session)->person,
                          {{"credential_id", session_id}});
    }
    // RFC 7009, section 2.2: an unknown token is as gone as a revoked one.
    http::Response response;
    forbid_caching(response);
    co_return response;
}

}  // namespace gatehouse::auth

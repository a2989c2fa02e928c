// SPDX-License-Identifier: Apache-2.0
#include "auth/refresh.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/object.hpp>
#include <utility>

#include "auth/audit.h"
#include "auth/key_owner.h"
#include "auth/oauth_error.h"
#include "gateway/base/log.h"
#include "gateway/http/reply.h"

namespace gatehouse::auth {
namespace {

/// A second terminal that still holds the previous token gets the successor within this span
/// (docs/decisions/0005-refresh-tokens.md).
constexpr std::chrono::seconds replay_grace{60};
/// Longer than any identity provider call may take; a replica that dies in the middle blocks the session no longer.
constexpr std::chrono::seconds lease{30};
constexpr std::chrono::days refreshable_lifetime{30};
constexpr int most_tries = 5;
constexpr std::string_view ended = "This session has ended. Sign in again.";

Error ended_because(Reason reason, std::string detail = {}) {
    return Error::unauthenticated(reason, std::string(ended), std::move(detail));
}

Error later(std::string detail) {
    return Error::unavailable(Reason::slow_down, "Try again in a moment.", std::move(detail));
}

/// The lease ran out and another terminal finished first: its successor is there for the asking.
Error unfinished(const Error& error) {
    return error.reason == Reason::already_exists ? later("another refresh finished first") : error;
}

Task<> pause(std::chrono::milliseconds span) {
    const auto executor = co_await boost::asio::this_coro::executor;
    boost::asio::steady_timer timer(executor, span);
    const auto [error] = co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    if (error) co_return fail(Error::client_gone());
    co_return Result<>{};
}

}  // namespace

http::Response token_answer(const SignInParts& parts, const RefreshTokens& refresh_tokens, const Session& session) {
    boost::json::object body;
    body["access_token"] = parts.tokens.mint(session.person, session.id, parts.clock.now());
    if (!session.sealed_idp_refresh.empty())
        body["refresh_token"] = refresh_tokens.derive({session.id, session.generation});
    body["token_type"] = "Bearer";
    body["expires_in"] = parts.tokens.lifetime().count();
    http::Response response = http::json(200, body);
    forbid_caching(response);
    return response;
}

Instant session_end(const SignInParts& parts, const Session& session, Instant now) {
    if (session.sealed_idp_refresh.empty()) return now + parts.tokens.lifetime();
    return now + refreshable_lifetime;
}

Task<http::Response> RefreshFlow::refresh(const http::Request& request, std::string refresh_token) const {
    const auto token = refresh_tokens_.verify(refresh_token);
    if (!token) co_return fail(denied(request, ended_because(Reason::refresh_invalid, "not a token of ours"), {}));
    auto claimed = co_await claim(*token);
    if (!claimed) co_return fail(claimed.error());
    switch (claimed->state) {
        case RefreshState::granted: {
            auto renewed = co_await renew(request, std::move(claimed->session));
            co_return renewed;
        }
        case RefreshState::replay: {
            auto same = co_await answer(request, claimed->session);
            co_return same;
        }
        case RefreshState::reused: {
            auto refused = co_await end_reused(request, claimed->session);
            co_return refused;
        }
        case RefreshState::busy:
            co_return fail(denied(request, later("another refresh is still under way"), {}));
        case RefreshState::unknown:
            break;
    }
    Session gone;
    gone.id = token->session_id;
    co_return fail(denied(request, ended_because(Reason::session_revoked, "no such session"), gone));
}

/// Waits while another terminal's refresh is under way: its successor answers this one too.
Task<RefreshClaim> RefreshFlow::claim(RefreshToken token) const {
    for (int step = 0;; ++step) {
        auto claimed = co_await parts_.vault.begin_refresh(token.session_id, token.generation, parts_.clock.now(),
                                                           replay_grace, lease);
        if (!claimed) co_return fail(claimed.error());
        if (claimed->state != RefreshState::busy || step >= parts_.patience.steps) co_return std::move(*claimed);
        const auto waited = co_await pause(parts_.patience.step);
        if (!waited) co_return fail(waited.error());
    }
}

Task<http::Response> RefreshFlow::renew(const http::Request& request, Session session) const {
    auto who = co_await ask_provider(request, session);
    if (!who) co_return fail(who.error());
    co_await update_keys(parts_, who->person);
    const Instant now = parts_.clock.now();
    session.person = std::move(who->person);
    session.sealed_idp_refresh = box_.seal(parts_.random, who->refresh_token, session_context(session.id));
    session.address = request.peer.address;
    session.last_used_at = now;
    session.expires_at = session_end(parts_, session, now);
    const auto rotated = co_await keep(session, now);
    if (!rotated) co_return fail(denied(request, unfinished(rotated.error()), session));
    auto response = co_await answer(request, *rotated);
    co_return response;
}

/// The provider may have rotated its token just now: a store that blinks must not cost the session its only copy.
Task<Session> RefreshFlow::keep(Session session, Instant now) const {
    for (int tries = 1;; ++tries) {
        auto rotated = co_await parts_.vault.finish_refresh(session, now);
        if (rotated || !is_store_failure(rotated.error()) || tries == most_tries) co_return rotated;
        const auto waited = co_await pause(parts_.patience.step);
        if (!waited) co_return fail(waited.error());
    }
}

/// A refusal ends the session on every replica; an outage gives the claim back and leaves everything as it was.
Task<SignedIn> RefreshFlow::ask_provider(const http::Request& request, const Session& session) const {
    const auto token = box_.open(session.sealed_idp_refresh, session_context(session.id));
    Result<SignedIn> who = fail(ended_because(Reason::refresh_invalid, "no session secret opens the sealed token"));
    if (token) who = co_await parts_.idp.refresh(*token, session.person.subject);
    // Not rotated at the provider: the one we hold stays good.
    if (who && who->refresh_token.empty()) who->refresh_token = *token;
    if (who) co_return std::move(*who);
    const bool refused = who.error().fault == Fault::forbidden || who.error().fault == Fault::unauthenticated;
    if (!refused) {
        const auto given_back = co_await parts_.vault.abandon_refresh(session.id);
        if (!given_back) log::warn("refresh claim not given back", {{"reason", to_slug(given_back.error().reason)}});
        const Error down = Error::unavailable(who.error().reason, who.error().message, who.error().detail);
        co_return fail(denied(request, down, session));
    }
    const auto gone = co_await parts_.vault.revoke_session(session.id);
    if (!gone) co_return fail(gone.error());
    const Error error = ended_because(who.error().reason, who.error().message + ": " + who.error().detail);
    audit_success(parts_.journal, "session.revoke", request, session.person,
                  {{"credential_id", session.id}, {"reason", std::string(to_slug(error.reason))}});
    co_await end_keys_of_refused(parts_, request, session.person, who.error().reason);
    co_return fail(denied(request, error, session));
}

Task<http::Response> RefreshFlow::answer(const http::Request& request, const Session& session) const {
    parts_.metrics.sign_in("refresh", "success");
    audit_success(parts_.journal, "session.refresh", request, session.person, {{"credential_id", session.id}});
    co_return token_answer(parts_, refresh_tokens_, session);
}

/// RFC 9700, section 4.14.2: an old token in use means that somebody has a copy, and nobody knows who is who.
Task<http::Response> RefreshFlow::end_reused(const http::Request& request, const Session& session) const {
    const auto gone = co_await parts_.vault.revoke_session(session.id);
    if (!gone) co_return fail(gone.error());
    const Error error = ended_because(Reason::refresh_reused, "an older generation was presented");
    audit_failure(parts_.journal, "refresh.reuse", request, error, session.person, {{"credential_id", session.id}});
    audit_success(parts_.journal, "session.revoke", request, session.person,
                  {{"credential_id", session.id}, {"reason", std::string(to_slug(error.reason))}});
    co_return fail(denied(request, error, session));
}

Error RefreshFlow::denied(const http::Request& request, Error error, const Session& session) const {
    parts_.metrics.sign_in("refresh", to_slug(error.reason));
    audit_failure(parts_.journal, "session.refresh", request, error, session.person, {{"credential_id", session.id}});
    return error;
}

}  // namespace gatehouse::auth

// SPDX-License-Identifier: Apache-2.0
#include "auth/session.h"

#include <utility>

#include "auth/audit.h"
#include "auth/secret_hash.h"
#include "gateway/base/text.h"
#include "gateway/http/cookie.h"
#include "gateway/http/same_origin.h"

namespace gatehouse::auth {
namespace {

constexpr std::chrono::hours idle_limit{8};
constexpr std::chrono::hours absolute_limit{24};
/// A page view within this span of the last one is not written down: one store call less per click.
constexpr std::chrono::seconds touch_interval{60};
constexpr std::size_t longest_client = 200;
constexpr std::string_view console_header = "x-gatehouse-console";

bool has_ended(const Session& session, Instant now) {
    return session.kind != SessionKind::browser || now >= session.expires_at ||
           now - session.last_used_at >= idle_limit;
}

}  // namespace

std::string client_name(const http::Headers& headers) {
    return printable(headers.value("user-agent"), longest_client);
}

Task<bool> end_session_of(Vault& vault, std::string subject, std::string id) {
    const auto session = co_await vault.find_session(id);
    if (!session) co_return fail(session.error());
    if (!session->has_value() || (*session)->person.subject != subject) co_return false;
    const auto gone = co_await vault.revoke_session(std::move(id));
    if (!gone) co_return fail(gone.error());
    co_return true;
}

Task<> end_own_session(Vault& vault, std::string subject, std::string id) {
    const auto ended = co_await end_session_of(vault, std::move(subject), std::move(id));
    if (!ended) co_return fail(ended.error());
    // Somebody else's session and no session read the same: the answer tells nothing about other people.
    if (!*ended)
        co_return fail(Error::not_found(Reason::not_found, "You have no such session. It may have ended already."));
    co_return Result<>{};
}

std::string BrowserSessions::cookie() const {
    return http::cookie_name("gh_session", parts_.settings.public_url.secure);
}

Task<Session> BrowserSessions::begin(Person person, const http::Request& request, http::Response& response) const {
    auto previous = co_await find(request);
    if (!previous) co_return fail(previous.error());
    const std::string secret = random_token(parts_.random, 32);
    const Instant now = parts_.clock.now();
    Session session;
    session.id = random_token(parts_.random, 16);
    session.kind = SessionKind::browser;
    session.person = std::move(person);
    session.secret_hash = secret_hash(secret);
    session.client = client_name(request.headers);
    session.address = request.peer.address;
    session.created_at = now;
    session.last_used_at = now;
    session.expires_at = now + absolute_limit;
    session.rotated_at = now;
    const auto stored = co_await parts_.vault.put_session(session);
    if (!stored) co_return fail(stored.error());
    if (parts_.signed_in) co_await parts_.signed_in(session.person);
    if (previous->has_value()) {
        const auto ended = co_await parts_.vault.revoke_session((*previous)->id);
        if (!ended) co_return fail(ended.error());
    }
    const http::Cookie line{cookie(), secret, absolute_limit, parts_.settings.public_url.secure};
    response.headers.add("set-cookie", http::set_cookie(line));
    co_return session;
}

Task<std::optional<Session>> BrowserSessions::find(const http::Request& request) const {
    const auto secret = http::find_cookie(request.headers, cookie());
    if (!secret || secret->empty()) co_return std::nullopt;
    auto found = co_await parts_.vault.find_session_by_secret(secret_hash(*secret));
    if (!found) co_return fail(found.error());
    if (!found->has_value()) co_return std::nullopt;
    Session session = std::move(**found);
    const Instant now = parts_.clock.now();
    if (has_ended(session, now)) {
        const auto ended = co_await parts_.vault.revoke_session(session.id);
        if (!ended) co_return fail(ended.error());
        co_return std::nullopt;
    }
    if (now - session.last_used_at >= touch_interval) {
        const auto touched = co_await parts_.vault.touch_session(session.id, request.peer.address, now);
        if (!touched) co_return fail(touched.error());
    }
    co_return session;
}

Task<Session> BrowserSessions::admit_form(const http::Request& request) const {
    const auto own = http::check_same_origin(request.headers, parts_.settings.public_url.origin());
    if (!own) {
        audit_failure(parts_.journal, "auth.denied", request, own.error());
        co_return fail(own.error());
    }
    auto session = co_await find(request);
    if (!session) co_return fail(session.error());
    if (!session->has_value()) {
        const Error signed_out =
            Error::unauthenticated(Reason::session_revoked, "You are signed out. Sign in and try again.");
        audit_failure(parts_.journal, "auth.denied", request, signed_out);
        co_return fail(signed_out);
    }
    co_return std::move(**session);
}

Task<Session> BrowserSessions::admit_call(const http::Request& request) const {
    const bool asks = http::find_cookie(request.headers, cookie()).has_value();
    if (!asks) co_return fail(Error::unauthenticated(Reason::token_missing, "missing token"));
    if (request.headers.value(console_header).empty())
        co_return fail(Error::forbidden(Reason::cross_site,
                                        "a browser session needs the header x-gatehouse-console: send it, or use a "
                                        "credential in Authorization",
                                        "no x-gatehouse-console"));
    if (request.method != "GET" && request.method != "HEAD") {
        const auto own = http::check_same_origin(request.headers, parts_.settings.public_url.origin());
        if (!own) co_return fail(own.error());
    }
    auto session = co_await find(request);
    if (!session) co_return fail(session.error());
    if (!session->has_value())
        co_return fail(Error::unauthenticated(Reason::session_revoked, "You are signed out. Sign in and try again."));
    co_return std::move(**session);
}

void BrowserSessions::forget(http::Response& response) const {
    response.headers.add("set-cookie", http::clear_cookie(cookie(), parts_.settings.public_url.secure));
}

}  // namespace gatehouse::auth

// SPDX-License-Identifier: Apache-2.0
#include "auth/attempt.h"

#include <algorithm>
#include <utility>

#include "auth/secret_hash.h"
#include "gateway/http/cookie.h"
#include "gateway/http/reply.h"

namespace gatehouse::auth {
namespace {

constexpr std::chrono::seconds attempt_lifetime{600};
constexpr std::size_t longest_path = 2048;

std::unexpected<Error> unknown_attempt() {
    return fail(
        Error::bad_request(Reason::attempt_unknown, "This sign-in link has expired or was already used. Start again."));
}

std::unexpected<Error> other_browser(std::string detail) {
    return fail(Error::forbidden(Reason::state_mismatch,
                                 "This sign-in was started in another browser, or its cookie is gone. Start again and "
                                 "finish in the same browser.",
                                 std::move(detail)));
}

}  // namespace

std::string attempt_cookie_name(const SignInSettings& settings) {
    return http::cookie_name("gw_dev", settings.public_url.secure);
}

std::string callback_url(const SignInSettings& settings) {
    return settings.public_url.origin() + "/oauth/callback";
}

AuthorizationRequest to_authorization(const Attempt& attempt, const SignInSettings& settings) {
    return {attempt.id, attempt.nonce, attempt.pkce_verifier, callback_url(settings)};
}

Task<http::Response> send_to_provider(const SignInParts& parts, Attempt purpose) {
    const std::string binding = random_token(parts.random, 32);
    Attempt attempt;
    attempt.id = random_token(parts.random, 32);
    attempt.cookie_hash = secret_hash(binding);
    attempt.nonce = random_token(parts.random, 32);
    if (parts.oidc.use_pkce) attempt.pkce_verifier = random_token(parts.random, 32);
    attempt.return_to = std::move(purpose.return_to);
    attempt.device_hash = std::move(purpose.device_hash);

    // Asked first: nothing is stored for a sign-in that cannot begin.
    auto location = co_await parts.idp.authorize_url(to_authorization(attempt, parts.settings));
    if (!location) co_return fail(location.error());
    const auto stored = co_await parts.vault.put_attempt(std::move(attempt), attempt_lifetime);
    if (!stored) co_return fail(stored.error());

    http::Response response = http::redirect(*location);
    const http::Cookie cookie{attempt_cookie_name(parts.settings), binding, attempt_lifetime,
                              parts.settings.public_url.secure};
    response.headers.add("set-cookie", http::set_cookie(cookie));
    response.headers.add("cache-control", "no-store");
    co_return response;
}

Task<Attempt> take_proven_attempt(const SignInParts& parts, const http::Request& request, std::string state) {
    const auto cookie = http::find_cookie(request.headers, attempt_cookie_name(parts.settings));
    if (!cookie) co_return other_browser("no sign-in cookie");
    auto found = co_await parts.vault.find_attempt(state);
    if (!found) co_return fail(found.error());
    if (!found->has_value()) co_return unknown_attempt();
    // Proven before spent: somebody who knows a state but not the cookie can neither finish nor use up the sign-in.
    if (!constant_time_equal(secret_hash(*cookie), (*found)->cookie_hash))
        co_return other_browser("the cookie is not this attempt's");
    auto taken = co_await parts.vault.take_attempt(std::move(state));
    if (!taken) co_return fail(taken.error());
    if (!taken->has_value()) co_return unknown_attempt();
    co_return std::move(**taken);
}

bool is_own_path(std::string_view text) {
    if (text.empty() || text.size() > longest_path || text.front() != '/') return false;
    if (text.size() > 1 && text[1] == '/') return false;
    // Browsers read a backslash as a slash and drop tabs and line breaks (WHATWG URL): "/\evil" is another host.
    return std::ranges::all_of(text, [](char letter) { return letter > ' ' && letter < '\x7f' && letter != '\\'; });
}

}  // namespace gatehouse::auth

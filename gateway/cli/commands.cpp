// SPDX-License-Identifier: Apache-2.0
#include "gateway/cli/commands.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <ostream>
#include <string_view>
#include <utility>
#include <variant>

#include "gateway/base/json.h"
#include "gateway/cli/oauth.h"
#include "policy/increase.h"

namespace gatehouse::cli {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds lock_step{50};
constexpr milliseconds longest_lock_wait{40'000};
constexpr seconds slower{5};  // RFC 8628, section 3.5: slow_down adds five seconds for good
constexpr seconds longest_interval{60};
/// Claude Code keeps a helper's answer for five minutes, so a token must have more than that left.
constexpr seconds widest_margin{600};

Error sign_in_needed(std::string message) {
    return Error::unauthenticated(Reason::token_invalid, std::move(message));
}

/// What a gateway wrote, fit for a terminal: without control characters.
std::string printable_text(std::string_view text) {
    std::string shown(text.substr(0, 1'000));
    std::erase_if(shown, [](char letter) { return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F; });
    return shown;
}

int report(const Result<>& done, std::ostream& err) {
    if (done) return 0;
    err << "gatehouse: " << done.error().message;
    if (!done.error().detail.empty()) err << " (" << done.error().detail << ")";
    err << std::endl;
    const Fault fault = done.error().fault;
    if (fault == Fault::bad_request) return 2;
    return fault == Fault::unauthenticated || fault == Fault::forbidden ? 3 : 1;
}

Credential to_credential(Tokens tokens, const Endpoints& endpoints, Instant now) {
    return {.access_token = std::move(tokens.access_token),
            .refresh_token = std::move(tokens.refresh_token),
            .token_endpoint = endpoints.token,
            .revocation_endpoint = endpoints.revocation,
            .issued_at = now,
            .expires_at = now + tokens.expires_in};
}

bool is_fresh(const Credential& credential, Instant now) {
    const auto lifetime = std::chrono::duration_cast<seconds>(credential.expires_at - credential.issued_at);
    // `issued_at` in the future is a clock that was set back: what is left cannot be known then.
    if (credential.issued_at > now) return false;
    return credential.expires_at - now > std::min(lifetime / 5, widest_margin);
}

Task<FileLock> lock(Surroundings& here) {
    for (milliseconds waited{0};; waited += lock_step) {
        auto locked = here.file.try_lock();
        if (locked || locked.error().fault != Fault::conflict || waited >= longest_lock_wait)
            co_return std::move(locked);
        co_await here.pause(lock_step);
    }
}

/// Which of the stored gateways is meant.
Result<std::string> choose(const Credentials& known, const std::string& typed) {
    if (typed.empty()) {
        if (known.size() == 1) return known.begin()->first;
        if (known.empty()) return fail(sign_in_needed("not signed in: run `gatehouse login URL`"));
        std::string names;
        for (const auto& [url, credential] : known)
            names.append("\n  ").append(url);
        return fail(
            Error::bad_request(Reason::malformed_request, "signed in to several gateways, say which one:" + names));
    }
    const auto url = parse_gateway_url(typed);
    if (!url) return fail(url.error());
    std::string name = url->origin();
    if (!known.contains(name))
        return fail(sign_in_needed("not signed in to " + name + ": run `gatehouse login " + name + "`"));
    return name;
}

// login ------------------------------------------------------------------------------------------------------------

void show(const DeviceAuthorization& device, std::ostream& err) {
    if (!device.notice.empty()) err << device.notice << "\n\n";
    err << "Open this address in a browser, on any machine:\n\n    " << device.verification_uri
        << "\n\nand enter the code\n\n    " << device.user_code << "\n";
    if (!device.verification_uri_complete.empty())
        err << "\nThe same with the code filled in: " << device.verification_uri_complete << "\n";
    err << "\nWaiting for you to confirm…" << std::endl;
}

Error why_not(const Refused& refused, const std::string& gateway) {
    if (refused.error == "access_denied")
        return Error::forbidden(Reason::access_denied, gateway + " refused the sign-in", refused.why);
    if (refused.error == "expired_token")
        return Error::forbidden(Reason::code_expired,
                                "nobody confirmed the code in time: run `gatehouse login " + gateway + "` again");
    return Error::forbidden(Reason::access_denied, gateway + " refused the sign-in: " + refused.error, refused.why);
}

/// Asks until there is an answer. The network may fail on the way: that only makes it slower (RFC 8628, section 3.5).
Task<Tokens> wait_for_tokens(Surroundings& here, OauthClient& oauth, const Endpoints& endpoints,
                             const DeviceAuthorization& device, const std::string& gateway) {
    const Instant end = here.clock.now() + device.expires_in;
    seconds interval = device.interval;
    while (here.clock.now() < end) {
        co_await here.pause(interval);
        auto answer = co_await oauth.poll(endpoints.token, device.device_code);
        if (!answer) {
            interval = std::min(std::max(interval * 2, seconds{1}), longest_interval);
            continue;
        }
        if (auto* tokens = std::get_if<Tokens>(&*answer)) co_return std::move(*tokens);
        const Refused& refused = std::get<Refused>(*answer);
        if (refused.error == "slow_down")
            interval = std::min(interval + slower, longest_interval);
        else if (refused.error != "authorization_pending")
            co_return fail(why_not(refused, gateway));
    }
    co_return fail(why_not({"expired_token", {}}, gateway));
}

/// Replaces what is stored for that gateway; gives back what was there.
Task<Credential> store(Surroundings& here, std::string gateway, Credential credential) {
    const auto locked = co_await lock(here);
    if (!locked) co_return fail(locked.error());
    auto known = here.file.load();
    if (!known) co_return fail(known.error());
    Credential before = std::exchange((*known)[gateway], std::move(credential));
    const auto saved = here.file.save(*known);
    if (!saved) co_return fail(saved.error());
    co_return before;
}

Task<> end_session(OauthClient& oauth, const Credential& credential) {
    const std::string& token = credential.refresh_token.empty() ? credential.access_token : credential.refresh_token;
    if (credential.revocation_endpoint.empty() || token.empty()) co_return Result<>{};
    co_return co_await oauth.revoke(credential.revocation_endpoint, token);
}

Task<> log_in(Login action, Surroundings& here) {
    const auto url = parse_gateway_url(action.url);
    if (!url) co_return fail(url.error());
    const std::string gateway = url->origin();
    // Before anybody walks to a browser: a file that cannot be used should not cost them a sign-in.
    const auto usable = here.file.load();
    if (!usable) co_return fail(usable.error());
    OauthClient oauth(here.client, here.user_agent);
    const auto endpoints = co_await oauth.discover(*url);
    if (!endpoints) co_return fail(endpoints.error());
    const auto device = co_await oauth.authorize_device(endpoints->device_authorization);
    if (!device) co_return fail(device.error());
    show(*device, here.err);
    auto tokens = co_await wait_for_tokens(here, oauth, *endpoints, *device, gateway);
    if (!tokens) co_return fail(tokens.error());
    Credential credential = to_credential(std::move(*tokens), *endpoints, here.clock.now());
    const auto before = co_await store(here, gateway, std::move(credential));
    if (!before) co_return fail(before.error());
    here.err << "Signed in to " << gateway << "." << std::endl;
    // The session that this one replaces, so that they do not pile up. It has an end of its own if this fails.
    const auto ended = co_await end_session(oauth, *before);
    if (!ended) here.err << "The former session could not be ended: " << ended.error().message << std::endl;
    co_return Result<>{};
}

// token ------------------------------------------------------------------------------------------------------------

Error session_over(const std::string& gateway) {
    return sign_in_needed("the session at " + gateway + " is over: run `gatehouse login " + gateway + "`");
}

/// One refresh, with the lock held. The present token serves as long as it is valid and the gateway cannot be asked.
Task<Credential> refreshed(Surroundings& here, const std::string& gateway, Credential present) {
    const Instant now = here.clock.now();
    const bool valid = present.expires_at > now && present.issued_at <= now;
    if (present.refresh_token.empty()) {
        if (valid) co_return present;
        co_return fail(session_over(gateway));
    }
    OauthClient oauth(here.client, here.user_agent);
    auto answer = co_await oauth.refresh(present.token_endpoint, present.refresh_token);
    const auto* refused = answer ? std::get_if<Refused>(&*answer) : nullptr;
    if (refused != nullptr && refused->error == "invalid_grant") co_return fail(session_over(gateway));
    if (refused != nullptr)  // "slow_down" and the like: not a decision about this session
        answer =
            fail(Error::unavailable(Reason::idp_refused, gateway + " did not refresh the token: " + refused->error));
    if (!answer) {
        if (!valid) co_return fail(answer.error());
        here.err << "gatehouse: " << answer.error().message << "; the present token is still valid" << std::endl;
        co_return present;
    }
    Tokens& tokens = std::get<Tokens>(*answer);
    if (tokens.refresh_token.empty()) tokens.refresh_token = present.refresh_token;  // RFC 6749, section 6
    const Endpoints endpoints{{}, present.token_endpoint, present.revocation_endpoint};
    co_return to_credential(std::move(tokens), endpoints, here.clock.now());
}

/// A gateway that somebody is signed in to, and a token for it that does not end at once.
struct SignedIn {
    std::string gateway;
    std::string access_token;
};

Task<SignedIn> stay_signed_in(std::string url, Surroundings& here) {
    auto known = here.file.load();
    if (!known) co_return fail(known.error());
    const auto gateway = choose(*known, url);
    if (!gateway) co_return fail(gateway.error());
    const Credential& stored = known->find(*gateway)->second;
    if (is_fresh(stored, here.clock.now())) co_return SignedIn{*gateway, stored.access_token};
    const auto locked = co_await lock(here);
    if (!locked) co_return fail(locked.error());
    // Another call may have refreshed (or logged out) while this one waited for the lock.
    known = here.file.load();
    if (!known) co_return fail(known.error());
    const auto entry = known->find(*gateway);
    if (entry == known->end()) co_return fail(session_over(*gateway));
    if (!is_fresh(entry->second, here.clock.now())) {
        auto fresh = co_await refreshed(here, *gateway, entry->second);
        if (!fresh) co_return fail(fresh.error());
        const bool changed = fresh->access_token != entry->second.access_token;
        entry->second = std::move(*fresh);
        const auto saved = changed ? here.file.save(*known) : Result<>{};
        if (!saved) co_return fail(saved.error());
    }
    co_return SignedIn{*gateway, entry->second.access_token};
}

Task<> print_token(Token action, Surroundings& here) {
    const auto signed_in = co_await stay_signed_in(std::move(action.url), here);
    if (!signed_in) co_return fail(signed_in.error());
    here.out << signed_in->access_token << std::endl;
    co_return Result<>{};
}

// request-increase -------------------------------------------------------------------------------------------------

constexpr std::string_view increase_path = "/v1/me/spend_limit_increase_requests";
constexpr std::size_t largest_answer = 65'536;

Result<std::string> to_body(const RequestIncrease& action) {
    boost::json::object body{{"reason", action.reason}};
    if (!action.period.empty()) body["period"] = action.period;
    if (action.amount.empty()) return boost::json::serialize(body);
    const auto cents = policy::parse_dollars(action.amount);
    if (!cents)
        return fail(
            Error::bad_request(Reason::malformed_request, "--amount must be in dollars, such as 250 or 250.00"));
    body["amount"] = *cents;
    return boost::json::serialize(body);
}

/// The gateway's own sentence, unless it has none.
Error refusal_of(int status, const boost::json::value& body, const std::string& gateway) {
    const auto* error = json::find(body, "error");
    const auto said = error == nullptr ? std::nullopt : json::find_string(*error, "message");
    std::string message =
        gateway + " answered " + (said ? printable_text(*said) : "with status " + std::to_string(status));
    if (status == 401) return sign_in_needed(std::move(message));
    if (status == 404)
        return Error::not_found(Reason::not_found, gateway + " has no spend limits, so there is nothing to raise");
    if (status == 400) return Error::bad_request(Reason::malformed_request, std::move(message));
    return Error::unavailable(Reason::store_refused, std::move(message));
}

Task<> request_increase(RequestIncrease action, Surroundings& here) {
    const auto body = to_body(action);
    if (!body) co_return fail(body.error());
    const auto signed_in = co_await stay_signed_in(std::move(action.url), here);
    if (!signed_in) co_return fail(signed_in.error());
    const auto url = parse_gateway_url(signed_in->gateway);
    if (!url) co_return fail(url.error());
    http::Outbound outbound{.url = *url, .method = "POST", .target = std::string(increase_path)};
    outbound.headers.add("authorization", "Bearer " + signed_in->access_token);
    outbound.headers.add("content-type", "application/json");
    outbound.headers.add("user-agent", here.user_agent);
    outbound.body.push_back(*body);
    auto reply = co_await here.client.send(outbound);
    if (!reply) co_return fail(reply.error());
    const auto text = co_await http::read_all(*reply->body, largest_answer);
    if (!text) co_return fail(text.error());
    const auto answer = json::parse(*text).value_or(boost::json::value{});
    if (reply->status != 200) co_return fail(refusal_of(reply->status, answer, signed_in->gateway));
    const std::string period(json::find_string(answer, "period").value_or("spend"));
    here.out << printable_text(json::find_string(answer, "id").value_or("")) << std::endl;
    here.err << "Asked for a higher " << printable_text(period) << " limit. What your administrators answer is at "
             << signed_in->gateway << "/access." << std::endl;
    co_return Result<>{};
}

// logout -----------------------------------------------------------------------------------------------------------

Task<> log_out(Logout action, Surroundings& here) {
    const auto locked = co_await lock(here);
    if (!locked) co_return fail(locked.error());
    auto known = here.file.load();
    if (!known) co_return fail(known.error());
    const auto gateway = choose(*known, action.url);
    if (!gateway) co_return fail(gateway.error());
    const Credential credential = known->extract(*gateway).mapped();
    const auto saved = here.file.save(*known);
    if (!saved) co_return fail(saved.error());
    OauthClient oauth(here.client, here.user_agent);
    const auto ended = co_await end_session(oauth, credential);
    if (!ended)
        co_return fail(Error::unavailable(ended.error().reason,
                                          "the tokens are forgotten here, but the session goes on "
                                          "until you revoke it at " +
                                              *gateway + "/login",
                                          ended.error().message));
    here.err << "Signed out of " << *gateway << "." << std::endl;
    co_return Result<>{};
}

}  // namespace

asio::awaitable<void> pause_on_timer(milliseconds span) {
    asio::steady_timer timer(co_await asio::this_coro::executor, span);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

std::string user_agent_of_this_machine() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) name[0] = '\0';
    std::string host(name.data());
    std::erase_if(host, [](char letter) { return letter <= 0x20 || letter >= 0x7F || letter == '(' || letter == ')'; });
    return std::string("gatehouse/" GATEHOUSE_VERSION) + (host.empty() ? "" : " (" + host + ")");
}

asio::awaitable<int> run_login(Login action, Surroundings& here) {
    const auto done = co_await log_in(std::move(action), here);
    co_return report(done, here.err);
}

asio::awaitable<int> run_token(Token action, Surroundings& here) {
    const auto done = co_await print_token(std::move(action), here);
    co_return report(done, here.err);
}

asio::awaitable<int> run_request_increase(RequestIncrease action, Surroundings& here) {
    const auto done = co_await request_increase(std::move(action), here);
    co_return report(done, here.err);
}

asio::awaitable<int> run_logout(Logout action, Surroundings& here) {
    const auto done = co_await log_out(std::move(action), here);
    co_return report(done, here.err);
}

}  // namespace gatehouse::cli

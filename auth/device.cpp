// SPDX-License-Identifier: Apache-2.0
#include "auth/device.h"

#include <boost/json/object.hpp>
#include <utility>

#include "auth/attempt.h"
#include "auth/audit.h"
#include "auth/oauth_error.h"
#include "auth/pace.h"
#include "auth/pages.h"
#include "auth/secret_hash.h"
#include "auth/session.h"
#include "gateway/http/form.h"
#include "gateway/http/reply.h"
#include "gateway/http/same_origin.h"

namespace gatehouse::auth {
namespace {

constexpr std::chrono::seconds grant_lifetime{600};
constexpr int poll_interval_seconds = 5;
/// Consonants and Y without L: no words, nothing that reads like a digit (RFC 8628, section 6.1).
constexpr std::string_view alphabet = "BCDFGHJKMNPQRSTVWXYZ";
constexpr std::size_t user_code_length = 8;
/// Two of 20^8 codes meeting is rare; five times in a row is a store that lies.
constexpr int most_tries = 5;

std::string random_user_code(Random& random) {
    // 240 is the largest multiple of 20 in a byte: rejecting the rest keeps all letters equally likely.
    constexpr unsigned fair = 240;
    std::string code;
    while (code.size() < user_code_length) {
        for (const char byte : random.bytes(16)) {
            const auto value = static_cast<unsigned char>(byte);
            if (value < fair && code.size() < user_code_length) code.push_back(alphabet[value % alphabet.size()]);
        }
    }
    return code;
}

}  // namespace

std::string normal_user_code(std::string_view typed) {
    std::string code;
    for (const char letter : typed) {
        if (letter == '-' || letter == ' ' || letter == '\t') continue;
        code.push_back(letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter);
        if (code.size() > user_code_length) break;
    }
    return code;
}

std::string shown_user_code(std::string_view user_code) {
    return std::string(user_code.substr(0, 4)) + "-" +
           std::string(user_code.substr(std::min<std::size_t>(4, user_code.size())));
}

Task<DeviceGrant> DeviceEndpoints::new_grant(const http::Request& request, const std::string& device_code) const {
    DeviceGrant grant;
    grant.device_hash = secret_hash(device_code);
    grant.client = client_name(request.headers);
    grant.address = request.peer.address;
    grant.expires_at = parts_.clock.now() + grant_lifetime;
    for (int tries = 0; tries < most_tries; ++tries) {
        grant.user_code = random_user_code(parts_.random);
        const auto stored = co_await parts_.vault.put_grant(grant);
        if (stored) co_return grant;
        if (stored.error().reason != Reason::already_exists) co_return fail(stored.error());
    }
    co_return fail(Error::internal("no free user code"));
}

Task<http::Response> DeviceEndpoints::authorize(http::Request& request) const {
    const auto paced =
        co_await pace(parts_, "device_authorization", request.peer.address, parts_.settings.device_authorization,
                      "Too many sign-ins were started from this network address. If you share it with "
                      "others, wait a few minutes and try again.");
    if (!paced) {
        audit_failure(parts_.journal, "device.authorize", request, paced.error());
        co_return fail(paced.error());
    }
    const std::string device_code = random_token(parts_.random, 32);
    const auto grant = co_await new_grant(request, device_code);
    if (!grant) co_return fail(grant.error());
    audit_success(parts_.journal, "device.authorize", request, {}, {{"client", grant->client}});

    const std::string page = parts_.settings.public_url.origin() + "/device";
    const std::string user_code = shown_user_code(grant->user_code);
    boost::json::object body;
    body["device_code"] = device_code;
    body["user_code"] = user_code;
    body["verification_uri"] = page;
    body["verification_uri_complete"] = page + "?user_code=" + user_code;
    body["expires_in"] = grant_lifetime.count();
    body["interval"] = poll_interval_seconds;
    if (!parts_.settings.login_notice.empty()) body["login_notice"] = parts_.settings.login_notice;
    http::Response response = http::json(200, body);
    forbid_caching(response);
    co_return response;
}

Task<DeviceGrant> DeviceEndpoints::find(std::string_view typed) const {
    const std::string code = normal_user_code(typed);
    const bool plausible = code.size() == user_code_length && code.find_first_not_of(alphabet) == std::string::npos;
    std::optional<DeviceGrant> known;
    if (plausible) {
        auto found = co_await parts_.vault.find_grant(code);
        if (!found) co_return fail(found.error());
        known = std::move(*found);
    }
    if (!known || known->expires_at <= parts_.clock.now())
        co_return fail(Error::bad_request(Reason::code_unknown,
                                          "That code is not recognised. It may have expired or been used: compare it "
                                          "with the one in your terminal, or run /login again."));
    co_return std::move(*known);
}

Task<http::Response> DeviceEndpoints::page(http::Request& request) const {
    const auto query = http::Form::parse(request.query());
    const std::string typed(query.value("user_code"));
    if (typed.empty()) co_return device_entry_page();
    // Looking a code up tells whether it exists, so it is paced like submitting one, but in a bucket of its own: the
    // usual sign-in does both once.
    const auto paced = co_await pace(parts_, "device_look", request.peer.address, parts_.settings.device_verify,
                                     "Too many codes were tried from your network address. Wait a few minutes.");
    if (!paced) co_return fail(paced.error());
    const auto grant = co_await find(typed);
    if (!grant) co_return fail(grant.error());
    if (parts_.idp.authorize_origin().empty()) {
        // Asked so that the origin becomes known: without it the page's own policy would block the Approve button.
        const auto discovered = co_await parts_.idp.authorize_url({});
        if (!discovered) co_return fail(discovered.error());
    }
    DeviceQuestion question;
    question.user_code = shown_user_code(grant->user_code);
    question.client = grant->client;
    question.address = grant->address;
    question.provider_origin = parts_.idp.authorize_origin();
    question.form_action_origins = parts_.oidc.form_action_origins;
    co_return device_question_page(question);
}

/// What approving and denying begin with: same origin, paced, a grant that is still pending.
Task<DeviceGrant> DeviceEndpoints::verify(const http::Request& request) const {
    const auto own = http::check_same_origin(request.headers, parts_.settings.public_url.origin());
    if (!own) co_return fail(own.error());
    const auto paced = co_await pace(parts_, "device_verify", request.peer.address, parts_.settings.device_verify,
                                     "Too many codes were tried from your network address. Wait a few minutes.");
    if (!paced) co_return fail(paced.error());
    const auto form = http::Form::parse(request.body.view());
    auto grant = co_await find(form.value("user_code"));
    co_return grant;
}

Task<http::Response> DeviceEndpoints::approve(http::Request& request) const {
    const auto grant = co_await verify(request);
    if (!grant) {
        audit_failure(parts_.journal, "device.verify", request, grant.error());
        co_return fail(grant.error());
    }
    Attempt purpose;
    purpose.device_hash = grant->device_hash;
    auto response = co_await send_to_provider(parts_, std::move(purpose));
    if (!response) {
        audit_failure(parts_.journal, "device.verify", request, response.error());
        co_return fail(response.error());
    }
    audit_success(parts_.journal, "device.verify", request, {}, {{"decision", "approve"}, {"client", grant->client}});
    co_return std::move(*response);
}

Task<http::Response> DeviceEndpoints::deny(http::Request& request) const {
    const auto grant = co_await verify(request);
    if (!grant) {
        audit_failure(parts_.journal, "device.verify", request, grant.error());
        co_return fail(grant.error());
    }
    const auto denied = co_await parts_.vault.deny_grant(grant->device_hash);
    if (!denied) co_return fail(denied.error());
    parts_.metrics.sign_in("device", "denied");
    audit_success(parts_.journal, "device.verify", request, {}, {{"decision", "deny"}, {"client", grant->client}});
    co_return notice_page("Sign-in denied", "The terminal was told no. You can close this page.");
}

}  // namespace gatehouse::auth

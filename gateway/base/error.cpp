// SPDX-License-Identifier: Apache-2.0
#include "gateway/base/error.h"

#include <utility>

namespace gatehouse {

Error Error::of(Fault fault, Reason reason, std::string message, std::string detail) {
    return Error{fault, reason, std::move(message), std::move(detail), std::chrono::seconds{0}};
}

Error Error::bad_request(Reason reason, std::string message, std::string detail) {
    return of(Fault::bad_request, reason, std::move(message), std::move(detail));
}

Error Error::unauthenticated(Reason reason, std::string message, std::string detail) {
    return of(Fault::unauthenticated, reason, std::move(message), std::move(detail));
}

Error Error::forbidden(Reason reason, std::string message, std::string detail) {
    return of(Fault::forbidden, reason, std::move(message), std::move(detail));
}

Error Error::not_found(Reason reason, std::string message) {
    return of(Fault::not_found, reason, std::move(message));
}

Error Error::conflict(Reason reason, std::string message, std::string detail) {
    return of(Fault::conflict, reason, std::move(message), std::move(detail));
}

Error Error::precondition_failed(Reason reason, std::string message) {
    return of(Fault::precondition_failed, reason, std::move(message));
}

Error Error::too_large(std::string message) {
    return of(Fault::too_large, Reason::body_too_large, std::move(message));
}

Error Error::rate_limited(Reason reason, std::string message, std::chrono::seconds retry_after) {
    Error error = of(Fault::rate_limited, reason, std::move(message));
    error.retry_after = retry_after;
    return error;
}

Error Error::over_budget(Reason reason, std::string message, std::chrono::seconds retry_after) {
    Error error = of(Fault::over_budget, reason, std::move(message));
    error.retry_after = retry_after;
    return error;
}

Error Error::upstream_rejected(Reason reason, std::string message, std::string detail) {
    return of(Fault::upstream_rejected, reason, std::move(message), std::move(detail));
}

Error Error::upstream_unreachable(Reason reason, std::string detail) {
    return of(Fault::upstream_unreachable, reason, "upstream unreachable", std::move(detail));
}

Error Error::timed_out(Reason reason, std::string detail) {
    return of(Fault::timed_out, reason, "timed out", std::move(detail));
}

Error Error::client_gone() {
    return of(Fault::client_gone, Reason::client_disconnected, "client went away");
}

Error Error::unavailable(Reason reason, std::string message, std::string detail) {
    return of(Fault::unavailable, reason, std::move(message), std::move(detail));
}

Error Error::internal(std::string detail) {
    return of(Fault::internal, Reason::internal_error, "internal error", std::move(detail));
}

std::string_view to_slug(Reason reason) {
    switch (reason) {
        case Reason::malformed_request:
            return "malformed_request";
        case Reason::ambiguous_framing:
            return "ambiguous_framing";
        case Reason::body_too_large:
            return "body_too_large";
        case Reason::length_missing:
            return "length_missing";
        case Reason::headers_too_large:
            return "headers_too_large";
        case Reason::url_too_long:
            return "url_too_long";
        case Reason::no_route:
            return "no_route";
        case Reason::cross_site:
            return "cross_site";
        case Reason::client_disconnected:
            return "client_disconnected";
        case Reason::deadline_passed:
            return "deadline_passed";
        case Reason::address_denied:
            return "address_denied";
        case Reason::too_many_attempts:
            return "too_many_attempts";
        case Reason::token_missing:
            return "token_missing";
        case Reason::token_invalid:
            return "token_invalid";
        case Reason::token_expired:
            return "token_expired";
        case Reason::session_revoked:
            return "session_revoked";
        case Reason::key_revoked:
            return "key_revoked";
        case Reason::key_expired:
            return "key_expired";
        case Reason::state_mismatch:
            return "state_mismatch";
        case Reason::attempt_unknown:
            return "attempt_unknown";
        case Reason::code_unknown:
            return "code_unknown";
        case Reason::code_expired:
            return "code_expired";
        case Reason::authorization_pending:
            return "authorization_pending";
        case Reason::slow_down:
            return "slow_down";
        case Reason::access_denied:
            return "access_denied";
        case Reason::grant_unsupported:
            return "grant_unsupported";
        case Reason::refresh_invalid:
            return "refresh_invalid";
        case Reason::refresh_reused:
            return "refresh_reused";
        case Reason::idp_refused:
            return "idp_refused";
        case Reason::idp_unreachable:
            return "idp_unreachable";
        case Reason::idp_answer_invalid:
            return "idp_answer_invalid";
        case Reason::claims_invalid:
            return "claims_invalid";
        case Reason::email_unverified:
            return "email_unverified";
        case Reason::domain_not_allowed:
            return "domain_not_allowed";
        case Reason::group_not_allowed:
            return "group_not_allowed";
        case Reason::body_not_json:
            return "body_not_json";
        case Reason::model_missing:
            return "model_missing";
        case Reason::model_not_string:
            return "model_not_string";
        case Reason::model_duplicate:
            return "model_duplicate";
        case Reason::model_not_in_policy:
            return "model_not_in_policy";
        case Reason::model_not_in_catalogue:
            return "model_not_in_catalogue";
        case Reason::budget_exhausted:
            return "budget_exhausted";
        case Reason::budget_held:
            return "budget_held";
        case Reason::spend_unknown:
            return "spend_unknown";
        case Reason::rate_exceeded:
            return "rate_exceeded";
        case Reason::session_paused:
            return "session_paused";
        case Reason::admin_credentials_invalid:
            return "admin_credentials_invalid";
        case Reason::admin_right_missing:
            return "admin_right_missing";
        case Reason::policies_in_file:
            return "policies_in_file";
        case Reason::version_stale:
            return "version_stale";
        case Reason::address_forbidden:
            return "address_forbidden";
        case Reason::name_not_resolved:
            return "name_not_resolved";
        case Reason::connect_failed:
            return "connect_failed";
        case Reason::tls_failed:
            return "tls_failed";
        case Reason::upstream_reset:
            return "upstream_reset";
        case Reason::upstream_timeout:
            return "upstream_timeout";
        case Reason::upstream_malformed:
            return "upstream_malformed";
        case Reason::upstreams_exhausted:
            return "upstreams_exhausted";
        case Reason::upstream_cut:
            return "upstream_cut";
        case Reason::store_unreachable:
            return "store_unreachable";
        case Reason::store_refused:
            return "store_refused";
        case Reason::not_found:
            return "not_found";
        case Reason::already_exists:
            return "already_exists";
        case Reason::configuration_invalid:
            return "configuration_invalid";
        case Reason::internal_error:
            return "internal_error";
    }
    return "unknown";
}

std::string_view to_slug(Fault fault) {
    switch (fault) {
        case Fault::bad_request:
            return "bad_request";
        case Fault::unauthenticated:
            return "unauthenticated";
        case Fault::forbidden:
            return "forbidden";
        case Fault::not_found:
            return "not_found";
        case Fault::conflict:
            return "conflict";
        case Fault::precondition_failed:
            return "precondition_failed";
        case Fault::length_required:
            return "length_required";
        case Fault::too_large:
            return "too_large";
        case Fault::uri_too_long:
            return "uri_too_long";
        case Fault::headers_too_large:
            return "headers_too_large";
        case Fault::rate_limited:
            return "rate_limited";
        case Fault::over_budget:
            return "over_budget";
        case Fault::upstream_rejected:
            return "upstream_rejected";
        case Fault::upstream_unreachable:
            return "upstream_unreachable";
        case Fault::timed_out:
            return "timed_out";
        case Fault::client_gone:
            return "client_gone";
        case Fault::unavailable:
            return "unavailable";
        case Fault::internal:
            return "internal";
    }
    return "unknown";
}

std::string describe(const Error& error) {
    std::string text;
    text.append(to_slug(error.fault)).append("/").append(to_slug(error.reason)).append(": ").append(error.message);
    if (!error.detail.empty()) text.append(" (").append(error.detail).append(")");
    return text;
}

}  // namespace gatehouse

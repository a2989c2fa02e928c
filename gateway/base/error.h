// SPDX-License-Identifier: Apache-2.0
// The one error type of the house: what went wrong (Fault), why in one closed word (Reason), what the caller may read
// (message) and what only the log may (detail). Made by the named functions below; rendered at the edge, never here.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace gatehouse {

/// What kind of failure this is. Picks the HTTP status in exactly one switch (http/reply.cpp).
enum class Fault : std::uint8_t {
    bad_request,
    unauthenticated,
    forbidden,
    not_found,
    conflict,
    precondition_failed,
    length_required,
    too_large,
    uri_too_long,
    headers_too_large,
    rate_limited,
    over_budget,
    upstream_rejected,
    upstream_unreachable,
    timed_out,
    client_gone,
    unavailable,
    internal,
};

/// Why, as a closed list. Printed as a slug in logs, audit lines and metric labels (`to_slug`).
enum class Reason : std::uint8_t {
    // requests
    malformed_request,
    ambiguous_framing,
    body_too_large,
    length_missing,
    headers_too_large,
    url_too_long,
    no_route,
    cross_site,
    client_disconnected,
    deadline_passed,
    address_denied,
    too_many_attempts,
    // credentials
    token_missing,
    token_invalid,
    token_expired,
    session_revoked,
    key_revoked,
    key_expired,
    // sign-in
    state_mismatch,
    attempt_unknown,
    code_unknown,
    code_expired,
    authorization_pending,
    slow_down,
    access_denied,
    grant_unsupported,
    refresh_invalid,
    refresh_reused,
    idp_refused,
    idp_unreachable,
    idp_answer_invalid,
    claims_invalid,
    email_unverified,
    domain_not_allowed,
    group_not_allowed,
    // messages
    body_not_json,
    model_missing,
    model_not_string,
    model_duplicate,
    model_not_in_policy,
    model_not_in_catalogue,
    // budgets
    budget_exhausted,
    budget_held,
    spend_unknown,
    rate_exceeded,
    session_paused,
    // administration
    admin_credentials_invalid,
    admin_right_missing,
    policies_in_file,
    version_stale,
    // outbound
    address_forbidden,
    name_not_resolved,
    connect_failed,
    tls_failed,
    upstream_reset,
    upstream_timeout,
    upstream_malformed,
    upstreams_exhausted,
    upstream_cut,
    // store
    store_unreachable,
    store_refused,
    not_found,
    already_exists,
    // process
    configuration_invalid,
    internal_error,
};

/// One failure. `message` may be shown to the caller; `detail` never leaves the process except into the log.
struct Error {
    Fault fault = Fault::internal;
    Reason reason = Reason::internal_error;
    std::string message;
    std::string detail;
    std::chrono::seconds retry_after{0};  ///< 0: say nothing. Otherwise the Retry-After header.

    static Error bad_request(Reason reason, std::string message, std::string detail = {});
    static Error unauthenticated(Reason reason, std::string message = "invalid token", std::string detail = {});
    static Error forbidden(Reason reason, std::string message, std::string detail = {});
    static Error not_found(Reason reason = Reason::not_found, std::string message = "not found");
    static Error conflict(Reason reason, std::string message, std::string detail = {});
    static Error precondition_failed(Reason reason, std::string message);
    static Error too_large(std::string message);
    static Error rate_limited(Reason reason, std::string message, std::chrono::seconds retry_after);
    static Error over_budget(Reason reason, std::string message, std::chrono::seconds retry_after = {});
    static Error upstream_rejected(Reason reason, std::string message, std::string detail = {});
    static Error upstream_unreachable(Reason reason, std::string detail);
    static Error timed_out(Reason reason, std::string detail);
    static Error client_gone();
    static Error unavailable(Reason reason, std::string message, std::string detail = {});
    static Error internal(std::string detail);
    static Error of(Fault fault, Reason reason, std::string message, std::string detail = {});
};

/// The reason as it appears in logs, audit lines and metric labels: its name in this header.
std::string_view to_slug(Reason reason);
/// The fault's name, for the log.
std::string_view to_slug(Fault fault);
/// `fault/reason: message (detail)`, for the log only: it holds the detail.
std::string describe(const Error& error);

}  // namespace gatehouse

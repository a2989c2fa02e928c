// SPDX-License-Identifier: Apache-2.0
#include "auth/oauth_error.h"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>

#include "gateway/http/reply.h"

namespace gatehouse::auth {
namespace {

struct Row {
    Reason reason;
    std::string_view code;
};

/// Reasons whose code does not follow from their fault.
constexpr std::array rows{
    Row{Reason::authorization_pending, "authorization_pending"},
    Row{Reason::code_unknown, "expired_token"},
    Row{Reason::code_expired, "expired_token"},
    Row{Reason::access_denied, "access_denied"},
    Row{Reason::grant_unsupported, "unsupported_grant_type"},
};

std::string_view code_of(Fault fault) {
    switch (fault) {
        case Fault::unauthenticated:
        case Fault::forbidden:
            return "invalid_grant";
        case Fault::rate_limited:
        case Fault::over_budget:
            return "slow_down";
        case Fault::timed_out:
        case Fault::upstream_rejected:
        case Fault::upstream_unreachable:
        case Fault::client_gone:
        case Fault::unavailable:
            return "temporarily_unavailable";
        case Fault::internal:
            return "server_error";
        case Fault::bad_request:
        case Fault::not_found:
        case Fault::conflict:
        case Fault::precondition_failed:
        case Fault::length_required:
        case Fault::too_large:
        case Fault::uri_too_long:
        case Fault::headers_too_large:
            return "invalid_request";
    }
    return "server_error";
}

http::Response store_failed(std::string_view request_id) {
    return http::render_inference(Error::internal({}), request_id);
}

}  // namespace

bool is_store_failure(const Error& error) {
    return error.reason == Reason::store_unreachable || error.reason == Reason::store_refused;
}

std::string_view to_oauth_code(const Error& error) {
    const auto* const row = std::ranges::find(rows, error.reason, &Row::reason);
    return row == rows.end() ? code_of(error.fault) : row->code;
}

void forbid_caching(http::Response& response) {
    response.headers.set("cache-control", "no-store");
    response.headers.set("pragma", "no-cache");
}

http::Response render_oauth(const Error& error, std::string_view request_id) {
    http::Response response;
    if (is_store_failure(error)) {
        response = store_failed(request_id);
    } else {
        boost::json::object body;
        const std::string_view code = to_oauth_code(error);
        body["error"] = code;
        // What is down behind us is nothing that the developer can act on; the log has it.
        if (!error.message.empty() && code != "temporarily_unavailable") body["error_description"] = error.message;
        response = http::json(http::to_status(error.fault), body);
    }
    if (error.retry_after.count() > 0) response.headers.add("retry-after", std::to_string(error.retry_after.count()));
    forbid_caching(response);
    return response;
}

}  // namespace gatehouse::auth

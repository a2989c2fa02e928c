// SPDX-License-Identifier: Apache-2.0
#include "gateway/http/reply.h"

#include <boost/json/serialize.hpp>
#include <utility>

namespace gatehouse::http {
namespace {

Response typed(int status, std::string_view type, std::string body) {
    Response response;
    response.status = status;
    response.headers.add("content-type", type);
    response.body = std::move(body);
    return response;
}

void add_retry_after(Response& response, const Error& error) {
    if (error.retry_after.count() > 0) response.headers.add("retry-after", std::to_string(error.retry_after.count()));
}

}  // namespace

Response json(int status, const boost::json::value& value) {
    return typed(status, "application/json;charset=utf-8", boost::json::serialize(value));
}

Response html(int status, std::string body) {
    return typed(status, "text/html;charset=utf-8", std::move(body));
}

Response text(int status, std::string body) {
    return typed(status, "text/plain;charset=utf-8", std::move(body));
}

Response redirect(std::string_view location) {
    Response response;
    response.status = 302;
    response.headers.add("location", location);
    return response;
}

int to_status(Fault fault) {
    switch (fault) {
        case Fault::bad_request:
            return 400;
        case Fault::unauthenticated:
            return 401;
        case Fault::forbidden:
            return 403;
        case Fault::not_found:
            return 404;
        case Fault::conflict:
            return 409;
        case Fault::precondition_failed:
            return 412;
        case Fault::length_required:
            return 411;
        case Fault::too_large:
            return 413;
        case Fault::uri_too_long:
            return 414;
        case Fault::headers_too_large:
            return 431;
        case Fault::rate_limited:
        case Fault::over_budget:
            return 429;
        case Fault::upstream_rejected:
        case Fault::upstream_unreachable:
            return 502;
        case Fault::timed_out:
            return 408;
        case Fault::client_gone:
            return 499;
        case Fault::unavailable:
            return 503;
        case Fault::internal:
            return 500;
    }
    return 500;
}

std::string_view status_phrase(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 302:
            return "Found";
        case 303:
            return "See Other";
        case 304:
            return "Not Modified";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 411:
            return "Length Required";
        case 412:
            return "Precondition Failed";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        case 529:
            return "Overloaded";
        default:
            return "Status";
    }
}

std::string_view inference_type(const Error& error) {
    switch (error.fault) {
        case Fault::bad_request:
        case Fault::conflict:
        case Fault::precondition_failed:
        case Fault::length_required:
            return "invalid_request_error";
        case Fault::unauthenticated:
            return "authentication_error";
        case Fault::forbidden:
            return "permission_error";
        case Fault::not_found:
            return "not_found_error";
        case Fault::too_large:
        case Fault::uri_too_long:
        case Fault::headers_too_large:
            return "request_too_large";
        case Fault::rate_limited:
            return "rate_limit_error";
        case Fault::over_budget:
            return "billing_error";
        case Fault::timed_out:
            return "timeout_error";
        case Fault::unavailable:
            return "overloaded_error";
        case Fault::upstream_rejected:
        case Fault::upstream_unreachable:
        case Fault::client_gone:
        case Fault::internal:
            return "api_error";
    }
    return "api_error";
}

Response render_inference(const Error& error, std::string_view request_id) {
    boost::json::object body;
    body["type"] = "error";
    body["request_id"] = request_id;
    body["error"] = {{"type", inference_type(error)}, {"message", error.message}};
    Response response = json(to_status(error.fault), body);
    if (error.fault == Fault::unauthenticated) response.headers.add("x-should-retry", "false");
    add_retry_after(response, error);
    return response;
}

Response render_plain(const Error& error, std::string_view) {
    Response response = text(to_status(error.fault), error.message);
    add_retry_after(response, error);
    return response;
}

}  // namespace gatehouse::http

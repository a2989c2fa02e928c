// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/reply.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <utility>

#include "gateway/base/json.h"
#include "gateway/base/text.h"
#include "gateway/http/reply.h"

namespace gatehouse::admin {
namespace {

constexpr std::size_t longest_shown = 100;

}  // namespace

std::string admin_request_id(std::string_view request_id) {
    std::string id("req_");
    for (const char letter : request_id)
        if (letter != '-') id.push_back(letter);
    return id;
}

http::Response reply(const http::Request& request, const boost::json::value& value) {
    http::Response response = http::json(200, value);
    response.headers.add("request-id", admin_request_id(request.id));
    response.headers.add("cache-control", "no-store");
    return response;
}

http::Response reply_text(const http::Request& request, std::string_view content_type, std::string body) {
    http::Response response;
    response.headers.add("content-type", content_type);
    response.headers.add("request-id", admin_request_id(request.id));
    response.headers.add("cache-control", "no-store");
    response.body = std::move(body);
    return response;
}

http::Response render_admin_error(const Error& error, std::string_view request_id) {
    const bool away = error.fault == Fault::unavailable;
    const std::string id = admin_request_id(request_id);
    boost::json::object body;
    body["type"] = "error";
    body["error"] = {{"type", away ? "api_error" : http::inference_type(error)}, {"message", error.message}};
    body["request_id"] = id;
    http::Response response = http::json(away ? 500 : http::to_status(error.fault), body);
    response.headers.add("request-id", id);
    response.headers.add("cache-control", "no-store");
    if (error.retry_after.count() > 0) response.headers.add("retry-after", std::to_string(error.retry_after.count()));
    return response;
}

Result<boost::json::object> parse_body(const http::Request& request) {
    auto value = json::parse(request.body.view());
    if (!value) return fail(Error::bad_request(Reason::body_not_json, "invalid JSON"));
    if (!value->is_object())
        return fail(Error::bad_request(Reason::body_not_json, "request body must be a JSON object"));
    return std::move(value->get_object());
}

Error bad_field(std::string_view field, std::string_view reason) {
    return Error::bad_request(Reason::malformed_request, std::string(field).append(": ").append(reason));
}

Result<> check_members(const boost::json::object& body, std::initializer_list<std::string_view> known,
                       std::string_view path) {
    for (const auto& member : body)
        if (std::ranges::find(known, std::string_view(member.key())) == known.end())
            return fail(bad_field(std::string(path).append(printable(member.key(), longest_shown)),
                                  "is not a field of this request"));
    return {};
}

}  // namespace gatehouse::admin

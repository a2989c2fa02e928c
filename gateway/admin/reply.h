// SPDX-License-Identifier: Apache-2.0
// How the endpoints of this room answer: the conventions of Anthropic's Admin API (docs/api.md). Every answer carries
// `request-id: req_<32 hex>`, errors repeat it in their envelope.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <initializer_list>
#include <string>
#include <string_view>

#include "gateway/base/error.h"
#include "gateway/base/result.h"
#include "gateway/base/timestamp.h"
#include "gateway/http/message.h"

namespace gatehouse::admin {

/// "req_" and the digits of the request's uuid.
std::string admin_request_id(std::string_view request_id);

http::Response reply(const http::Request& request, const boost::json::value& value);
/// The same with another type of body (CSV).
http::Response reply_text(const http::Request& request, std::string_view content_type, std::string body);
/// `{"type":"error","error":{"type","message"},"request_id":"req_…"}`; a store that does not answer is a 500.
http::Response render_admin_error(const Error& error, std::string_view request_id);

/// The body as a JSON object. Faults: bad_request.
Result<boost::json::object> parse_body(const http::Request& request);
/// `<field>: <reason>`, as the contract words its 400s.
Error bad_field(std::string_view field, std::string_view reason);
/// What an endpoint does not know is refused: a misspelt field would go unnoticed. `path` stands before its name.
Result<> check_members(const boost::json::object& body, std::initializer_list<std::string_view> known,
                       std::string_view path = {});

}  // namespace gatehouse::admin

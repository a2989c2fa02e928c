// SPDX-License-Identifier: Apache-2.0
// Ready-made responses, and the one switch from Fault to HTTP status. Renderers that need more vocabulary live with
// their feature (auth/oauth_error.h).
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "gateway/base/error.h"
#include "gateway/http/message.h"

namespace gatehouse::http {

Response json(int status, const boost::json::value& value);
Response html(int status, std::string body);
Response text(int status, std::string body);
Response redirect(std::string_view location);  ///< 302

int to_status(Fault fault);
/// The reason phrase of a status (RFC 9110, section 15), "OK" for 200.
std::string_view status_phrase(int status);

/// `{"type":"error","request_id":…,"error":{"type","message"}}`, as Claude Code reads it.
/// A 401 carries `x-should-retry: false`.
Response render_inference(const Error& error, std::string_view request_id);
/// The type word of that envelope: `authentication_error`, `invalid_request_error`, `not_found_error`, …
std::string_view inference_type(const Error& error);
/// `text/plain`, the message alone.
Response render_plain(const Error& error, std::string_view request_id);

}  // namespace gatehouse::http

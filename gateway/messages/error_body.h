// SPDX-License-Identifier: Apache-2.0
// An Error in the words of the Messages API where an HTTP status is no longer possible: as the last event of a stream.
// (As a whole response it is http::render_inference.)
#pragma once

#include <string>
#include <string_view>

#include "gateway/base/error.h"
#include "gateway/http/message.h"

namespace gatehouse::messages {

/// `event: error` with its data. `between_events` false: the stream broke off within an event. What is there of it is
/// then ended as a `ping`, which clients ignore without reading its data; otherwise they would fail on half a JSON text
/// before they see the error.
std::string error_event(const Error& error, std::string_view request_id, bool between_events);

/// The renderer of these routes: `not found` is plain text, all else the inference envelope.
http::Response render_error(const Error& error, std::string_view request_id);

}  // namespace gatehouse::messages

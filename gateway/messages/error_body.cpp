// SPDX-License-Identifier: Apache-2.0
#include "gateway/messages/error_body.h"

#include "gateway/http/reply.h"

namespace gatehouse::messages {

std::string error_event(const Error& error, std::string_view request_id, bool between_events) {
    std::string text = between_events ? "" : "\nevent: ping\n\n";
    return text.append("event: error\ndata: ").append(http::render_inference(error, request_id).body).append("\n\n");
}

http::Response render_error(const Error& error, std::string_view request_id) {
    if (error.fault == Fault::not_found) return http::render_plain(error, request_id);
    return http::render_inference(error, request_id);
}

}  // namespace gatehouse::messages

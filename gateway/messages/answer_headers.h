// SPDX-License-Identifier: Apache-2.0
// Which of an upstream's response headers the developer gets (docs/decisions/0008-how-an-answer-ends.md). Pure.
#pragma once

#include <string_view>

#include "gateway/http/headers.h"

namespace gatehouse::messages {

/// Drops what belongs to this hop, to the organization's account with the provider, or to the provider's origin; puts
/// our id in the place of the provider's `request-id` on success and nothing in its place on an error. `Retry-After`
/// stays on 429 and 5xx, where clients pace themselves by it. `content-encoding` stays when it says something: the
/// bytes are passed on as they are.
http::Headers answer_headers(const http::Headers& upstream, int status, std::string_view request_id);

}  // namespace gatehouse::messages

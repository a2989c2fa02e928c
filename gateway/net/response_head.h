// SPDX-License-Identifier: Apache-2.0
// The head of every response: status line, the handler's headers, and what all responses carry (docs/api.md).
#pragma once

#include <string>
#include <string_view>

#include "gateway/http/headers.h"

namespace gatehouse::net {

void write_response_head(std::string& wire, int status, const http::Headers& headers, std::string_view request_id,
                         bool chunked, bool keep_alive);

}  // namespace gatehouse::net

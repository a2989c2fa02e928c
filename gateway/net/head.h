// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 heads: where one ends, whether its framing is unambiguous, and what it says. Parsing is Beast's
// basic_parser; the refusals that stop request smuggling (RFC 9112, sections 2.2, 5.2, 6.3) are ours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/base/result.h"
#include "gateway/http/headers.h"

namespace gatehouse::net {

/// Progress of looking for the end of a head in a growing buffer.
struct HeadScan {
    std::size_t line_start = 0;  ///< bytes already looked at, up to the start of an unfinished line
    std::size_t lines = 0;
    std::size_t size = 0;  ///< of the whole head, when found
};

/// True when the head is complete (`scan.size` is set), false when more bytes are needed. Refuses bare LF, bare CR, NUL
/// and folded lines at once.
Result<bool> find_head_end(std::string_view bytes, HeadScan& scan);

struct RequestHead {
    std::string method;
    std::string target;
    http::Headers headers;
    bool http11 = true;
    bool keep_alive = true;
    bool chunked = false;
    std::optional<std::uint64_t> content_length;
    bool expects_continue = false;
};

/// Refuses: both Content-Length and Transfer-Encoding, repeated Content-Length or Host, a missing Host in HTTP/1.1,
/// transfer codings other than chunked, targets that are not a path.
Result<RequestHead> parse_request_head(std::string_view head);

struct ResponseHead {
    int status = 0;
    http::Headers headers;
    bool keep_alive = true;
    bool chunked = false;
    std::optional<std::uint64_t> content_length;
};

Result<ResponseHead> parse_response_head(std::string_view head);

}  // namespace gatehouse::net

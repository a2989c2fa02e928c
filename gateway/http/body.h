// SPDX-License-Identifier: Apache-2.0
// The two stream shapes. A Source is pulled: back-pressure is simply not asking. A Responder is pushed: awaiting the
// write is waiting for the client. Real ones live in net/, tests have their own.
#pragma once

#include <string_view>

#include "gateway/base/task.h"
#include "gateway/http/message.h"

namespace gatehouse::http {

/// Bytes of a message body, framing already removed.
class Source {
  public:
    virtual ~Source() = default;
    /// The next bytes as they arrived, valid until the next call; empty at the regular end. A body cut short is the
    /// error `upstream_reset`, never an end.
    virtual Task<std::string_view> read() = 0;
};

/// Where one streamed response goes. Call order: start, write*, finish. Not calling finish cuts the connection, so
/// that the client sees a broken body rather than a complete one.
class Responder {
  public:
    virtual ~Responder() = default;
    /// Keeps the head; it leaves in one write with the first bytes, or at finish. Adds the headers that every response
    /// carries and the framing (Content-Length is kept when given, else chunked).
    virtual void start(int status, Headers headers) = 0;
    /// Fails with client_gone when the client has closed.
    virtual Task<> write(std::string_view bytes) = 0;
    virtual Task<> finish() = 0;
    /// Whether start was called: from then on no other response is possible.
    virtual bool started() const = 0;
};

/// The body of a request that a handler has not asked for yet. Reading it once is all that is possible.
class BodyReader {
  public:
    virtual ~BodyReader() = default;
    /// Reads the whole body into `request.body`. Fails with length_required (chunked), too_large (over `limit`, from
    /// Content-Length, before a byte is buffered), timed_out (too slow), client_gone.
    virtual Task<> read_into(Request& request, std::size_t limit) = 0;
};

}  // namespace gatehouse::http

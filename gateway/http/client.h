// SPDX-License-Identifier: Apache-2.0
// Client port: one outbound HTTP exchange. net::Client implements it over pooled sockets; tests use ScriptedClient.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/task.h"
#include "gateway/http/body.h"
#include "gateway/http/url.h"

namespace gatehouse::http {

struct Outbound {
    Url url;             ///< scheme, host and port to connect to; `target` is what goes on the request line
    std::string method;  ///< "POST"
    std::string target;  ///< path and query
    Headers headers;     ///< without Host, Content-Length, Connection: the client writes those
    /// Body pieces, written one after the other in one gathered write. The caller keeps them alive until `send`
    /// returns; a spliced body is three pieces and no copy.
    std::vector<std::string_view> body;
    std::chrono::milliseconds head_timeout{30'000};  ///< from start to the complete response head, connecting included
    /// Longest silence within the response body; zero: no limit (a provider's stream, whose client decides).
    std::chrono::milliseconds idle_timeout{0};
};

struct Reply {
    int status = 0;
    Headers headers;
    std::unique_ptr<Source> body;  ///< never null. Dropping it before its end closes the connection
};

class Client {
  public:
    virtual ~Client() = default;
    /// One exchange. Redirects are not followed. A request that fails on a reused connection before any answer byte
    /// is retried once on a fresh one. Errors: address_forbidden, name_not_resolved, connect_failed, tls_failed,
    /// upstream_reset, upstream_timeout, upstream_malformed, client_gone (cancelled).
    virtual Task<Reply> send(const Outbound& outbound) = 0;
};

/// Reads a whole small body (discovery documents, token answers), refusing more than `limit` bytes.
Task<std::string> read_all(Source& source, std::size_t limit);

}  // namespace gatehouse::http

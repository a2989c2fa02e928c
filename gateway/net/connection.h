// SPDX-License-Identifier: Apache-2.0
// Connection: one client connection's session loop. Reads a head, decides whether the peer may speak at all, finds the
// route, lets its handler answer, writes the answer, again. Holds every limit and deadline on what a client may send,
// notices when the client goes away while a handler works (and cancels the handler), and is the last place where an
// exception is caught.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <memory>
#include <string>
#include <vector>

#include "gateway/base/snapshot.h"
#include "gateway/http/router.h"
#include "gateway/net/deadline.h"
#include "gateway/net/head.h"
#include "gateway/net/settings.h"
#include "gateway/net/stream.h"
#include "gateway/observe/metrics.h"

namespace gatehouse::net {

/// What all connections of one shard share. Owned by the server.
struct ConnectionScope {
    const http::Router& router;
    const Snapshot<TrafficSettings>& traffic;
    observe::Metrics& metrics;
    Deadlines& deadlines;
    bool draining = false;
};

class Connection {
  public:
    Connection(ConnectionScope& scope, StreamPtr stream, bool secure);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    /// Serves until the connection ends. Spawn it with `cancellation_slot()` bound.
    boost::asio::awaitable<void> run();
    boost::asio::cancellation_slot cancellation_slot() { return signal_.slot(); }
    /// Drain: closes now when idle, else after the present response.
    void drain();
    /// Ends it now, whatever it is doing.
    void cut();

  private:
    class Reader;
    class Writer;
    enum class Next : bool { close, keep };

    boost::asio::awaitable<bool> read_head();
    boost::asio::awaitable<Next> serve_one();
    boost::asio::awaitable<Next> refuse_head(Error error);
    boost::asio::awaitable<Next> dispatch(const http::Route& route, http::Request& request, const RequestHead& head);
    boost::asio::awaitable<Result<>> call(const http::Route& route, http::Request& request, Reader& reader,
                                          Writer& writer);
    boost::asio::awaitable<Result<>> read_body(char* into, std::size_t size);
    boost::asio::awaitable<bool> write(std::span<const boost::asio::const_buffer> buffers);
    boost::asio::awaitable<void> linger();
    Error limit_error() const;
    void start_watch();
    void stop_watch();

    ConnectionScope& scope_;
    StreamPtr stream_;
    bool secure_;
    Deadline deadline_;
    Deadline watch_delay_;
    boost::asio::cancellation_signal signal_;
    std::shared_ptr<const TrafficSettings> traffic_;
    std::vector<char> buffer_;  ///< bytes received and not consumed stand in [begin_, end_)
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    HeadScan scan_;
    bool idle_ = true;
    bool gone_ = false;
    bool close_after_ = false;
    bool watching_ = false;
    bool start_watch_after_body_ = false;
};

}  // namespace gatehouse::net

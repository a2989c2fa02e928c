// SPDX-License-Identifier: Apache-2.0
// Server: one listening address, one acceptor per shard (SO_REUSEPORT), the connections behind it, and their drain.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gateway/base/result.h"
#include "gateway/base/snapshot.h"
#include "gateway/http/router.h"
#include "gateway/net/settings.h"
#include "gateway/net/shard.h"
#include "gateway/observe/metrics.h"

namespace gatehouse::net {

class Server {
  public:
    /// Binds and listens; nothing is accepted before `start`. Each shard gets its own router (handlers are
    /// single-threaded); shards, routers, traffic and metrics outlive the server. Errors name the address.
    struct Seat {
        Shard* shard;
        const http::Router* router;
    };
    static Result<std::unique_ptr<Server>> open(const ListenSettings& listen, const std::vector<Seat>& seats,
                                                const Snapshot<TrafficSettings>& traffic, observe::Metrics& metrics);
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server();

    std::uint16_t port() const;
    void start();
    /// Loads certificate and key again; running connections keep what they have. Does nothing without TLS.
    Result<> reload_tls();
    /// Closes the listening sockets, idle connections at once, the others after their present response.
    void drain();
    /// Connections that are still open.
    std::size_t connections() const;
    /// Ends every connection.
    void cut_all();

  private:
    struct State;
    explicit Server(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace gatehouse::net

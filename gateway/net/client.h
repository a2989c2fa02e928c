// SPDX-License-Identifier: Apache-2.0
// Client: implements http::Client over pooled connections, TLS-verified, guarded against addresses that no configured
// URL may lead to, through a forward proxy where the environment names one. One per shard and trust (its CA, its
// guard); not thread-safe.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "gateway/http/client.h"
#include "gateway/net/deadline.h"
#include "gateway/net/proxy.h"
#include "gateway/net/stream.h"

namespace gatehouse::net {

struct ClientOptions {
    std::string ca_pem;   ///< replaces the system's trust store; empty: the system's
    bool guarded = true;  ///< see ConnectOptions
    bool allow_loopback = false;
    ProxySettings proxy;
    bool proxy_by_address = false;  ///< names are resolved and checked here even when a proxy connects
    std::chrono::milliseconds connect_timeout{5'000};
    /// Below the 60 to 75 s after which providers and balancers close, so that we close first.
    std::chrono::milliseconds idle_timeout{30'000};
    std::size_t most_idle = 1'024;  ///< per origin
};

class Client final : public http::Client {
  public:
    static Result<std::unique_ptr<Client>> make(Deadlines& deadlines, ClientOptions options);
    ~Client() override;

    Task<http::Reply> send(const http::Outbound& outbound) override;

  private:
    struct State;
    explicit Client(std::shared_ptr<State> state);
    std::shared_ptr<State> state_;
};

}  // namespace gatehouse::net

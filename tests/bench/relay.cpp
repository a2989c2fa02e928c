// SPDX-License-Identifier: Apache-2.0
// bench_relay: the wire alone (net's server, its client, and a pump between them), without identity, policy, meter or
// journal. A column of its own in run.py: what Gatehouse costs above it is what deciding and accounting cost.
#include <malloc.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "gateway/base/snapshot.h"
#include "gateway/http/reply.h"
#include "gateway/http/router.h"
#include "gateway/net/client.h"
#include "gateway/net/server.h"
#include "gateway/net/shard.h"
#include "gateway/observe/metrics.h"
#include "tests/bench/wire.h"

namespace gatehouse::bench {
namespace {

/// One shard's half: its client and the handler that uses it.
class Relay {
  public:
    Relay(net::Shard& shard, std::uint16_t provider) {
        auto client = net::Client::make(shard.deadlines(), {.allow_loopback = true});
        if (!client) throw std::runtime_error(client.error().message);
        client_ = std::move(*client);
        provider_.host = "127.0.0.1";
        provider_.port = provider;
        http::StreamHandler take = [this](http::Request& request, http::BodyReader& body, http::Responder& to) {
            return relay(request, body, to);
        };
        const http::Route route{.method = "*",
                                .path = "/*",
                                .handler = {http::Access::anyone, std::move(take)},
                                .render = &http::render_inference};
        router_.add(route);
        router_.set_fallback(route);
    }
    const http::Router& router() const { return router_; }

  private:
    Task<> relay(http::Request& request, http::BodyReader& body, http::Responder& to) {
        const auto read = co_await body.read_into(request, std::size_t{32} << 20U);
        if (!read) co_return fail(read.error());
        http::Outbound outbound;
        outbound.url = provider_;
        outbound.method = request.method;
        outbound.target = request.target;
        for (const auto& [name, value] : request.headers)
            if (!http::same_token(name, "host") && !http::same_token(name, "content-length"))
                outbound.headers.add(name, value);
        if (request.body.size() > 0) outbound.body.push_back(request.body.view());
        auto reply = co_await client_->send(outbound);
        if (!reply) co_return fail(reply.error());
        request.body = {};
        reply->headers.remove("transfer-encoding");
        to.start(reply->status, std::move(reply->headers));
        for (;;) {
            const auto bytes = co_await reply->body->read();
            if (!bytes) co_return fail(bytes.error());
            if (bytes->empty()) break;
            const auto written = co_await to.write(*bytes);
            if (!written) co_return fail(written.error());
        }
        co_return co_await to.finish();
    }

    http::Url provider_;
    std::unique_ptr<net::Client> client_;
    http::Router router_;
};

int run(std::uint16_t port, std::uint16_t provider) {
    observe::Metrics metrics;
    const Snapshot<net::TrafficSettings> traffic{std::make_shared<net::TrafficSettings>()};
    std::vector<std::unique_ptr<net::Shard>> shards;
    std::vector<std::unique_ptr<Relay>> relays;
    std::vector<net::Server::Seat> seats;
    for (unsigned index = 0; index < std::max(1U, std::thread::hardware_concurrency()); ++index) {
        shards.push_back(std::make_unique<net::Shard>(index));
        relays.push_back(std::make_unique<Relay>(*shards.back(), provider));
        seats.push_back({shards.back().get(), &relays.back()->router()});
    }
    net::ListenSettings listen;
    listen.host = "127.0.0.1";
    listen.port = port;
    auto server = net::Server::open(listen, seats, traffic, metrics);
    if (!server) throw std::runtime_error(server.error().message);
    sigset_t ends{};
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, nullptr);
    for (const auto& shard : shards)
        shard->start();
    (*server)->start();
    int signal = 0;
    sigwait(&ends, &signal);
    (*server)->drain();
    (*server)->cut_all();
    for (const auto& shard : shards)
        shard->stop(std::chrono::milliseconds{500});
    return 0;
}

}  // namespace
}  // namespace gatehouse::bench

int main(int argc, char** argv) {
    // As gateway/app.cpp does: the column is what relaying costs there.
    ::mallopt(M_TRIM_THRESHOLD, 64 << 20);
    ::mallopt(M_MMAP_THRESHOLD, 4 << 20);
    ::mallopt(M_TOP_PAD, 1 << 20);
    const auto port = gatehouse::bench::to_number(argc == 3 ? argv[1] : "");
    const auto provider = gatehouse::bench::to_number(argc == 3 ? argv[2] : "");
    if (!port || !provider || *port < 1 || *port > 65'535 || *provider < 1 || *provider > 65'535) {
        std::fputs("usage: bench_relay PORT PROVIDER_PORT\n", stderr);
        return 2;
    }
    try {
        return gatehouse::bench::run(static_cast<std::uint16_t>(*port), static_cast<std::uint16_t>(*provider));
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "bench_relay: %s\n", failure.what());
        return 1;
    }
}

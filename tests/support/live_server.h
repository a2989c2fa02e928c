// SPDX-License-Identifier: Apache-2.0
// A real net::Server on a free loopback port, on one shard with its own thread, for tests that look at the wire.
#pragma once

#include <future>
#include <memory>
#include <stdexcept>
#include <utility>

#include "gateway/http/reply.h"
#include "gateway/net/server.h"
#include "gateway/net/shard.h"

namespace gatehouse::testing {

class LiveServer {
  public:
    explicit LiveServer(net::TrafficSettings traffic = {}, net::ListenSettings listen = {})
        : traffic_(std::make_shared<const net::TrafficSettings>(std::move(traffic))), listen_(std::move(listen)) {
        router.set_fallback({.method = "*",
                             .path = "/*",
                             .handler = {http::Access::anyone, http::ReplyHandler(not_found)},
                             .render = http::render_inference});
    }
    ~LiveServer() {
        if (!server_) return;
        server_->drain();
        server_->cut_all();
        shard.stop(std::chrono::seconds(5));
    }

    /// Call after the routes are in.
    std::uint16_t start() {
        listen_.host = "127.0.0.1";
        listen_.port = 0;
        auto opened = net::Server::open(listen_, {{&shard, &router}}, traffic_, metrics);
        if (!opened) throw std::runtime_error(describe(opened.error()));
        server_ = std::move(*opened);
        shard.start();
        server_->start();
        return server_->port();
    }
    net::Server& server() { return *server_; }
    Snapshot<net::TrafficSettings>& traffic() { return traffic_; }
    /// Runs on the shard's thread and waits for it.
    void on_shard(std::function<void()> work) {
        std::promise<void> done;
        shard.post([&] {
            work();
            done.set_value();
        });
        done.get_future().wait();
    }

    observe::Metrics metrics;
    http::Router router;
    net::Shard shard{0};

  private:
    static Task<http::Response> not_found(http::Request&) { co_return fail(Error::not_found()); }

    Snapshot<net::TrafficSettings> traffic_;
    net::ListenSettings listen_;
    std::unique_ptr<net::Server> server_;
};

inline http::Route reply_route(std::string method, std::string path, http::ReplyHandler handler) {
    return {.method = std::move(method),
            .path = std::move(path),
            .handler = {http::Access::anyone, std::move(handler)},
            .render = http::render_inference,
            .label = "test"};
}

inline http::Route stream_route(std::string method, std::string path, http::StreamHandler handler) {
    return {.method = std::move(method),
            .path = std::move(path),
            .handler = {http::Access::anyone, std::move(handler)},
            .render = http::render_inference,
            .label = "test"};
}

}  // namespace gatehouse::testing

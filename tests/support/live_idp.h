// SPDX-License-Identifier: Apache-2.0
// LiveIdp: the demo identity provider on a real loopback port, for tests of a whole gateway. Its issuer is its own
// address, which is known once it listens; so the listener forwards to whatever provider stands behind it.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "gateway/demo/identity_provider.h"
#include "tests/support/live_server.h"

namespace gatehouse::testing {

class LiveIdp {
  public:
    static constexpr const char* client_id = "gatehouse-test";

    LiveIdp(std::string client_secret, std::string redirect_uri) {
        http::ReplyHandler all = [this](http::Request& request) { return forward(request); };
        server_.router.set_fallback({.method = "*",
                                     .path = "/*",
                                     .handler = {http::Access::anyone, std::move(all)},
                                     .render = http::render_plain});
        const auto port = server_.start();
        issuer_ = "http://127.0.0.1:" + std::to_string(port);
        server_.on_shard([&] {
            provider_ = std::make_unique<demo::DemoIdentityProvider>(issuer_, client_id, Secret(client_secret),
                                                                     redirect_uri, clock_, random_);
            provider_->mount(routes_);
        });
    }

    const std::string& issuer() const { return issuer_; }
    std::uint16_t port() { return server_.server().port(); }
    /// While it is down every request is answered with 500.
    void set_down(bool down) {
        server_.on_shard([&] { down_ = down; });
    }

  private:
    Task<http::Response> forward(http::Request& request) {
        if (down_) co_return http::text(500, "down, as the test wants");
        const auto& route = routes_.find(request.method, request.path);
        auto response = co_await std::get<http::ReplyHandler>(route.handler.call)(request);
        co_return response;
    }

    SystemClock clock_;
    SystemRandom random_;
    std::string issuer_;
    bool down_ = false;
    http::Router routes_;
    std::unique_ptr<demo::DemoIdentityProvider> provider_;
    LiveServer server_;  ///< last: its thread ends before what it uses
};

}  // namespace gatehouse::testing

// SPDX-License-Identifier: Apache-2.0
#include "gateway/health.h"

#include <functional>
#include <utility>

#include "gateway/http/reply.h"

namespace gatehouse {
namespace {

http::Route probe(std::string path, http::ReplyHandler handler) {
    return {.method = "GET",
            .path = std::move(path),
            .handler = {http::Access::anyone, std::move(handler)},
            .render = http::render_plain,
            .health_probe = true,
            .label = "probe"};
}

Task<http::Response> alive(http::Request&) {
    co_return http::text(200, "ok");
}

}  // namespace

void Health::mount_probes(http::Router& router) {
    router.add(probe("/healthz", alive));
    router.add(probe("/readyz", [this](http::Request&) { return ready(); }));
}

void Health::mount_metrics(http::Router& router) {
    http::Route route = probe("/metrics", [this](http::Request&) { return metrics(); });
    route.health_probe = false;
    router.add(std::move(route));
}

Task<http::Response> Health::ready() {
    if (draining_.load(std::memory_order_relaxed)) co_return http::text(503, "draining");
    const auto answered = co_await vault_.ping();
    metrics_.store_up(answered.has_value());
    co_return answered ? http::text(200, "ok") : http::text(503, "store unavailable");
}

Task<http::Response> Health::metrics() {
    // Serialising takes milliseconds when there are many series, too long for an event loop that relays streams.
    std::function<std::string()> serialise = [this] { return metrics_.exposition(); };
    std::string text = co_await run_blocking<std::string>(pool_, std::move(serialise));
    http::Response response;
    response.headers.add("content-type", "text/plain; version=0.0.4; charset=utf-8");
    response.body = std::move(text);
    co_return response;
}

}  // namespace gatehouse

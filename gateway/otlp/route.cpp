// SPDX-License-Identifier: Apache-2.0
#include "gateway/otlp/route.h"

#include <memory>
#include <utility>

#include "auth/audit.h"
#include "gateway/http/reply.h"

namespace gatehouse::otlp {
namespace {

struct Place {
    Signal signal;
    std::string_view path;
};

constexpr Place places[] = {
    {Signal::metrics, "/v1/metrics"}, {Signal::logs, "/v1/logs"}, {Signal::traces, "/v1/traces"}};

}  // namespace

void OtlpRoute::mount(http::Router& router) {
    for (const Place& place : places) {
        http::StreamHandler take = [this, signal = place.signal](http::Request& request, http::BodyReader& reader,
                                                                 http::Responder& client) {
            return handle(signal, request, reader, client);
        };
        router.add({.method = "POST",
                    .path = std::string(place.path),
                    .handler = {http::Access::credential, std::move(take)},
                    .render = http::render_inference,
                    .label = place.path});
    }
}

Task<> OtlpRoute::handle(Signal signal, http::Request& request, http::BodyReader& reader, http::Responder& client) {
    const auto identity = co_await auth::identify_audited(parts_.authenticator, parts_.journal, request);
    if (!identity) co_return fail(identity.error());
    const auto received = co_await reader.read_into(request, parts_.max_request_bytes());
    if (!received) co_return fail(received.error());

    Batch batch;
    batch.signal = signal;
    batch.content_type = request.headers.value("content-type");
    batch.content_encoding = request.headers.value("content-encoding");
    batch.body = std::make_shared<const http::Body>(std::move(request.body));
    parts_.forwarder.offer(batch);

    client.start(200, {{"content-length", "0"}});
    const auto finished = co_await client.finish();
    co_return finished;
}

}  // namespace gatehouse::otlp

// SPDX-License-Identifier: Apache-2.0
// OtlpRoute: POST /v1/metrics, /v1/logs and /v1/traces (OTLP over HTTP), the relay of
// docs/decisions/0009-telemetry-queues.md. Answers 200 with an empty body at once, whatever becomes of the batch; only
// a bad credential and an unreadable body are told. Mounted by services.cpp, one per shard. Never looks into a batch.
#pragma once

#include <cstddef>
#include <functional>

#include "auth/authenticator.h"
#include "gateway/base/task.h"
#include "gateway/http/router.h"
#include "gateway/observe/journal.h"
#include "gateway/otlp/forwarder.h"

namespace gatehouse::otlp {

/// References outlive the route.
struct OtlpParts {
    auth::Authenticator& authenticator;
    Forwarder& forwarder;
    observe::Journal& journal;
    std::function<std::size_t()> max_request_bytes;
};

class OtlpRoute {
  public:
    explicit OtlpRoute(OtlpParts parts) : parts_(std::move(parts)) {}
    OtlpRoute(const OtlpRoute&) = delete;
    OtlpRoute& operator=(const OtlpRoute&) = delete;

    /// Adds the three routes. The router keeps a reference to this.
    void mount(http::Router& router);

  private:
    Task<> handle(Signal signal, http::Request& request, http::BodyReader& reader, http::Responder& client);

    OtlpParts parts_;
};

}  // namespace gatehouse::otlp

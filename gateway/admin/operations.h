// SPDX-License-Identifier: Apache-2.0
// OperationsRoute: what an operator looks at when something is slow: GET /v1/organizations/upstreams, how each
// configured upstream answered in the last quarter of an hour, and GET /v1/organizations/live_requests, the requests
// under way and the last that ended. Both are of the process that answers, and say which one that is. Mounted by
// services.cpp, one per shard. Only reads; never what was asked or answered.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/admin/gate.h"
#include "gateway/http/router.h"
#include "gateway/observe/activity.h"

namespace gatehouse::admin {

/// One process of perhaps several.
struct Replica {
    std::string name;  ///< of its host
    int process_id = 0;
    Instant started_at{};
};

struct UpstreamEntry {
    std::string name;
    std::string provider;
};

/// References outlive the route.
struct OperationsParts {
    Gate& gate;
    observe::Activity& activity;
    std::function<std::vector<UpstreamEntry>()> upstreams;  ///< in the order they are tried
    Replica replica;
    const Clock& clock;
};

class OperationsRoute {
  public:
    explicit OperationsRoute(OperationsParts parts) : parts_(std::move(parts)) {}
    OperationsRoute(const OperationsRoute&) = delete;
    OperationsRoute& operator=(const OperationsRoute&) = delete;

    /// Adds the routes. The router keeps a reference to this.
    void mount(http::Router& router);

  private:
    Task<http::Response> upstreams(http::Request& request);
    Task<http::Response> requests(http::Request& request);

    OperationsParts parts_;
};

/// `idle` (nothing was asked of it), `failing` (the last request failed), `degraded` (one of twenty or more did) or
/// `healthy`; within the window.
std::string_view health_of(const observe::UpstreamSeen& seen, Instant now);

}  // namespace gatehouse::admin

// SPDX-License-Identifier: Apache-2.0
// InventoryRoute: what exists, for who has to choose from it: GET /v1/organizations/groups, the groups of those who
// were seen at work, and GET /v1/organizations/models, every model that the gateway offers, whomever the policies give
// it to. Mounted by services.cpp, one per shard. Only reads.
#pragma once

#include <functional>
#include <utility>

#include "gateway/admin/gate.h"
#include "gateway/http/router.h"
#include "policy/rollups.h"
#include "policy/rules.h"

namespace gatehouse::admin {

/// References outlive the route.
struct InventoryParts {
    Gate& gate;
    policy::Rollups& rollups;
    std::function<policy::RulesPtr()> rules;
};

class InventoryRoute {
  public:
    explicit InventoryRoute(InventoryParts parts) : parts_(std::move(parts)) {}
    InventoryRoute(const InventoryRoute&) = delete;
    InventoryRoute& operator=(const InventoryRoute&) = delete;

    /// Adds the routes. The router keeps a reference to this.
    void mount(http::Router& router);

  private:
    Task<http::Response> groups(http::Request& request);
    Task<http::Response> models(http::Request& request);

    InventoryParts parts_;
};

}  // namespace gatehouse::admin

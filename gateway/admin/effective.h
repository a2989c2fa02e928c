// SPDX-License-Identifier: Apache-2.0
// EffectiveRoute: GET /v1/organizations/spend_limits/effective (who has which cap, and what they spent) and …/pools
// (how the groups' shared budgets stand). Mounted by services.cpp, one per shard. Only reads.
#pragma once

#include <functional>
#include <memory>

#include "gateway/admin/cap_store.h"
#include "gateway/admin/gate.h"
#include "gateway/admin/spending.h"
#include "gateway/http/router.h"
#include "policy/rollups.h"

namespace gatehouse::admin {

/// References outlive the route.
struct EffectiveParts {
    Gate& gate;
    policy::Records& records;
    policy::Rollups& rollups;
    Standings standings;
    std::function<std::shared_ptr<const AdminSettings>()> settings;
    const Clock& clock;
};

class EffectiveRoute {
  public:
    explicit EffectiveRoute(EffectiveParts parts) : parts_(std::move(parts)), caps_(parts_.records) {}
    EffectiveRoute(const EffectiveRoute&) = delete;
    EffectiveRoute& operator=(const EffectiveRoute&) = delete;

    /// Adds the routes. The router keeps a reference to this.
    void mount(http::Router& router);

  private:
    struct Search;

    Task<http::Response> effective(http::Request& request);
    Task<http::Response> pools(http::Request& request);
    Task<std::vector<Spender>> named(Search search);
    Task<std::vector<Spender>> top(Search search);
    Task<std::vector<Spender>> ascending(Search search);

    EffectiveParts parts_;
    CapStore caps_;
};

}  // namespace gatehouse::admin

// SPDX-License-Identifier: Apache-2.0
// SpendLimitsRoute: /v1/organizations/spend_limits, where admins list, set, preview and delete caps (docs/caps.md).
// Mounted by services.cpp, one per shard. Every change is in the audit trail, written with it.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "gateway/admin/cap_store.h"
#include "gateway/admin/gate.h"
#include "gateway/admin/spending.h"
#include "gateway/http/router.h"
#include "gateway/observe/journal.h"
#include "policy/rollups.h"

namespace gatehouse::admin {

/// References outlive the route.
struct SpendLimitsParts {
    Gate& gate;
    policy::Records& records;
    policy::Rollups& rollups;
    Standings standings;
    std::function<std::shared_ptr<const AdminSettings>()> settings;
    observe::Journal& journal;
    const Clock& clock;
};

class SpendLimitsRoute {
  public:
    explicit SpendLimitsRoute(SpendLimitsParts parts) : parts_(std::move(parts)), caps_(parts_.records) {}
    SpendLimitsRoute(const SpendLimitsRoute&) = delete;
    SpendLimitsRoute& operator=(const SpendLimitsRoute&) = delete;

    /// Adds the routes. The router keeps a reference to this.
    void mount(http::Router& router);

  private:
    void add(http::Router& router, std::string method, std::string path, http::Guarded handler);
    Task<http::Response> list(http::Request& request);
    Task<http::Response> put(http::Request& request, const Caller& caller);
    Task<http::Response> preview(http::Request& request);
    Task<http::Response> get(http::Request& request);
    Task<http::Response> remove(http::Request& request, const Caller& caller);
    Task<CapOrder> read_order(const http::Request& request);
    Task<std::vector<Spender>> blocked_by(policy::Cap cap, std::vector<policy::Principal> people);

    SpendLimitsParts parts_;
    CapStore caps_;
};

}  // namespace gatehouse::admin

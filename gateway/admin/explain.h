// SPDX-License-Identifier: Apache-2.0
// ExplainRoute: GET /v1/organizations/explain, the answer to "why may they (not)?": which policy, which models, which
// caps and pools, what was spent, how fast they went, what would happen now. Decides nothing of its own: it asks what
// requests ask (policy::decide, CapBook, last_to_reset, grant). Mounted by services.cpp, one per shard. Only reads.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "gateway/admin/cap_store.h"
#include "gateway/admin/gate.h"
#include "gateway/admin/spending.h"
#include "gateway/http/router.h"
#include "policy/rollups.h"
#include "policy/rules.h"

namespace gatehouse::admin {

/// How fast somebody went of late, and what bounds them.
struct GaugeFill {
    policy::Gauge gauge;
    policy::Reading reading;
};

/// References outlive the route.
struct ExplainParts {
    Gate& gate;
    policy::Records& records;
    policy::Rollups& rollups;
    Standings standings;
    Readings readings;
    std::function<policy::RulesPtr()> rules;
    std::function<std::shared_ptr<const AdminSettings>()> settings;
    const Clock& clock;
};

class ExplainRoute {
  public:
    explicit ExplainRoute(ExplainParts parts) : parts_(std::move(parts)), caps_(parts_.records) {}
    ExplainRoute(const ExplainRoute&) = delete;
    ExplainRoute& operator=(const ExplainRoute&) = delete;

    /// Adds the route. The router keeps a reference to this.
    void mount(http::Router& router);

  private:
    Task<http::Response> explain(http::Request& request);
    Task<policy::Principal> find_person(std::string user);
    Task<std::optional<GaugeFill>> read_fill(std::vector<policy::Gauge> gauges, Instant now);
    Task<boost::json::object> find_limits(const policy::Principal& person);
    Task<boost::json::object> explain_money(policy::Principal person, Instant now);

    ExplainParts parts_;
    CapStore caps_;
};

}  // namespace gatehouse::admin

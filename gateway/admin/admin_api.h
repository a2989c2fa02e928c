// SPDX-License-Identifier: Apache-2.0
// AdminApi: this room's routes with what they share, put together. Built by services.cpp, one per shard, when the
// configuration has an `admin` section; without it none of these paths exists.
#pragma once

#include <functional>
#include <memory>

#include "gateway/admin/audit_trail.h"
#include "gateway/admin/effective.h"
#include "gateway/admin/explain.h"
#include "gateway/admin/gate.h"
#include "gateway/admin/increase_requests.h"
#include "gateway/admin/inventory.h"
#include "gateway/admin/invoice_check.h"
#include "gateway/admin/operations.h"
#include "gateway/admin/paused_sessions.h"
#include "gateway/admin/policies.h"
#include "gateway/admin/reports.h"
#include "gateway/admin/service_keys.h"
#include "gateway/admin/spend_limits.h"
#include "gateway/admin/spend_summary.h"
#include "gateway/admin/users.h"
#include "gateway/http/router.h"
#include "policy/ledger.h"

namespace gatehouse::admin {

/// References outlive the API.
struct AdminApiParts {
    auth::Authenticator& authenticator;
    std::function<std::shared_ptr<const AdminSettings>()> settings;
    std::function<policy::RulesPtr()> rules;
    policy::Records& records;
    policy::Rollups& rollups;
    policy::Ledger& ledger;
    policy::PausedSessions& paused;
    observe::Activity& activity;
    std::function<std::vector<UpstreamEntry>()> upstreams;
    Replica replica;
    BlockingPool& pool;  ///< sums that take milliseconds are done there
    std::function<Providers()> providers;
    std::function<policy::PriceBookPtr()> prices;
    PoliciesHere policies;
    auth::Vault& vault;
    Random& random;
    observe::Journal& journal;
    const Clock& clock;
    std::function<Task<auth::IdentityPtr>(const http::Request&)> browser = {};  ///< as GateParts has it
};

class AdminApi {
  public:
    explicit AdminApi(const AdminApiParts& parts);
    AdminApi(const AdminApi&) = delete;
    AdminApi& operator=(const AdminApi&) = delete;

    /// Adds the routes. The router keeps a reference to this.
    void mount(http::Router& router);
    /// Forgets audit rows that are too old. Every so often, on one shard.
    Task<> sweep_audit() { return audit_.sweep(); }
    /// For the page where developers ask for more.
    IncreaseDesk& increase_desk() { return increase_desk_; }

  private:
    Gate gate_;
    SpendLimitsRoute spend_limits_;
    EffectiveRoute effective_;
    ExplainRoute explain_;
    InventoryRoute inventory_;
    PoliciesRoute policies_;
    ReportsRoute reports_;
    SpendSummaryRoute spend_summary_;
    InvoiceCheckRoute invoice_check_;
    ServiceKeysRoute service_keys_;
    PausedSessionsRoute paused_sessions_;
    OperationsRoute operations_;
    IncreaseDesk increase_desk_;
    IncreaseRequestsRoute increase_requests_;
    UsersRoute users_;
    AuditTrail audit_;
};

}  // namespace gatehouse::admin

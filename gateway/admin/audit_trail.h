// SPDX-License-Identifier: Apache-2.0
// AuditTrail: who changed what, newest first: of caps alone at /v1/organizations/spend_limits/audit, of everything, and
// of what one looks for, at /v1/organizations/audit. Also the answer to the paths below /v1/organizations that nobody
// has. Mounted by services.cpp, one per shard. Only reads; what is older than `admin.audit_retention_days` is forgotten
// by sweep().
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "gateway/admin/gate.h"
#include "gateway/http/router.h"
#include "policy/records.h"

namespace gatehouse::admin {

/// References outlive the trail.
struct AuditTrailParts {
    Gate& gate;
    policy::Records& records;
    std::function<std::shared_ptr<const AdminSettings>()> settings;
    const Clock& clock;
};

class AuditTrail {
  public:
    explicit AuditTrail(AuditTrailParts parts) : parts_(std::move(parts)) {}
    AuditTrail(const AuditTrail&) = delete;
    AuditTrail& operator=(const AuditTrail&) = delete;

    /// Adds the routes. The router keeps a reference to this.
    void mount(http::Router& router);
    /// Forgets what is too old. Every so often.
    Task<> sweep();

  private:
    struct Wanted;

    Task<http::Response> show_caps(http::Request& request);
    Task<http::Response> show_all(http::Request& request);
    Task<http::Response> show(http::Request& request, Wanted wanted);
    Task<std::vector<policy::AuditEvent>> find(Wanted wanted, std::size_t count);
    Task<http::Response> nothing_here(http::Request& request);

    AuditTrailParts parts_;
};

}  // namespace gatehouse::admin

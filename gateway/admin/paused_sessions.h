// SPDX-License-Identifier: Apache-2.0
// PausedSessionsRoute: /v1/organizations/paused_sessions: the sessions that a pause rule stopped, whoever they belong
// to, and resuming one when its owner cannot (a service key whose owner has left). Owners do it at /me or /access.
#pragma once

#include <string>

#include "gateway/admin/gate.h"
#include "gateway/http/router.h"
#include "policy/paused_sessions.h"

namespace gatehouse::admin {

/// References outlive the route.
struct PausedSessionsParts {
    Gate& gate;
    policy::PausedSessions& paused;
    policy::Records& records;
    const Clock& clock;
};

/// Which paused session goes on, and perhaps why.
struct ResumeOrder {
    std::string user;
    std::string session;
    std::string reason;
};

/// The body `{"user_id","session_id","reason"}`. Faults: bad_request, naming the field.
Result<ResumeOrder> parse_resume_order(const http::Request& request);

class PausedSessionsRoute {
  public:
    explicit PausedSessionsRoute(PausedSessionsParts parts) : parts_(parts) {}
    PausedSessionsRoute(const PausedSessionsRoute&) = delete;
    PausedSessionsRoute& operator=(const PausedSessionsRoute&) = delete;

    /// Adds the routes. The router keeps a reference to this.
    void mount(http::Router& router);

  private:
    Task<http::Response> list(http::Request& request);
    Task<http::Response> resume(http::Request& request, const Caller& caller);

    PausedSessionsParts parts_;
};

}  // namespace gatehouse::admin

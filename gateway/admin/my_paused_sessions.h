// SPDX-License-Identifier: Apache-2.0
// MyPausedSessionsRoute: the sessions that a rule paused and that a person answers for, their own and those of the
// service keys that they own: GET /v1/me/paused_sessions and POST /v1/me/paused_sessions/resume. Resuming is for a
// browser session only: the credential that runs away could resume itself. Anybody's, for admins: paused_sessions.h.
#pragma once

#include "auth/paused_work.h"
#include "gateway/admin/gate.h"
#include "gateway/http/router.h"

namespace gatehouse::admin {

/// References outlive the route.
struct MyPausedSessionsParts {
    Gate& gate;
    auth::PausedWork& paused;
    observe::Journal& journal;
};

class MyPausedSessionsRoute {
  public:
    explicit MyPausedSessionsRoute(MyPausedSessionsParts parts) : parts_(parts) {}
    MyPausedSessionsRoute(const MyPausedSessionsRoute&) = delete;
    MyPausedSessionsRoute& operator=(const MyPausedSessionsRoute&) = delete;

    /// Adds the routes. The router keeps a reference to this.
    void mount(http::Router& router);

  private:
    Task<http::Response> list(http::Request& request, const auth::Identity& who);
    Task<http::Response> resume(http::Request& request, const auth::Identity& who);

    MyPausedSessionsParts parts_;
};

}  // namespace gatehouse::admin

// SPDX-License-Identifier: Apache-2.0
// ManagedRoute: GET /managed/settings, the managed settings document of the caller's policy.
// Everything was merged and hashed when the rules were made; a request costs a look-up. Mounted by services.cpp, one
// per shard.
#pragma once

#include <functional>
#include <string_view>

#include "auth/authenticator.h"
#include "gateway/base/task.h"
#include "gateway/http/router.h"
#include "gateway/observe/journal.h"
#include "policy/rules.h"

namespace gatehouse::managed {

/// References outlive the route.
struct ManagedParts {
    auth::Authenticator& authenticator;
    std::function<policy::RulesPtr()> rules;
    observe::Journal& journal;
};

class ManagedRoute {
  public:
    explicit ManagedRoute(ManagedParts parts) : parts_(std::move(parts)) {}
    ManagedRoute(const ManagedRoute&) = delete;
    ManagedRoute& operator=(const ManagedRoute&) = delete;

    /// Adds the route. The router keeps a reference to this.
    void mount(http::Router& router);

  private:
    Task<http::Response> handle(http::Request& request, const auth::IdentityPtr& identity);

    ManagedParts parts_;
};

/// The answer for a caller under `policy` (null: none matched). `if_none_match` is compared as it is: the client sends
/// back the one ETag it was given, and a weak form or a list is simply answered in full.
http::Response settings_answer(const policy::Rules& rules, const policy::Policy* policy,
                               std::string_view if_none_match);

}  // namespace gatehouse::managed

// SPDX-License-Identifier: Apache-2.0
// StandingRoute: GET /api/oauth/usage, how the caller's own caps stand. Asked by Claude Code for /usage and the status
// line. Its figures are as old as a few seconds.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <unordered_map>

#include "auth/authenticator.h"
#include "gateway/base/clock.h"
#include "gateway/http/router.h"
#include "gateway/messages/spending.h"
#include "gateway/observe/journal.h"
#include "policy/ledger.h"

namespace gatehouse::messages {

struct StandingParts {
    auth::Authenticator& authenticator;
    policy::Ledger& ledger;
    std::function<SpendRulesPtr()> rules;
    observe::Journal& journal;
    const Clock& clock;
};

class StandingRoute {
  public:
    explicit StandingRoute(StandingParts parts) : parts_(std::move(parts)) {}
    StandingRoute(const StandingRoute&) = delete;
    StandingRoute& operator=(const StandingRoute&) = delete;

    /// Adds the route. The router keeps a reference to this.
    void mount(http::Router& router);

  private:
    struct Known {
        std::string body;
        Instant until;
    };
    Task<http::Response> handle(http::Request& request, const auth::IdentityPtr& identity);
    Task<std::string> describe_standing(const SpendRules& rules, policy::Subject subject, Instant now);

    StandingParts parts_;
    std::unordered_map<std::string, Known> known_;
};

}  // namespace gatehouse::messages

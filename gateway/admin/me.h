// SPDX-License-Identifier: Apache-2.0
// MeRoute: what a signed-in person asks about themselves: GET /v1/me (who I am, what I may use and why, how my caps
// stand) and GET /v1/me/usage (what I used lately). Built by services.cpp, with or without an `admin` section. Shows
// nothing that belongs to somebody else.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "gateway/admin/gate.h"
#include "gateway/admin/spending.h"
#include "gateway/http/router.h"
#include "policy/report.h"

namespace gatehouse::admin {

/// The caps in force, as requests are checked against them.
struct CapsInForce {
    policy::CapBookPtr book;
    policy::GroupLimitMode mode = policy::GroupLimitMode::min;
};

/// References outlive the route.
struct MeParts {
    Gate& gate;
    policy::Rollups& rollups;
    Standings standings;
    std::function<policy::RulesPtr()> rules;
    std::function<CapsInForce()> caps;
    std::function<std::shared_ptr<const AdminSettings>()> settings;
    std::string origin;  ///< `public_url`
    std::string version;
    std::function<bool()> sample;  ///< some of what is stored was made up
    const Clock& clock;
};

/// What somebody used: `days` by day and model, and by project.
boost::json::object to_own_use(std::vector<policy::Fact> days, Instant from, Instant to);

class MeRoute {
  public:
    explicit MeRoute(MeParts parts) : parts_(std::move(parts)) {}
    MeRoute(const MeRoute&) = delete;
    MeRoute& operator=(const MeRoute&) = delete;

    /// Adds the routes. The router keeps a reference to this.
    void mount(http::Router& router);

  private:
    Task<http::Response> me(http::Request& request, const auth::Identity& identity);
    Task<http::Response> usage(http::Request& request, const auth::Identity& identity);
    Task<boost::json::array> caps_of(auth::Person person, Instant now);

    MeParts parts_;
};

}  // namespace gatehouse::admin

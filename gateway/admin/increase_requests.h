// SPDX-License-Identifier: Apache-2.0
// IncreaseRequestsRoute: /v1/organizations/spend_limit_increase_requests in the shape of Anthropic's Admin API (list,
// get, approve, deny; and preview), and /v1/me/spend_limit_increase_requests, where developers ask and take back. What
// happens is increase_desk's.
#pragma once

#include "gateway/admin/gate.h"
#include "gateway/admin/increase_desk.h"
#include "gateway/http/router.h"
#include "policy/rollups.h"

namespace gatehouse::admin {

/// References outlive the route.
struct IncreaseRequestsParts {
    Gate& gate;
    IncreaseDesk& desk;
    policy::Records& records;
    policy::Rollups& rollups;
    Standings standings;
    std::function<std::shared_ptr<const AdminSettings>()> settings;
    observe::Journal& journal;
    const Clock& clock;
};

class IncreaseRequestsRoute {
  public:
    explicit IncreaseRequestsRoute(IncreaseRequestsParts parts) : parts_(std::move(parts)), caps_(parts_.records) {}
    IncreaseRequestsRoute(const IncreaseRequestsRoute&) = delete;
    IncreaseRequestsRoute& operator=(const IncreaseRequestsRoute&) = delete;

    /// Adds the routes. The router keeps a reference to this.
    void mount(http::Router& router);

  private:
    void add(http::Router& router, std::string method, std::string path, http::Guarded handler);

    Task<http::Response> list(http::Request& request);
    Task<http::Response> get(http::Request& request);
    Task<http::Response> preview(http::Request& request);
    Task<http::Response> approve(http::Request& request, const Caller& caller);
    Task<http::Response> deny(http::Request& request, const Caller& caller);
    Task<http::Response> ask(http::Request& request, const auth::Identity& identity);
    Task<http::Response> own(http::Request& request, const auth::Identity& identity);
    Task<http::Response> withdraw(http::Request& request, const auth::Identity& identity);

    Task<boost::json::object> money_of(policy::CapBookPtr book, policy::Principal who, policy::Period period);
    Task<boost::json::array> to_rows(std::vector<policy::IncreaseRequest> requests);
    void note(std::string_view event, const http::Request& request, const Caller& caller,
              const policy::IncreaseRequest& increase) const;

    IncreaseRequestsParts parts_;
    CapStore caps_;
};

}  // namespace gatehouse::admin

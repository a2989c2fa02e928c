// SPDX-License-Identifier: Apache-2.0
// GET /v1/organizations/spend_summary: one month on one page. What was spent, what it will come to, who spends most,
// and what nobody answers for.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/admin/gate.h"
#include "gateway/admin/report_rows.h"
#include "gateway/base/blocking.h"
#include "gateway/http/router.h"
#include "policy/report.h"
#include "policy/rollups.h"

namespace gatehouse::admin {

struct SummaryQuery {
    policy::Span month;
    policy::Span last_month;
    std::size_t most = 10;  ///< of each ranking

    /// Whether it is still going on.
    bool is_open(Instant now) const { return now < month.end; }
};

Result<SummaryQuery> parse_summary_query(std::string_view query, Instant now);
/// The first day that the summary and its forecast read totals of.
Instant first_day_of(const SummaryQuery& query, Instant now);
/// `month` by person, `days` the totals from first_day_of on. Pure.
boost::json::object to_summary(const SummaryQuery& query, const std::vector<policy::Fact>& month,
                               const std::vector<policy::Fact>& days, const People& people, Instant now);

/// References outlive the route.
struct SpendSummaryParts {
    Gate& gate;
    policy::Rollups& rollups;
    const Clock& clock;
    BlockingPool& pool;
};

class SpendSummaryRoute {
  public:
    explicit SpendSummaryRoute(SpendSummaryParts parts) : parts_(parts) {}
    SpendSummaryRoute(const SpendSummaryRoute&) = delete;
    SpendSummaryRoute& operator=(const SpendSummaryRoute&) = delete;

    /// Adds the route. The router keeps a reference to this.
    void mount(http::Router& router);

  private:
    Task<http::Response> handle(http::Request& request);

    SpendSummaryParts parts_;
};

}  // namespace gatehouse::admin

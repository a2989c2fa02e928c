// SPDX-License-Identifier: Apache-2.0
// GET /v1/organizations/spend_summary: one month on one page. What was spent, what it will come to, who spends most,
// and what nobody answers for.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
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
/// What a summary is made of.
struct SummaryFigures {
    std::vector<policy::Fact> month;  ///< by person
    std::vector<policy::Fact> days;   ///< the totals from first_day_of on
    People people;
    policy::PriceBookPtr book;
};
boost::json::object to_summary(const SummaryQuery& query, const SummaryFigures& figures, Instant now);

/// References outlive the route.
struct SpendSummaryParts {
    Gate& gate;
    policy::Rollups& rollups;
    const Clock& clock;
    BlockingPool& pool;
    std::function<policy::PriceBookPtr()> prices;
};

class SpendSummaryRoute {
  public:
    explicit SpendSummaryRoute(SpendSummaryParts parts) : parts_(std::move(parts)) {}
    SpendSummaryRoute(const SpendSummaryRoute&) = delete;
    SpendSummaryRoute& operator=(const SpendSummaryRoute&) = delete;

    /// Adds the route. The router keeps a reference to this.
    void mount(http::Router& router);

  private:
    Task<http::Response> handle(http::Request& request);

    SpendSummaryParts parts_;
};

}  // namespace gatehouse::admin

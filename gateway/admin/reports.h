// SPDX-License-Identifier: Apache-2.0
// ReportsRoute: what was used and what it cost, as JSON, CSV or FOCUS. Figures are read bucket by bucket and written as
// they are read; the work on them is done on the pool, because ten thousand people in one bucket would hold up the
// streams of this shard.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "gateway/admin/focus.h"
#include "gateway/admin/gate.h"
#include "gateway/admin/report_rows.h"
#include "gateway/base/blocking.h"
#include "gateway/http/router.h"
#include "policy/rollups.h"

namespace gatehouse::admin {

/// References outlive the route.
struct ReportsParts {
    Gate& gate;
    policy::Rollups& rollups;
    const Clock& clock;
    BlockingPool& pool;
    std::function<Providers()> providers;
    std::function<policy::PriceBookPtr()> prices;
};

/// One bucket as the store has it: the one or the other.
struct BucketFigures {
    std::vector<policy::Cell> cells;
    std::vector<policy::SessionCell> sessions;
};

class ReportsRoute {
  public:
    explicit ReportsRoute(ReportsParts parts) : parts_(std::move(parts)) {}
    ReportsRoute(const ReportsRoute&) = delete;
    ReportsRoute& operator=(const ReportsRoute&) = delete;

    /// Adds the routes. The router keeps a reference to this.
    void mount(http::Router& router);

  private:
    Task<> report(ReportKind kind, http::Request& request, http::Responder& client);
    Task<> focus(http::Request& request, http::Responder& client);
    Task<ReportPaper> prepare(ReportQuery query);
    Task<BucketFigures> read(std::shared_ptr<const ReportPaper> paper, policy::Span bucket);

    ReportsParts parts_;
};

}  // namespace gatehouse::admin

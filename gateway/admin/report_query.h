// SPDX-License-Identifier: Apache-2.0
// ReportQuery: what a usage or cost report was asked for, every fault of the question found. Pure. The names are those
// of Anthropic's Usage and Cost Admin API, and our own beside them (docs/reports.md).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/result.h"
#include "policy/bucket.h"
#include "policy/report.h"

namespace gatehouse::admin {

enum class ReportKind : std::uint8_t { usage, cost };

struct ReportQuery {
    ReportKind kind = ReportKind::usage;
    policy::Grain grain = policy::Grain::day;
    std::vector<policy::Span> buckets;  ///< of this page
    std::optional<Instant> next;        ///< where the next page begins, if there is one
    std::vector<std::string> named;     ///< the values of group_by, as asked
    std::vector<policy::Dimension> group_by;
    policy::Filter filter;
    bool csv = false;
    bool recompute = false;

    bool asks_for(std::string_view name) const;
    bool groups_by(policy::Dimension dimension) const;
};

/// Where a report's figures are read.
enum class ReportSource : std::uint8_t {
    totals,    ///< by day, without users and service keys: small
    cells,     ///< by the report's own grain
    sessions,  ///< of one user, by day
};

ReportSource source_of(const ReportQuery& query);
/// The one user that is asked about; null when it is about several or everybody. Valid as long as `query`.
const std::string* only_user(const ReportQuery& query);
/// `accept` is the request header.
Result<ReportQuery> parse_report_query(ReportKind kind, std::string_view query, std::string_view accept, Instant now);
/// The token that asks for the page that begins there.
std::string page_token(Instant begin);

}  // namespace gatehouse::admin

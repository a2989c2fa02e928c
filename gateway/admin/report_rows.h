// SPDX-License-Identifier: Apache-2.0
// How the buckets of a usage or cost report are written: as JSON in the shapes of Anthropic's Usage and Cost Admin API,
// or as CSV. Pure, one bucket at a time, so that a report of any size is written as it is read.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/admin/report_query.h"
#include "policy/report.h"

namespace gatehouse::admin {

/// Known people and service keys by subject.
using People = std::map<std::string, policy::Principal, std::less<>>;

People to_people(std::vector<policy::Principal> principals);

/// What all buckets of a report are written with.
struct ReportPaper {
    ReportQuery query;
    People people;              ///< empty when no row names a user
    policy::PriceBookPtr book;  ///< what `repriced` is by; null when that was not asked for
};

/// What stands before the first bucket and behind the last.
void append_head(std::string& out, const ReportPaper& paper);
void append_foot(std::string& out, const ReportPaper& paper);
/// `index` counts the buckets from 0.
void append_bucket(std::string& out, const ReportPaper& paper, std::size_t index,
                   const std::vector<policy::Fact>& rows);

}  // namespace gatehouse::admin

// SPDX-License-Identifier: Apache-2.0
// FOCUS: spend as the FinOps Open Cost and Usage Specification 1.2 has it, as CSV, for tools that read that. Pure; one
// row for each day, person, group, model, upstream, project, service key and price tier. docs/reports.md has the
// mapping. Null is an empty field, as CSV exports of FOCUS have it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/admin/report_rows.h"
#include "policy/report.h"

namespace gatehouse::admin {

inline constexpr std::string_view focus_version = "1.2";

/// The kind of provider by upstream name: "anthropic", "bedrock", …
using Providers = std::map<std::string, std::string, std::less<>>;

void append_focus_head(std::string& out);
/// The facts of one day; `repriced` is their cost by the price list alone.
void append_focus_day(std::string& out, const std::vector<policy::Fact>& facts, const People& people,
                      const Providers& providers);

}  // namespace gatehouse::admin

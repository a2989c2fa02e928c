// SPDX-License-Identifier: Apache-2.0
// Invoice: what the provider says it charges, read from the files that providers give: Anthropic's cost report (JSON of
// its API, CSV of its console) and the AWS Cost and Usage Report (CSV). Pure, exact: amounts are never floating point.
// docs/reports.md names the columns.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/decimal.h"
#include "gateway/base/result.h"

namespace gatehouse::admin {

struct InvoiceRow {
    Instant day;
    std::string model;        ///< as billed_model writes it; empty when the row is about no model
    std::string description;  ///< the provider's own words
    Decimal amount;           ///< dollars

    bool operator==(const InvoiceRow&) const = default;
};

struct Invoice {
    std::string_view format;  ///< "anthropic_cost_report", "anthropic_console_csv" or "aws_cur_csv"
    std::vector<InvoiceRow> rows;
    std::vector<Instant> days;     ///< that it is about, ascending, each once
    std::size_t ignored_rows = 0;  ///< of an AWS report: about anything but Claude
};

/// `content_type` decides: application/json or text/csv; which CSV, its first line. Faults: bad_request, naming the
/// place.
Result<Invoice> parse_invoice(std::string_view content_type, std::string_view body);

/// The model that a provider's words are about, as one name for all of their spellings: "Claude Haiku 4.5",
/// "claude-haiku-4-5-20251001", "us.anthropic.claude-haiku-4-5-20251001-v1:0" and "USE1-Claude4.5Haiku-input-tokens"
/// are "claude-haiku-4-5". Empty when they name no Claude model.
std::string billed_model(std::string_view words);

}  // namespace gatehouse::admin

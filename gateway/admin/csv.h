// SPDX-License-Identifier: Apache-2.0
// CSV as RFC 4180 has it, for the reports that go out and the cost reports that come in. What goes out is safe in a
// spreadsheet: a name that begins like a formula gets an apostrophe in front, because names are chosen by people
// (OWASP, CSV injection; tests/admin/csv_test.cpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/result.h"

namespace gatehouse::admin {

/// Appends rows to a text.
class CsvWriter {
  public:
    explicit CsvWriter(std::string& out) : out_(out) {}

    /// A name, made harmless. Empty: an empty field.
    void text(std::string_view value);
    /// Digits of our own making, a minus in front or not: as they are.
    void number(std::string_view digits);
    void number(std::int64_t value) { number(std::to_string(value)); }
    void nothing() { separate(); }
    void end_row();

  private:
    void separate();

    std::string& out_;
    bool row_begun_ = false;
};

struct CsvRow {
    std::size_t line = 0;  ///< where it begins, 1-based
    std::vector<std::string> fields;
};

/// Every row has as many fields as the first; empty lines are left out, a byte order mark too. Lines end with CRLF or
/// LF. Faults: bad_request, naming the line.
Result<std::vector<CsvRow>> parse_csv(std::string_view text);

}  // namespace gatehouse::admin

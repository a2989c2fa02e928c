// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/csv.h"

#include <optional>
#include <utility>

#include "gateway/admin/reply.h"

namespace gatehouse::admin {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool looks_like_a_formula(std::string_view value) {
    return !value.empty() && std::string_view("=+-@\t\r").find(value.front()) != std::string_view::npos;
}

Error bad_line(std::size_t line, std::string_view what) {
    return bad_field("body", "line " + std::to_string(line) + " " + std::string(what));
}

/// Reads one field after another.
class CsvReader {
  public:
    explicit CsvReader(std::string_view text) : text_(text) {}

    bool at_end() const { return text_.empty(); }
    std::size_t line() const { return line_; }
    /// The next field; `last` is whether the row ends with it.
    Result<std::string> field(bool& last) {
        const auto value = text_.starts_with('"') ? quoted() : plain();
        if (!value) return value;
        if (text_.starts_with(',')) {
            text_.remove_prefix(1);
            last = false;
            return value;
        }
        if (!end_line()) return fail(bad_line(line_, "goes on behind a closing quote"));
        last = true;
        return value;
    }

  private:
    bool end_line() {
        if (text_.empty()) return true;
        const std::size_t size = text_.starts_with("\r\n") ? 2 : text_.starts_with('\n') ? 1 : 0;
        text_.remove_prefix(size);
        line_ += size > 0 ? 1 : 0;
        return size > 0;
    }
    Result<std::string> plain() {
        std::size_t size = text_.find_first_of(",\n\"");
        if (size == std::string_view::npos) size = text_.size();
        if (size < text_.size() && text_[size] == '"')
            return fail(bad_line(line_, "has a quote inside of a field that is not quoted"));
        if (size < text_.size() && text_[size] == '\n' && size > 0 && text_[size - 1] == '\r') --size;
        std::string value(text_.substr(0, size));
        text_.remove_prefix(size);
        return value;
    }
    Result<std::string> quoted() {
        const std::size_t begin = line_;
        text_.remove_prefix(1);
        std::string value;
        for (;;) {
            const std::size_t quote = text_.find('"');
            if (quote == std::string_view::npos) return fail(bad_line(begin, "has a quote that is never closed"));
            for (const char letter : text_.substr(0, quote))
                line_ += letter == '\n' ? 1 : 0;
            value += text_.substr(0, quote);
            text_.remove_prefix(quote + 1);
            if (!text_.starts_with('"')) return value;
            value.push_back('"');
            text_.remove_prefix(1);
        }
    }

    std::string_view text_;
    std::size_t line_ = 1;
};

}  // namespace

void CsvWriter::separate() {
    if (std::exchange(row_begun_, true)) out_.push_back(',');
}

void CsvWriter::number(std::string_view digits) {
    separate();
    out_ += digits;
}

void CsvWriter::text(std::string_view value) {
    separate();
    const bool formula = looks_like_a_formula(value);
    if (!formula && value.find_first_of(",\"\r\n") == std::string_view::npos) {
        out_ += value;
        return;
    }
    out_ += formula ? "\"'" : "\"";
    for (const char letter : value) {
        if (letter == '"') out_.push_back('"');
        out_.push_back(letter);
    }
    out_.push_back('"');
}

void CsvWriter::end_row() {
    out_ += "\r\n";
    row_begun_ = false;
}

Result<std::vector<CsvRow>> parse_csv(std::string_view text) {
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    CsvReader reader(text);
    std::vector<CsvRow> rows;
    while (!reader.at_end()) {
        CsvRow row;
        row.line = reader.line();
        for (bool last = false; !last;) {
            auto field = reader.field(last);
            if (!field) return fail(field.error());
            row.fields.push_back(std::move(*field));
        }
        if (row.fields.size() == 1 && row.fields[0].empty()) continue;
        if (!rows.empty() && row.fields.size() != rows[0].fields.size())
            return fail(bad_line(row.line, "has " + std::to_string(row.fields.size()) + " fields where the first has " +
                                               std::to_string(rows[0].fields.size())));
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace gatehouse::admin

// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/invoice.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <initializer_list>
#include <optional>
#include <utility>

#include "gateway/admin/csv.h"
#include "gateway/admin/reply.h"
#include "gateway/base/json.h"
#include "gateway/base/text.h"
#include "gateway/base/timestamp.h"

namespace gatehouse::admin {
namespace {

namespace bj = boost::json;

constexpr std::size_t date_size = 10;  // YYYY-MM-DD

/// The UTC day of a date, or of a time that begins with one.
std::optional<Instant> parse_day(std::string_view text) {
    if (text.size() < date_size) return std::nullopt;
    return parse_timestamp(std::string(text.substr(0, date_size)) + "T00:00:00Z");
}

std::string shown(std::string_view text) {
    return "'" + printable(text, 60) + "'";
}

// ---- names of models

/// Words and numbers, one after the other: "claude-3-7-sonnet" and "Claude3.7Sonnet" have the same.
class NameParts {
  public:
    explicit NameParts(std::string_view text) : text_(text) {}
    /// Empty at the end.
    std::string_view next() {
        while (!text_.empty() && !is_letter(text_.front()) && !is_digit(text_.front()))
            text_.remove_prefix(1);
        if (text_.empty()) return {};
        const bool number = is_digit(text_.front());
        std::size_t size = 0;
        while (size < text_.size() && (number ? is_digit(text_[size]) : is_letter(text_[size])))
            ++size;
        const std::string_view part = text_.substr(0, size);
        text_.remove_prefix(size);
        return part;
    }
    /// Whether the part that was given last goes on with a letter: "1h", "4.5Sonnet".
    bool goes_on() const { return !text_.empty() && is_letter(text_.front()); }
    static bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

  private:
    static bool is_letter(char letter) { return letter >= 'a' && letter <= 'z'; }

    std::string_view text_;
};

}  // namespace

std::string billed_model(std::string_view words) {
    constexpr std::string_view maker = "claude";
    constexpr std::size_t longest_version = 2;
    const std::string lower = to_lower(words.substr(0, words.find('[')));  // [1m] is no version
    const std::size_t begin = lower.find(maker);
    if (begin == std::string::npos) return {};
    NameParts parts(std::string_view(lower).substr(begin + maker.size()));
    std::string family;
    std::vector<std::string_view> version;
    bool version_ended = false;
    for (auto part = parts.next(); !part.empty(); part = parts.next()) {
        const bool number = NameParts::is_digit(part.front());
        // A longer number is a date; what comes behind family and version is about something else.
        if (number && (version_ended || version.size() == longest_version || part.size() > longest_version)) break;
        if (number && !family.empty() && parts.goes_on()) break;
        if (!number && !family.empty()) break;
        if (number) {
            version.push_back(part);
        } else {
            family = part;
            version_ended = !version.empty();
        }
    }
    if (family.empty() || version.empty()) return {};
    std::string name = std::string(maker).append("-").append(family);
    for (const std::string_view number : version)
        name.append("-").append(number);
    return name;
}

namespace {

// ---- Anthropic's cost report

Result<InvoiceRow> parse_cost_result(const bj::value& result, Instant day, const std::string& place) {
    const auto amount = json::find_string(result, "amount");
    if (!amount) return fail(bad_field(place + ".amount", "must be a string of decimal cents"));
    const auto cents = Decimal::parse(*amount, -2);
    if (!cents) return fail(bad_field(place + ".amount", shown(*amount) + " is no decimal number"));
    const auto currency = json::find_string(result, "currency").value_or("USD");
    if (currency != "USD") return fail(bad_field(place + ".currency", shown(currency) + " is not USD"));
    InvoiceRow row;
    row.day = day;
    row.amount = *cents;
    row.model = billed_model(json::find_string(result, "model").value_or(""));
    for (const std::string_view member : {"description", "cost_type", "model"})
        if (row.description.empty()) row.description = json::find_string(result, member).value_or("");
    return row;
}

Result<> read_cost_report(const bj::value& report, const std::string& place, Invoice& invoice) {
    const auto* data = json::find(report, "data");
    if (data == nullptr || !data->is_array())
        return fail(bad_field(place + "data", "must be the list of a cost report"));
    std::size_t index = 0;
    for (const bj::value& bucket : data->get_array()) {
        const std::string here = place + "data[" + std::to_string(index++) + "]";
        const auto begin = parse_timestamp(json::find_string(bucket, "starting_at").value_or(""));
        const auto end = parse_timestamp(json::find_string(bucket, "ending_at").value_or(""));
        if (!begin || !end || *end - *begin != std::chrono::days{1} ||
            std::chrono::floor<std::chrono::days>(*begin) != *begin)
            return fail(bad_field(here, "must begin and end at midnight UTC, a day apart: use bucket_width=1d"));
        const auto* results = json::find(bucket, "results");
        if (results == nullptr || !results->is_array()) return fail(bad_field(here + ".results", "must be a list"));
        invoice.days.push_back(*begin);
        std::size_t place_in = 0;
        for (const bj::value& result : results->get_array()) {
            auto row = parse_cost_result(result, *begin, here + ".results[" + std::to_string(place_in++) + "]");
            if (!row) return fail(row.error());
            invoice.rows.push_back(std::move(*row));
        }
    }
    return {};
}

/// One page, or a list of them.
Result<Invoice> parse_cost_report(std::string_view body) {
    const auto value = json::parse(body);
    if (!value) return fail(Error::bad_request(Reason::body_not_json, "invalid JSON"));
    Invoice invoice;
    invoice.format = "anthropic_cost_report";
    if (!value->is_array()) {
        if (const auto read = read_cost_report(*value, "", invoice); !read) return fail(read.error());
        return invoice;
    }
    std::size_t index = 0;
    for (const bj::value& page : value->get_array())
        if (const auto read = read_cost_report(page, "[" + std::to_string(index++) + "].", invoice); !read)
            return fail(read.error());
    return invoice;
}

// ---- tables

/// Rows behind a line of names.
class Table {
  public:
    explicit Table(const std::vector<CsvRow>& rows) : rows_(rows) {}

    /// The column that has one of those names.
    std::optional<std::size_t> find(std::initializer_list<std::string_view> names) const {
        for (const std::string_view name : names) {
            const auto& head = rows_.front().fields;
            const auto found = std::ranges::find(head, name);
            if (found != head.end()) return static_cast<std::size_t>(found - head.begin());
        }
        return std::nullopt;
    }
    static std::string_view field(const CsvRow& row, std::optional<std::size_t> column) {
        return column ? std::string_view(row.fields[*column]) : std::string_view{};
    }
    auto begin() const { return rows_.begin() + 1; }
    auto end() const { return rows_.end(); }

  private:
    const std::vector<CsvRow>& rows_;
};

std::string place_of(const CsvRow& row, std::string_view column) {
    return "line " + std::to_string(row.line) + ", " + std::string(column);
}

/// Day and amount of a row, in the columns of those names.
struct DayAndCost {
    std::optional<std::size_t> day;
    std::optional<std::size_t> cost;
    std::string_view day_name;
    std::string_view cost_name;
};

Result<InvoiceRow> parse_row(const CsvRow& row, const DayAndCost& columns) {
    const auto day = parse_day(Table::field(row, columns.day));
    if (!day)
        return fail(bad_field(place_of(row, columns.day_name), shown(Table::field(row, columns.day)) + " is no date"));
    const auto amount = Decimal::parse(Table::field(row, columns.cost));
    if (!amount)
        return fail(bad_field(place_of(row, columns.cost_name),
                              shown(Table::field(row, columns.cost)) + " is no decimal number"));
    return InvoiceRow{*day, {}, {}, *amount};
}

Result<Invoice> parse_console(const Table& table) {
    const DayAndCost columns{table.find({"usage_date_utc"}), table.find({"cost_usd"}), "usage_date_utc", "cost_usd"};
    const auto model = table.find({"model"});
    if (!columns.cost || !model)
        return fail(bad_field("body", "a CSV of the Anthropic console needs usage_date_utc, model and cost_usd"));
    const auto token_type = table.find({"token_type"});
    const auto cost_type = table.find({"cost_type"});
    Invoice invoice;
    invoice.format = "anthropic_console_csv";
    for (const CsvRow& each : table) {
        auto row = parse_row(each, columns);
        if (!row) return fail(row.error());
        row->model = billed_model(Table::field(each, model));
        for (const auto column : {model, token_type, cost_type}) {
            const std::string_view word = Table::field(each, column);
            if (!word.empty()) row->description.append(row->description.empty() ? "" : ", ").append(word);
        }
        invoice.rows.push_back(std::move(*row));
    }
    return invoice;
}

struct AwsColumns {
    DayAndCost amounts;
    std::optional<std::size_t> usage_type;
    std::optional<std::size_t> product_code;
    std::optional<std::size_t> product_name;
    std::optional<std::size_t> currency;
    std::optional<std::size_t> kind;
};

AwsColumns aws_columns(const Table& table) {
    return {{table.find({"line_item_usage_start_date", "lineItem/UsageStartDate"}),
             table.find({"line_item_unblended_cost", "lineItem/UnblendedCost"}), "line_item_usage_start_date",
             "line_item_unblended_cost"},
            table.find({"line_item_usage_type", "lineItem/UsageType"}),
            table.find({"line_item_product_code", "lineItem/ProductCode"}),
            table.find({"product_product_name", "product/ProductName", "product_servicename", "product/servicename"}),
            table.find({"line_item_currency_code", "lineItem/CurrencyCode"}),
            table.find({"line_item_line_item_type", "lineItem/LineItemType"})};
}

Result<Invoice> parse_aws(const Table& table) {
    const AwsColumns columns = aws_columns(table);
    if (!columns.amounts.cost || !columns.usage_type)
        return fail(bad_field("body",
                              "an AWS Cost and Usage Report needs line_item_usage_start_date, "
                              "line_item_usage_type and line_item_unblended_cost"));
    Invoice invoice;
    invoice.format = "aws_cur_csv";
    for (const CsvRow& each : table) {
        const std::string_view usage_type = Table::field(each, columns.usage_type);
        const std::string_view product = Table::field(each, columns.product_name);
        std::string model = billed_model(usage_type);
        if (model.empty()) model = billed_model(product);
        if (model.empty() && Table::field(each, columns.product_code) != "AmazonBedrock") {
            ++invoice.ignored_rows;
            continue;
        }
        auto row = parse_row(each, columns.amounts);
        if (!row) return fail(row.error());
        const std::string_view currency = Table::field(each, columns.currency);
        if (!currency.empty() && currency != "USD")
            return fail(bad_field(place_of(each, "line_item_currency_code"), shown(currency) + " is not USD"));
        const std::string_view kind = Table::field(each, columns.kind);
        row->description = kind.empty() || kind == "Usage" ? std::string(usage_type)
                                                           : std::string(kind).append(", ").append(usage_type);
        row->model = std::move(model);
        invoice.rows.push_back(std::move(*row));
    }
    return invoice;
}

Result<Invoice> parse_table(std::string_view body) {
    const auto rows = parse_csv(body);
    if (!rows) return fail(rows.error());
    if (rows->empty()) return fail(bad_field("body", "is empty"));
    const Table table(*rows);
    if (table.find({"usage_date_utc"})) return parse_console(table);
    if (table.find({"line_item_usage_start_date", "lineItem/UsageStartDate"})) return parse_aws(table);
    return fail(bad_field("body",
                          "has neither the column usage_date_utc of the Anthropic console nor "
                          "line_item_usage_start_date of an AWS Cost and Usage Report"));
}

}  // namespace

Result<Invoice> parse_invoice(std::string_view content_type, std::string_view body) {
    const std::string type = to_lower(trim(content_type.substr(0, content_type.find(';'))));
    if (type != "application/json" && type != "text/csv")
        return fail(bad_field("content-type", "must be application/json or text/csv"));
    auto invoice = type == "text/csv" ? parse_table(body) : parse_cost_report(body);
    if (!invoice) return fail(invoice.error());
    for (const InvoiceRow& row : invoice->rows)
        invoice->days.push_back(row.day);
    std::ranges::sort(invoice->days);
    const auto repeated = std::ranges::unique(invoice->days);
    invoice->days.erase(repeated.begin(), repeated.end());
    if (invoice->days.empty()) return fail(bad_field("body", "holds no cost of Claude"));
    return invoice;
}

}  // namespace gatehouse::admin

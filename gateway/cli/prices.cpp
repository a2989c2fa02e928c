// SPDX-License-Identifier: Apache-2.0
#include "gateway/cli/prices.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <chrono>
#include <vector>

#include "gateway/base/json.h"
#include "gateway/base/money.h"
#include "gateway/base/text.h"

namespace gatehouse::cli {
namespace {

namespace bj = boost::json;
using policy::PriceBook;
using policy::PriceOverride;
using policy::PriceRow;
using policy::Rates;

constexpr std::size_t longest_name = 120;

std::string to_text(std::int64_t rate) {
    return to_dollars_text(Money::nano(rate));
}

/// Parts per million are thousands of nano-dollars of a dollar: the same digits.
std::string to_multiplier_text(std::int64_t parts_per_million) {
    return to_dollars_text(Money::nano(parts_per_million * 1'000));
}

/// `2026-10-07`
std::string to_day_text(Instant when) {
    const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(when)};
    const auto padded = [](unsigned number) { return (number < 10 ? "-0" : "-") + std::to_string(number); };
    return std::to_string(static_cast<int>(date.year())) + padded(static_cast<unsigned>(date.month())) +
           padded(static_cast<unsigned>(date.day()));
}

/// Columns as wide as their widest cell, `left` of them flush left and the rest flush right. The first line is the
/// heading.
std::string to_table(const std::vector<std::vector<std::string>>& lines, std::size_t left) {
    std::vector<std::size_t> widths(lines.front().size());
    for (const auto& line : lines)
        for (std::size_t column = 0; column < line.size(); ++column)
            widths[column] = std::max(widths[column], line[column].size());
    std::string text;
    for (const auto& line : lines) {
        std::string row;
        for (std::size_t column = 0; column < line.size(); ++column) {
            const std::string blanks(widths[column] - line[column].size(), ' ');
            row.append(column == 0 ? "" : "  ");
            row.append(column < left ? line[column] + blanks : blanks + line[column]);
        }
        text.append(row, 0, row.find_last_not_of(' ') + 1).append("\n");
    }
    return text;
}

/// The day on which the model's next row begins; empty for the last.
std::string end_of(const PriceRow& row, const policy::PriceList& list) {
    const PriceRow* next = nullptr;
    for (const PriceRow& other : list.rows)
        if (other.model == row.model && other.from > row.from && (next == nullptr || other.from < next->from))
            next = &other;
    return next == nullptr ? "" : to_day_text(next->from);
}

std::vector<std::string> to_line(std::vector<std::string> line, const Rates& rates) {
    for (const std::int64_t rate :
         {rates.input, rates.output, rates.cache_read, rates.cache_write_5m, rates.cache_write_1h})
        line.push_back(to_text(rate));
    return line;
}

void add_lines(const PriceRow& row, const std::string& name, const std::string& from, const std::string& until,
               std::vector<std::vector<std::string>>& lines) {
    const std::string bound = "prompt > " + std::to_string(row.long_above);
    const auto add = [&](const std::string& tier, const Rates& rates) {
        lines.push_back(to_line({name, from, until, tier}, rates));
        lines.back().push_back(to_dollars_text(row.web_search));
    };
    add("standard", row.standard);
    if (row.long_context) add(bound, *row.long_context);
    if (row.fast) add("fast", *row.fast);
    if (row.fast_long_context) add("fast, " + bound, *row.fast_long_context);
}

bj::object to_object(const Rates& rates) {
    return {{"input", to_text(rates.input)},
            {"output", to_text(rates.output)},
            {"cache_read", to_text(rates.cache_read)},
            {"cache_write_5m", to_text(rates.cache_write_5m)},
            {"cache_write_1h", to_text(rates.cache_write_1h)}};
}

bj::object to_object(const PriceRow& row) {
    bj::object object{{"model", row.model}, {"from", to_day_text(row.from)}};
    for (const auto& [key, value] : to_object(row.standard))
        object[key] = value;
    object["web_search"] = to_dollars_text(row.web_search);
    if (row.long_context) {
        object["long_context"] = to_object(*row.long_context);
        object["long_context"].get_object()["above"] = row.long_above;
    }
    if (row.fast) object["fast"] = to_object(*row.fast);
    if (row.fast_long_context) object["fast_long_context"] = to_object(*row.fast_long_context);
    return object;
}

bj::object to_object(const PriceOverride& row) {
    return {{"upstream", row.upstream},
            {"model", row.model},
            {"input", to_text(row.rates.input)},
            {"output", to_text(row.rates.output)},
            {"cache_read", to_text(row.rates.cache_read)},
            {"cache_write", to_text(row.rates.cache_write_5m)}};
}

bj::object to_object(const policy::PriceList& list) {
    bj::array models;
    for (const PriceRow& row : list.rows)
        models.push_back(to_object(row));
    return {{"version", list.version},
            {"web_search", to_dollars_text(list.unknown.web_search)},
            {"unknown", to_object(list.unknown.standard)},
            {"models", std::move(models)}};
}

}  // namespace

std::string prices_table(const PriceBook& book) {
    const policy::PriceList& list = book.list();
    std::string text = "Price book " + printable(list.version, longest_name) +
                       ": dollars per million tokens, web searches each.\n"
                       "Multiplier " +
                       to_multiplier_text(book.multiplier()) + ", which the figures below do not hold.\n\n";
    std::vector<std::vector<std::string>> lines{
        {"MODEL", "FROM", "UNTIL", "TIER", "INPUT", "OUTPUT", "CACHE READ", "WRITE 5M", "WRITE 1H", "WEB SEARCH"}};
    for (const PriceRow& row : list.rows)
        add_lines(row, printable(row.model, longest_name), to_day_text(row.from), end_of(row, list), lines);
    add_lines(list.unknown, "any other", "", "", lines);
    text += to_table(lines, 4);
    if (book.overrides().empty()) return text + "\nNo overrides.\n";

    lines = {{"UPSTREAM", "MODEL", "INPUT", "OUTPUT", "CACHE READ", "CACHE WRITE"}};
    for (const PriceOverride& row : book.overrides()) {
        lines.push_back(
            to_line({printable(row.upstream, longest_name), printable(row.model, longest_name)}, row.rates));
        lines.back().pop_back();  // both writes cost the same
    }
    return text + "\nOverrides, which come before the list:\n\n" + to_table(lines, 2);
}

std::string prices_json(const PriceBook& book) {
    bj::array overrides;
    for (const PriceOverride& row : book.overrides())
        overrides.push_back(to_object(row));
    const bj::object document{{"version", book.list().version},
                              {"multiplier", to_multiplier_text(book.multiplier())},
                              {"overrides", std::move(overrides)},
                              {"list", to_object(book.list())}};
    return json::to_text(document) + "\n";
}

}  // namespace gatehouse::cli

// SPDX-License-Identifier: Apache-2.0
#include "gateway/settings/price_file.h"

#include <charconv>
#include <chrono>
#include <map>
#include <utility>

#include "gateway/base/text.h"

namespace gatehouse::settings {
namespace {

constexpr int nano_places = 9;
constexpr std::int64_t most_dollars = 1'000'000;
constexpr std::size_t longest_version = 64;

/// The date's part of `length` digits that begins at `begin`.
int part(std::string_view date, std::size_t begin, std::size_t length) {
    int number = -1;
    const char* end = date.data() + begin + length;
    const auto [stop, error] = std::from_chars(date.data() + begin, end, number);
    return error == std::errc{} && stop == end && date[begin] != '-' ? number : -1;
}

/// `2026-10-07`
std::optional<Instant> parse_day(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const int year = part(text, 0, 4);
    const int month = part(text, 5, 2);
    const int day = part(text, 8, 2);
    if (year < 1970 || month < 1 || day < 1) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days{date};
}

policy::Rates read_rates(Section& section) {
    return {.input = read_price(section, "input"),
            .output = read_price(section, "output"),
            .cache_read = read_price(section, "cache_read"),
            .cache_write_5m = read_price(section, "cache_write_5m"),
            .cache_write_1h = read_price(section, "cache_write_1h")};
}

std::optional<policy::Rates> read_tier(Section& row, std::string_view key) {
    Section tier = row.section(key);
    if (!tier.present()) return std::nullopt;
    const policy::Rates rates = read_rates(tier);
    tier.finish();
    return rates;
}

void read_long_context(Section& section, policy::PriceRow& row) {
    Section tier = section.section("long_context");
    if (!tier.present()) return;
    row.long_above = tier.whole("above", 1, 1'000'000'000).value_or(row.long_above);
    row.long_context = read_rates(tier);
    tier.finish();
}

Money read_web_search(Section& section, Money otherwise) {
    return section.has("web_search") ? Money::nano(read_price(section, "web_search")) : otherwise;
}

policy::PriceRow read_row(Section& section, Money web_search) {
    policy::PriceRow row;
    const std::string model = section.required_text("model").value_or("");
    row.model = policy::priced_model(model);
    if (row.model.empty()) row.model = to_lower(model);  // an ARN that names no model: matched as it is
    if (const auto from = section.required_text("from")) {
        const auto day = parse_day(*from);
        if (!day) section.refuse("from", "must be a day such as 2026-10-07");
        row.from = day.value_or(Instant{});
    }
    row.standard = read_rates(section);
    row.web_search = read_web_search(section, web_search);
    read_long_context(section, row);
    row.fast = read_tier(section, "fast");
    row.fast_long_context = read_tier(section, "fast_long_context");
    if (row.fast_long_context && (!row.fast || !row.long_context))
        section.refuse("fast_long_context", "needs fast and long_context");
    section.finish();
    return row;
}

void read_rows(Section& file, Money web_search, policy::PriceList& list) {
    if (file.require("models") == nullptr) return;
    std::map<std::pair<std::string, Instant>, std::string> seen;  ///< to the path of the row
    for (Section& section : file.sections("models")) {
        if (!section.present()) continue;
        policy::PriceRow row = read_row(section, web_search);
        const auto [first, is_new] = seen.try_emplace({row.model, row.from}, section.path());
        if (!is_new && !row.model.empty())
            section.refuse("model", "has the model and the day of " + first->second + ": keep one");
        list.rows.push_back(std::move(row));
    }
    if (seen.empty()) file.refuse("models", "must be a list of at least one price");
}

}  // namespace

std::int64_t read_price(Section& section, std::string_view key) {
    if (!section.has(key)) section.refuse(key, "is required");
    return section.positive_decimal(key, nano_places, most_dollars).value_or(0);
}

policy::PriceList read_price_list(std::string_view text, Problems& problems) {
    YamlNode root = parse_yaml(text, problems);
    policy::PriceList list{.version = {}, .rows = {}, .unknown = policy::builtin_price_list().unknown};
    if (!root.is_mapping()) {
        if (problems.empty()) problems.add(0, "", "the file must be a mapping with version and models");
        return list;
    }
    root.line = 0;
    Section file(problems, &root, "");
    list.version = file.required_text("version").value_or("");
    if (has_unsafe_letter(list.version) || list.version.size() > longest_version)
        file.refuse("version", "must be visible ASCII without blanks, at most 64 characters");
    const Money web_search = read_web_search(file, list.unknown.web_search);
    list.unknown.web_search = web_search;
    if (const auto unknown = read_tier(file, "unknown")) list.unknown.standard = *unknown;
    read_rows(file, web_search, list);
    file.finish();
    return list;
}

}  // namespace gatehouse::settings

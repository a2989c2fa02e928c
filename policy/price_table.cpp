// SPDX-License-Identifier: Apache-2.0
// Anthropic's list prices. docs/pricing.md says where each figure was read; a new price is a new row with its day, and
// a new version.
#include <array>
#include <chrono>

#include "policy/price.h"

namespace gatehouse::policy {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;

/// Thousandths of a dollar per million tokens, in the order of Rates: input, output, cache read, write for 5 minutes,
/// write for an hour.
constexpr Rates rates(std::int64_t input, std::int64_t output, std::int64_t read, std::int64_t write_5m,
                      std::int64_t write_1h) {
    constexpr std::int64_t nano = 1'000'000;
    return {input * nano, output * nano, read * nano, write_5m * nano, write_1h * nano};
}

constexpr Rates opus_until_4_1 = rates(15'000, 75'000, 1'500, 18'750, 30'000);
constexpr Rates opus_since_4_5 = rates(5'000, 25'000, 500, 6'250, 10'000);
constexpr Rates opus_fast = rates(10'000, 50'000, 1'000, 12'500, 20'000);
constexpr Rates opus_fast_until_4_7 = rates(30'000, 150'000, 3'000, 37'500, 60'000);
constexpr Rates sonnet_until_4_6 = rates(3'000, 15'000, 300, 3'750, 6'000);
constexpr Rates sonnet_5 = rates(2'000, 10'000, 200, 2'500, 4'000);
constexpr Rates fable_5 = rates(10'000, 50'000, 1'000, 12'500, 20'000);
constexpr Rates fable_5_1 = rates(10'000, 50'000, 250, 12'500, 20'000);
constexpr Rates fable_5_2 = rates(8'000, 40'000, 200, 10'000, 16'000);
constexpr Rates fable_5_2_fast = rates(16'000, 80'000, 400, 20'000, 32'000);

struct Entry {
    std::string_view model;
    std::chrono::year_month_day from;  ///< its release, where nothing was cheaper or dearer before
    Rates standard;
    std::optional<Rates> fast = {};
    std::int64_t long_above = 200'000;
    std::optional<Rates> long_context = {};
};

constexpr auto entries = std::to_array<Entry>({
    {"claude-fable-5-2", 2026y / 11 / 9, fable_5_2, fable_5_2_fast},
    {"claude-haiku-5-5", 2026y / 10 / 7, rates(100, 500, 10, 125, 200), {}, 100'000, rates(500, 2'500, 50, 625, 1'000)},
    {"claude-sonnet-5-5", 2026y / 10 / 7, rates(2'000, 10'000, 100, 2'500, 4'000)},
    {"claude-sonnet-5-5", 2026y / 9 / 28, sonnet_5},
    {"claude-opus-5-5", 2026y / 9 / 22, rates(4'000, 20'000, 200, 5'000, 8'000),
     rates(8'000, 40'000, 400, 10'000, 16'000)},
    {"claude-fable-5-1", 2026y / 9 / 1, fable_5_1},
    {"claude-opus-5", 2026y / 7 / 24, opus_since_4_5, opus_fast},
    {"claude-sonnet-5", 2026y / 6 / 30, sonnet_5},
    {"claude-fable-5", 2026y / 6 / 9, fable_5},
    {"claude-opus-4-8", 2026y / 5 / 28, opus_since_4_5, opus_fast},
    {"claude-opus-4-7", 2026y / 4 / 16, opus_since_4_5, opus_fast_until_4_7},
    {"claude-sonnet-4-6", 2026y / 2 / 17, sonnet_until_4_6},
    {"claude-opus-4-6", 2026y / 2 / 5, opus_since_4_5, opus_fast_until_4_7},
    {"claude-opus-4-5", 2025y / 11 / 24, opus_since_4_5},
    {"claude-haiku-4-5", 2025y / 10 / 15, rates(1'000, 5'000, 100, 1'250, 2'000)},
    {"claude-sonnet-4-5", 2025y / 9 / 29, sonnet_until_4_6},
    {"claude-opus-4-1", 2025y / 8 / 5, opus_until_4_1},
    {"claude-opus-4", 2025y / 5 / 22, opus_until_4_1},
    {"claude-sonnet-4", 2025y / 5 / 22, sonnet_until_4_6},
    {"claude-3-7-sonnet", 2025y / 2 / 24, sonnet_until_4_6},
    {"claude-3-5-sonnet", 2024y / 10 / 22, sonnet_until_4_6},
    {"claude-3-5-haiku", 2024y / 10 / 22, rates(800, 4'000, 80, 1'000, 1'600)},
    // Not in the catalogue; a `models:` entry may lead to them.
    {"claude-mythos-5-2", 2026y / 11 / 9, fable_5_2, fable_5_2_fast},
    {"claude-mythos-5-1", 2026y / 9 / 1, fable_5_1},
    {"claude-mythos-5", 2026y / 6 / 9, fable_5},
    {"claude-3-opus", 2024y / 3 / 4, opus_until_4_1},
    {"claude-3-haiku", 2024y / 3 / 13, rates(250, 1'250, 30, 300, 500)},
});

PriceList make_list() {
    PriceList list{.version = "2026-11-25", .rows = {}, .unknown = {.model = {}, .standard = opus_since_4_5}};
    for (const Entry& entry : entries)
        list.rows.push_back({.model = std::string(entry.model),
                             .from = sys_days{entry.from},
                             .standard = entry.standard,
                             .long_above = entry.long_above,
                             .long_context = entry.long_context,
                             .fast = entry.fast});
    return list;
}

}  // namespace

const PriceList& builtin_price_list() {
    static const PriceList list = make_list();
    return list;
}

}  // namespace gatehouse::policy

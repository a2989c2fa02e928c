// SPDX-License-Identifier: Apache-2.0
#include "gateway/cli/prices.h"

#include <gtest/gtest.h>

#include <chrono>

#include "gateway/base/json.h"

namespace gatehouse::cli {
namespace {

using namespace std::chrono_literals;

constexpr policy::Rates rates(std::int64_t thousandths) {
    const std::int64_t nano = thousandths * 1'000'000;
    return {nano, 5 * nano, nano / 10, nano * 5 / 4, 2 * nano};
}

policy::PriceBook small_book() {
    policy::PriceList list{.version = "corp-7", .rows = {}, .unknown = {.model = {}, .standard = rates(5'000)}};
    list.rows.push_back({.model = "claude-new",
                         .from = std::chrono::sys_days{2026y / 10 / 7},
                         .standard = rates(100),
                         .long_above = 100'000,
                         .long_context = rates(500),
                         .fast = rates(200)});
    list.rows.push_back(
        {.model = "claude-new", .from = std::chrono::sys_days{2026y / 9 / 1}, .standard = rates(1'000)});
    return policy::PriceBook(std::move(list), {{"eu", "arn:\x1b[2J:prod", rates(3'300)}}, 850'000);
}

TEST(PricesTable, ShowsEveryRateOfEveryTierWithItsDaysAndTheOverrides) {
    EXPECT_EQ(prices_table(small_book()),
              R"(Price book corp-7: dollars per million tokens, web searches each.
Multiplier 0.85, which the figures below do not hold.

MODEL       FROM        UNTIL       TIER             INPUT  OUTPUT  CACHE READ  WRITE 5M  WRITE 1H  WEB SEARCH
claude-new  2026-10-07              standard          0.10    0.50        0.01     0.125      0.20        0.01
claude-new  2026-10-07              prompt > 100000   0.50    2.50        0.05     0.625      1.00        0.01
claude-new  2026-10-07              fast              0.20    1.00        0.02      0.25      0.40        0.01
claude-new  2026-09-01  2026-10-07  standard          1.00    5.00        0.10      1.25      2.00        0.01
any other                           standard          5.00   25.00        0.50      6.25     10.00        0.01

Overrides, which come before the list:

UPSTREAM  MODEL          INPUT  OUTPUT  CACHE READ  CACHE WRITE
eu        arn:?[2J:prod   3.30   16.50        0.33        4.125
)");
}

TEST(PricesTable, SaysSoWhenThereAreNoOverrides) {
    EXPECT_TRUE(prices_table(*policy::builtin_price_book()).ends_with("\n\nNo overrides.\n"));
}

TEST(PricesJson, HoldsTheListAsAFileHasIt) {
    const auto document = json::parse(prices_json(small_book()));

    ASSERT_TRUE(document);
    EXPECT_EQ(
        json::to_text(*json::find_path(*document, "/list/models/0")),
        R"({"model":"claude-new","from":"2026-10-07","input":"0.10","output":"0.50","cache_read":"0.01",)"
        R"("cache_write_5m":"0.125","cache_write_1h":"0.20","web_search":"0.01","long_context":{"input":"0.50",)"
        R"("output":"2.50","cache_read":"0.05","cache_write_5m":"0.625","cache_write_1h":"1.00","above":100000},)"
        R"("fast":{"input":"0.20","output":"1.00","cache_read":"0.02","cache_write_5m":"0.25","cache_write_1h":"0.40"}})");
    EXPECT_EQ(json::find_string(*document, "version"), "corp-7");
    EXPECT_EQ(json::find_string(*document, "multiplier"), "0.85");
    EXPECT_EQ(json::to_text(*json::find_path(*document, "/overrides/0")),
              R"({"upstream":"eu","model":"arn:\u001b[2J:prod","input":"3.30","output":"16.50","cache_read":"0.33",)"
              R"("cache_write":"4.125"})");
}

}  // namespace
}  // namespace gatehouse::cli

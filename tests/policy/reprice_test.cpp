// SPDX-License-Identifier: Apache-2.0
#include "policy/reprice.h"

#include <gtest/gtest.h>

namespace gatehouse::policy {
namespace {

using namespace std::chrono_literals;

constexpr Instant day = std::chrono::sys_days{2026y / 11 / 25};

Cell cell_of(std::string model, Usage usage, std::int64_t requests, std::int64_t cost) {
    Cell cell{.bucket = day, .who = {}, .usage = usage, .requests = requests, .cost = Money::nano(cost)};
    cell.who.model = model;
    cell.who.upstream = "anthropic";
    cell.who.upstream_model = std::move(model);
    return cell;
}

PriceBook book_with(PriceRow row, std::int64_t multiplier = PriceBook::whole) {
    PriceList list = builtin_price_list();
    list.rows.push_back(std::move(row));
    return PriceBook(std::move(list), {}, multiplier);
}

TEST(Reprice, ShowsWhatABetterBookSays) {
    // Billed as unknown: 1,000,000 × 5,000 + 10,000 × 25,000 = 5.25 dollars. At 2 / 10 it is 2.10.
    Cell cell = cell_of("claude-next-1", {.input = 1'000'000, .output = 10'000}, 12, 5'250'000'000);
    Cell fast = cell;
    fast.who.tier = Tier::fast;
    const PriceBook book = book_with({.model = "claude-next-1",
                                      .from = {},
                                      .standard = {.input = 2'000'000'000, .output = 10'000'000'000},
                                      .fast = Rates{.input = 4'000'000'000, .output = 20'000'000'000}});

    const auto repriced = reprice(std::vector{cell, fast}, book);

    ASSERT_EQ(repriced.size(), 2U);
    EXPECT_EQ(repriced[0], (Repriced{Money::nano(2'100'000'000), Money::nano(-3'150'000'000)}));
    EXPECT_EQ(repriced[1], (Repriced{Money::nano(4'200'000'000), Money::nano(-1'050'000'000)}));
}

TEST(Reprice, FindsNothingWhereTheBookIsTheOneThatBilled) {
    const std::vector<Cell> cells{cell_of("claude-haiku-4-5", {.cache_read = 7, .web_searches = 1}, 3, 10'000'700)};

    EXPECT_EQ(reprice(cells, *builtin_price_book()), (std::vector<Repriced>{{cells[0].cost, Money{}}}));
}

TEST(Reprice, TakesTheRatesOfTheCellsOwnDay) {
    Cell before = cell_of("claude-sonnet-5-5", {.cache_read = 1'000}, 1, 200'000);
    before.bucket = std::chrono::sys_days{2026y / 10 / 6} + 23h;
    Cell after = before;
    after.bucket = std::chrono::sys_days{2026y / 10 / 7};

    const auto repriced = reprice(std::vector{before, after}, *builtin_price_book());

    EXPECT_EQ(repriced[0].difference, Money{});
    EXPECT_EQ(repriced[1].difference, Money::nano(-100'000));
}

TEST(Reprice, DoesNotReportRequestsThatWereRoundedOneByOne) {
    // 1,000 requests of one token at half a nano-dollar: each was billed 1, together they are 500.
    const PriceBook book = book_with({.model = "claude-half", .from = {}, .standard = {.input = 500'000}});
    const Cell rounded = cell_of("claude-half", {.input = 1'000}, 1'000, 1'000);
    const Cell wrong = cell_of("claude-half", {.input = 1'000}, 1'000, 1'002);

    EXPECT_EQ(reprice(std::vector{rounded}, book)[0], (Repriced{Money::nano(1'000), Money{}}));
    EXPECT_EQ(reprice(std::vector{wrong}, book)[0], (Repriced{Money::nano(500), Money::nano(-502)}));
}

}  // namespace
}  // namespace gatehouse::policy

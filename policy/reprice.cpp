// SPDX-License-Identifier: Apache-2.0
#include "policy/reprice.h"

#include <algorithm>

namespace gatehouse::policy {
namespace {

/// Half a nano-dollar per request, and half for the sum, all of them the same way at worst.
bool is_rounding(Money difference, std::int64_t requests) {
    const std::int64_t bound = std::max<std::int64_t>(requests, 0) / 2 + 1;
    return difference.nano() >= -bound && difference.nano() <= bound;
}

Repriced reprice_one(const Cell& cell, const PriceBook& book) {
    const PriceQuery query{
        .upstream = cell.who.upstream, .upstream_model = cell.who.upstream_model, .model = cell.who.model};
    const Money cost = book.cost(query, cell.usage, cell.who.tier, cell.bucket);
    const Money difference = cost - cell.cost;
    if (is_rounding(difference, cell.requests)) return {.cost = cell.cost, .difference = {}};
    return {.cost = cost, .difference = difference};
}

}  // namespace

std::vector<Repriced> reprice(std::span<const Cell> cells, const PriceBook& book) {
    std::vector<Repriced> result;
    result.reserve(cells.size());
    for (const Cell& cell : cells)
        result.push_back(reprice_one(cell, book));
    return result;
}

}  // namespace gatehouse::policy

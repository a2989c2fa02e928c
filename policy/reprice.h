// SPDX-License-Identifier: Apache-2.0
// Prices what was counted once more, after the price book turned out to be wrong: for admin's reports, which show the
// difference. Changes nothing that is stored, and no cap looks at it.
#pragma once

#include <span>
#include <vector>

#include "gateway/base/money.h"
#include "policy/price.h"
#include "policy/rollups.h"

namespace gatehouse::policy {

struct Repriced {
    Money cost;        ///< by the book
    Money difference;  ///< cost - what the cell says

    bool operator==(const Repriced&) const = default;
};

/// One answer for each cell, in their order, with the rates of the moment its bucket begins. Prices change at midnight
/// (UTC), so cells of an hour or a day are exact, and a month's only when none changed within it. The cell's own cost
/// was rounded per request and is kept where nothing but that rounding differs.
std::vector<Repriced> reprice(std::span<const Cell> cells, const PriceBook& book);

}  // namespace gatehouse::policy

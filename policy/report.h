// SPDX-License-Identifier: Apache-2.0
// Reports: filters, groups and ranks what the rollups hold. Pure, called by admin/. Whole numbers only and every fact
// counted in exactly one row, so that the rows of any grouping add up to what was settled, to the last digit.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "policy/price.h"
#include "policy/rollups.h"

namespace gatehouse::policy {

/// What a report can be grouped and filtered by. The last two are what the price tier says.
enum class Dimension : std::uint8_t {
    user,
    group,
    model,
    upstream,
    upstream_model,
    project,
    service_key,
    session,
    agent,
    context_window,
    speed,
};

struct Sum {
    Usage usage;
    std::int64_t requests = 0;
    Money cost;
    Money repriced;  ///< what another price book makes of the same counters, where a report asks for it

    Sum& operator+=(const Sum& more);
    bool operator==(const Sum&) const = default;
};

/// One figure with every name it has. A row of a report is one too, whose other names are empty.
struct Fact {
    Instant bucket;
    Dimensions who;
    std::string session;
    std::string agent;
    Sum sum;

    bool operator==(const Fact&) const = default;
};

Fact to_fact(Cell cell);
Fact to_fact(SessionCell cell, std::string_view user);
std::vector<Fact> to_facts(std::vector<Cell> cells);
/// With what that book makes of them (reprice.h).
std::vector<Fact> to_facts(std::vector<Cell> cells, const PriceBook& book);

/// Valid as long as `fact`. Empty where there is none.
std::string_view value_of(const Fact& fact, Dimension dimension);

/// For each dimension the values that are let through; a dimension that is not here lets everything through.
using Filter = std::map<Dimension, std::vector<std::string>>;
void keep_only(std::vector<Fact>& facts, const Filter& filter);

/// One row for every bucket and combination of those dimensions' values, in that order.
std::vector<Fact> grouped(const std::vector<Fact>& facts, const std::vector<Dimension>& by);
Sum total(const std::vector<Fact>& facts);

/// The highest costs of one dimension, whatever the bucket; those without a value are nobody's and in `rest`.
struct Ranking {
    std::vector<Fact> rows;  ///< most expensive first, then by name
    Sum rest;                ///< everything else: rows and rest are the total
};
Ranking top(const std::vector<Fact>& facts, Dimension by, std::size_t most);

/// Spend that no group, or no project, answers for.
struct Unallocated {
    Sum no_group;
    Sum no_project;
};
Unallocated unallocated(const std::vector<Fact>& facts);

}  // namespace gatehouse::policy

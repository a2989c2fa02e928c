// SPDX-License-Identifier: Apache-2.0
#include "policy/report.h"

#include <algorithm>
#include <compare>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "policy/reprice.h"

namespace gatehouse::policy {
namespace {

bool is_long(Tier tier) {
    return tier == Tier::long_context || tier == Tier::fast_long_context;
}

bool is_fast(Tier tier) {
    return tier == Tier::fast || tier == Tier::fast_long_context;
}

Tier tier_of(bool long_context, bool fast) {
    if (fast) return long_context ? Tier::fast_long_context : Tier::fast;
    return long_context ? Tier::long_context : Tier::standard;
}

/// `fact` with the names of those dimensions and no others.
Fact only(const Fact& fact, const std::vector<Dimension>& by) {
    Fact row;
    row.bucket = fact.bucket;
    bool long_context = false;
    bool fast = false;
    for (const Dimension dimension : by) {
        std::string value(value_of(fact, dimension));
        switch (dimension) {
            case Dimension::user:
                row.who.user = std::move(value);
                break;
            case Dimension::group:
                row.who.group = std::move(value);
                break;
            case Dimension::model:
                row.who.model = std::move(value);
                break;
            case Dimension::upstream:
                row.who.upstream = std::move(value);
                break;
            case Dimension::upstream_model:
                row.who.upstream_model = std::move(value);
                break;
            case Dimension::project:
                row.who.project = std::move(value);
                break;
            case Dimension::service_key:
                row.who.service_key = std::move(value);
                break;
            case Dimension::session:
                row.session = std::move(value);
                break;
            case Dimension::agent:
                row.agent = std::move(value);
                break;
            case Dimension::context_window:
                long_context = is_long(fact.who.tier);
                break;
            case Dimension::speed:
                fast = is_fast(fact.who.tier);
                break;
        }
    }
    row.who.tier = tier_of(long_context, fast);
    return row;
}

std::strong_ordering compare(const Fact& left, const Fact& right, const std::vector<Dimension>& by) {
    if (const auto order = left.bucket <=> right.bucket; order != 0) return order;
    for (const Dimension dimension : by)
        if (const auto order = value_of(left, dimension) <=> value_of(right, dimension); order != 0) return order;
    return std::strong_ordering::equal;
}

bool passes(const Fact& fact, const Filter& filter) {
    return std::ranges::all_of(filter, [&](const auto& entry) {
        const auto& [dimension, allowed] = entry;
        return std::ranges::find(allowed, value_of(fact, dimension)) != allowed.end();
    });
}

}  // namespace

Sum& Sum::operator+=(const Sum& more) {
    usage += more.usage;
    requests += more.requests;
    cost += more.cost;
    repriced += more.repriced;
    return *this;
}

Fact to_fact(Cell cell) {
    return {cell.bucket, std::move(cell.who), {}, {}, {cell.usage, cell.requests, cell.cost, {}}};
}

Fact to_fact(SessionCell cell, std::string_view user) {
    Fact fact;
    fact.bucket = cell.day;
    fact.who.user = user;
    fact.who.model = std::move(cell.model);
    fact.who.project = std::move(cell.project);
    fact.session = std::move(cell.session);
    fact.agent = std::move(cell.agent);
    fact.sum = {cell.usage, cell.requests, cell.cost, {}};
    return fact;
}

std::vector<Fact> to_facts(std::vector<Cell> cells) {
    std::vector<Fact> facts;
    facts.reserve(cells.size());
    for (Cell& cell : cells)
        facts.push_back(to_fact(std::move(cell)));
    return facts;
}

std::vector<Fact> to_facts(std::vector<Cell> cells, const PriceBook& book) {
    const auto again = reprice(cells, book);
    std::vector<Fact> facts = to_facts(std::move(cells));
    for (std::size_t index = 0; index < facts.size(); ++index)
        facts[index].sum.repriced = again[index].cost;
    return facts;
}

std::string_view value_of(const Fact& fact, Dimension dimension) {
    switch (dimension) {
        case Dimension::user:
            return fact.who.user;
        case Dimension::group:
            return fact.who.group;
        case Dimension::model:
            return fact.who.model;
        case Dimension::upstream:
            return fact.who.upstream;
        case Dimension::upstream_model:
            return fact.who.upstream_model;
        case Dimension::project:
            return fact.who.project;
        case Dimension::service_key:
            return fact.who.service_key;
        case Dimension::session:
            return fact.session;
        case Dimension::agent:
            return fact.agent;
        case Dimension::context_window:
            return is_long(fact.who.tier) ? "200k-1M" : "0-200k";
        case Dimension::speed:
            return is_fast(fact.who.tier) ? "fast" : "standard";
    }
    return {};
}

void keep_only(std::vector<Fact>& facts, const Filter& filter) {
    if (!filter.empty()) std::erase_if(facts, [&](const Fact& fact) { return !passes(fact, filter); });
}

std::vector<Fact> grouped(const std::vector<Fact>& facts, const std::vector<Dimension>& by) {
    const auto hash = [&by](const Fact* fact) {
        std::size_t sum = std::hash<Instant::rep>{}(fact->bucket.time_since_epoch().count());
        for (const Dimension dimension : by)
            sum = sum * 31 + std::hash<std::string_view>{}(value_of(*fact, dimension));
        return sum;
    };
    const auto same = [&by](const Fact* left, const Fact* right) { return compare(*left, *right, by) == 0; };
    // By the first fact of each row: sorting the rows is less work than sorting the facts.
    std::unordered_map<const Fact*, std::size_t, decltype(hash), decltype(same)> places(facts.size() / 4, hash, same);
    std::vector<Fact> rows;
    for (const Fact& fact : facts) {
        const auto [place, fresh] = places.emplace(&fact, rows.size());
        if (fresh) rows.push_back(only(fact, by));
        rows[place->second].sum += fact.sum;
    }
    std::ranges::sort(rows, [&](const Fact& left, const Fact& right) { return compare(left, right, by) < 0; });
    return rows;
}

Sum total(const std::vector<Fact>& facts) {
    Sum sum;
    for (const Fact& fact : facts)
        sum += fact.sum;
    return sum;
}

Ranking top(const std::vector<Fact>& facts, Dimension by, std::size_t most) {
    std::unordered_map<std::string_view, std::pair<const Fact*, Sum>> sums;
    for (const Fact& fact : facts) {
        auto& [first, sum] = sums.try_emplace(value_of(fact, by), &fact, Sum{}).first->second;
        sum += fact.sum;
    }
    Ranking ranking;
    for (const auto& [value, entry] : sums) {
        if (value.empty()) {
            ranking.rest += entry.second;
            continue;
        }
        Fact& row = ranking.rows.emplace_back(only(*entry.first, {by}));
        row.bucket = {};
        row.sum = entry.second;
    }
    std::ranges::sort(ranking.rows, [&](const Fact& left, const Fact& right) {
        if (left.sum.cost != right.sum.cost) return left.sum.cost > right.sum.cost;
        return value_of(left, by) < value_of(right, by);
    });
    for (std::size_t index = most; index < ranking.rows.size(); ++index)
        ranking.rest += ranking.rows[index].sum;
    ranking.rows.resize(std::min(most, ranking.rows.size()));
    return ranking;
}

Unallocated unallocated(const std::vector<Fact>& facts) {
    Unallocated nobodys;
    for (const Fact& fact : facts) {
        if (fact.who.group.empty()) nobodys.no_group += fact.sum;
        if (fact.who.project.empty()) nobodys.no_project += fact.sum;
    }
    return nobodys;
}

}  // namespace gatehouse::policy

// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/spending.h"

#include <algorithm>
#include <boost/json/value.hpp>
#include <utility>

#include "gateway/base/timestamp.h"
#include "policy/charge.h"

namespace gatehouse::admin {
namespace {

/// So that a report about everybody does not keep the store from the requests.
constexpr std::size_t most_at_once = 600;

}  // namespace

Standings standings_of(policy::Ledger& ledger) {
    return
        [&ledger](std::vector<policy::Limit> limits, Instant now) { return ledger.standings(std::move(limits), now); };
}

Readings readings_of(policy::Ledger& ledger) {
    return
        [&ledger](std::vector<policy::Gauge> gauges, Instant now) { return ledger.readings(std::move(gauges), now); };
}

Task<std::vector<policy::Standing>> read_standings(Standings ledger, std::vector<policy::Limit> limits, Instant now) {
    std::vector<policy::Standing> all;
    for (std::size_t from = 0; from < limits.size(); from += most_at_once) {
        const auto begin = limits.begin() + static_cast<std::ptrdiff_t>(from);
        const auto count = std::min(most_at_once, limits.size() - from);
        std::vector<policy::Limit> piece(begin, begin + static_cast<std::ptrdiff_t>(count));
        const auto standings = co_await ledger(std::move(piece), now);
        if (!standings) co_return fail(standings.error());
        if (standings->size() != count) co_return fail(Error::internal("the ledger left standings out"));
        all.insert(all.end(), standings->begin(), standings->end());
    }
    co_return std::move(all);
}

bool Spender::has_any() const {
    return std::ranges::any_of(standings,
                               [](const auto& each) { return !each.spent.is_zero() || !each.held.is_zero(); });
}

Task<std::vector<Spender>> read_spenders(Standings ledger, std::vector<policy::Principal> people,
                                         std::vector<policy::Period> periods, Instant now) {
    std::vector<policy::Limit> limits;
    for (const policy::Principal& person : people)
        for (const policy::Period period : periods)
            limits.push_back({policy::user_account(person.id), period, Money(), false});
    const auto standings = co_await read_standings(std::move(ledger), std::move(limits), now);
    if (!standings) co_return fail(standings.error());
    std::vector<Spender> spenders;
    auto next = standings->begin();
    for (policy::Principal& person : people) {
        const auto end = next + static_cast<std::ptrdiff_t>(periods.size());
        spenders.push_back({std::move(person), {next, end}});
        next = end;
    }
    co_return std::move(spenders);
}

void add_standing(boost::json::object& row, const policy::Standing& standing) {
    row["period_to_date_spend"] = to_cents_text(standing.spent);
    row["held"] = to_cents_text(standing.held);
}

void add_cap(boost::json::object& row, policy::Period period, const policy::Cap* cap) {
    const bool limited = cap != nullptr && cap->amount;
    row["amount"] = limited ? boost::json::value(*cap->amount) : boost::json::value();
    row["currency"] = "USD";
    row["period"] = policy::to_slug(period);
    row["source"] = cap != nullptr ? policy::to_json(*cap)["scope"] : boost::json::value();
    row["spend_limit_id"] = cap != nullptr ? boost::json::value(cap->id) : boost::json::value();
    if (cap != nullptr && cap->expires_at) row["expires_at"] = to_timestamp(*cap->expires_at);
}

bool is_reached(const policy::Cap& cap, const policy::Standing& standing) {
    const auto limit = cap.limit();
    return limit && !policy::grant(Money::nano(1), *limit - standing.spent, Money());
}

}  // namespace gatehouse::admin

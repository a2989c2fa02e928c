// SPDX-License-Identifier: Apache-2.0
#include "gateway/store/redis_ledger.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <utility>

#include "gateway/store/paused_record.h"
#include "gateway/store/record.h"
#include "gateway/store/rollup_keys.h"
#include "gateway/store/scripts.h"

namespace gatehouse::store {
namespace {

/// Longer than anything that can be held, and than the longest period: what is left of a crash goes in the end.
constexpr std::chrono::days held_life{70};
/// How long a settlement may wait on disk and still be known to have been added.
constexpr std::chrono::days seen_life{400};

std::string seconds_text(std::chrono::seconds life) {
    return std::to_string(life.count());
}

std::string to_text(Money amount) {
    return std::to_string(amount.nano());
}

/// A counter outlives its period by a week, for settlements that come late.
std::string counter_life(policy::Period period) {
    switch (period) {
        case policy::Period::daily:
            return seconds_text(std::chrono::days{8});
        case policy::Period::weekly:
            return seconds_text(std::chrono::days{14});
        case policy::Period::monthly:
            return seconds_text(std::chrono::days{38});
    }
    return {};
}

Money to_money(const Reply& reply) {
    std::int64_t nano = 0;
    std::from_chars(reply.text.data(), reply.text.data() + reply.text.size(), nano);
    return Money::nano(reply.kind == Reply::Kind::integer ? reply.integer : nano);
}

std::string to_document(const policy::Principal& principal) {
    boost::json::object document;
    document["email"] = principal.email;
    document["name"] = principal.name;
    document["groups"] = boost::json::array(principal.groups.begin(), principal.groups.end());
    document["service"] = principal.service;
    document["seen"] = principal.last_seen.time_since_epoch().count();
    return boost::json::serialize(document);
}

/// The limits of one account, together.
struct Account {
    std::string name;
    std::vector<std::size_t> limits;
};

std::vector<Account> by_account(const std::vector<policy::Limit>& limits) {
    std::vector<Account> accounts;
    for (std::size_t index = 0; index < limits.size(); ++index) {
        auto found = std::ranges::find(accounts, limits[index].account, &Account::name);
        if (found == accounts.end()) found = accounts.insert(accounts.end(), Account{limits[index].account, {}});
        found->limits.push_back(index);
    }
    return accounts;
}

/// A counter that went down would give back what was spent: what a provider claims is never below zero.
std::string count(std::int64_t tokens) {
    return std::to_string(std::max<std::int64_t>(tokens, 0));
}

Error malformed(std::string_view script) {
    return Error::unavailable(Reason::store_refused, "the store refused the operation",
                              std::string(script).append(" gave an answer of another shape"));
}

/// Items of the script's answer before those of the limits.
constexpr std::size_t fixed_items = 5;

std::string or_none(const std::optional<std::int64_t>& bound) {
    return std::to_string(bound.value_or(0));
}
std::string or_none(const std::optional<Money>& bound) {
    return to_text(bound.value_or(Money()));
}

/// What reserve.lua is called with, and which limit each of its answers is about.
struct Reservation {
    std::vector<std::string> keys;
    std::vector<std::string> arguments;
    std::vector<std::size_t> order;
};

void add_gauges(const policy::Hold& hold, Reservation& into) {
    for (const policy::Gauge& gauge : hold.gauges) {
        into.keys.push_back(level_key(gauge.name));
        into.keys.push_back(under_way_key(gauge.name));
        into.arguments.push_back(or_none(gauge.rates.requests));
        into.arguments.push_back(or_none(gauge.rates.tokens));
        into.arguments.push_back(or_none(gauge.rates.cost));
        into.arguments.push_back(or_none(gauge.rates.concurrent));
    }
    if (!hold.watch) return;
    into.keys.push_back(stretch_key(hold.watch->user, hold.watch->session));
    into.keys.push_back(paused_key(hold.watch->user));
    into.keys.emplace_back(paused_users_key);
    into.arguments.push_back(hold.watch->session);
    into.arguments.push_back(hold.watch->user);
    into.arguments.push_back(or_none(hold.watch->rule.cost));
    into.arguments.push_back(or_none(hold.watch->rule.requests));
    into.arguments.push_back(std::to_string(hold.watch->rule.within.count()));
}

Reservation to_reservation(const policy::Hold& hold) {
    const std::vector<Account> accounts = by_account(hold.limits);
    Reservation result;
    result.arguments = {hold.id,
                        store::to_text(hold.now),
                        store::to_text(hold.now + hold.lifetime),
                        to_text(std::max(hold.estimate, Money::nano(1))),
                        seconds_text(held_life),
                        std::to_string(std::max<std::int64_t>(hold.tokens, 0)),
                        std::to_string(accounts.size()),
                        std::to_string(hold.gauges.size()),
                        hold.watch ? "1" : "0"};
    for (const Account& account : accounts) {
        result.keys.push_back(held_key(account.name));
        result.keys.push_back(expiry_key(account.name));
        result.arguments.push_back(std::to_string(account.limits.size()));
        for (const std::size_t index : account.limits) {
            result.keys.push_back(spent_key(account.name, hold.limits[index].period, hold.now));
            result.arguments.push_back(to_text(hold.limits[index].amount));
            result.order.push_back(index);
        }
    }
    add_gauges(hold, result);
    return result;
}

/// Of the script's numbers, which begin at one.
std::optional<policy::Braked> to_braked(const policy::Hold& hold, const Reply& reply) {
    constexpr std::array measures{policy::Measure::requests, policy::Measure::tokens, policy::Measure::cost,
                                  policy::Measure::concurrent};
    const auto gauge = static_cast<std::size_t>(reply.items[2].integer - 1);
    const auto measure = static_cast<std::size_t>(reply.items[3].integer - 1);
    if (gauge >= hold.gauges.size() || measure >= measures.size()) return std::nullopt;
    return policy::Braked{hold.gauges[gauge].scope, measures[measure],
                          std::chrono::milliseconds(reply.items[4].integer)};
}

}  // namespace

Task<policy::Held> RedisLedger::reserve(policy::Hold hold) {
    Reservation reservation = to_reservation(hold);
    const auto reply =
        co_await redis_.run(scripts::reserve, std::move(reservation.keys), std::move(reservation.arguments));
    if (!reply) co_return fail(reply.error());
    if (reply->items.size() != fixed_items + 2 * reservation.order.size()) co_return fail(malformed("reserve"));
    policy::Held held;
    const auto verdict = reply->items[0].integer;
    held.granted = verdict == 1;
    if (held.granted && !hold.limits.empty()) held.reserved = to_money(reply->items[1]);
    if (verdict == 2) held.braked = to_braked(hold, *reply);
    if (verdict == 3 || verdict == 4) {
        held.paused = parse_paused(reply->items[2].text);
        if (!held.paused) co_return fail(malformed("reserve"));
        held.paused->session = hold.watch->session;
    }
    held.standings.resize(hold.limits.size());
    for (std::size_t place = 0; place < reservation.order.size(); ++place)
        held.standings[reservation.order[place]] = {to_money(reply->items[fixed_items + 2 * place]),
                                                    to_money(reply->items[fixed_items + 1 + 2 * place])};
    co_return held;
}

Task<> RedisLedger::hold(std::string id, std::vector<std::string> accounts, std::vector<policy::Gauge> gauges,
                         Money amount, Instant expires_at) {
    std::erase_if(gauges, [](const policy::Gauge& gauge) { return !gauge.rates.concurrent; });
    if (accounts.empty() && gauges.empty()) co_return Result<>{};
    std::vector<std::string> keys;
    for (const std::string& account : accounts) {
        keys.push_back(held_key(account));
        keys.push_back(expiry_key(account));
    }
    for (const policy::Gauge& gauge : gauges)
        keys.push_back(under_way_key(gauge.name));
    std::vector<std::string> arguments{std::move(id), to_text(amount), to_text(expires_at), seconds_text(held_life),
                                       std::to_string(accounts.size())};
    const auto done = co_await redis_.run(scripts::hold, std::move(keys), std::move(arguments));
    if (!done) co_return fail(done.error());
    co_return Result<>{};
}

Task<> RedisLedger::finish(policy::Finish finish) {
    std::vector<std::string> keys;
    std::vector<std::string> arguments{finish.id,
                                       to_text(finish.now),
                                       std::to_string(finish.drawn.tokens - finish.guessed.tokens),
                                       to_text(finish.drawn.cost - finish.guessed.cost),
                                       to_text(std::max(finish.drawn.cost, Money())),
                                       std::to_string(finish.gauges.size())};
    for (const policy::Gauge& gauge : finish.gauges) {
        keys.push_back(level_key(gauge.name));
        keys.push_back(under_way_key(gauge.name));
        arguments.push_back(or_none(gauge.rates.requests));
        arguments.push_back(or_none(gauge.rates.tokens));
        arguments.push_back(or_none(gauge.rates.cost));
    }
    if (finish.watch) keys.push_back(stretch_key(finish.watch->user, finish.watch->session));
    const auto done = co_await redis_.run(scripts::finish_request, std::move(keys), std::move(arguments));
    if (!done) co_return fail(done.error());
    co_return Result<>{};
}

Task<> RedisLedger::post(policy::Charge charge, SettlementId id, std::string record) {
    const Retention retention = retention_();
    const policy::Dimensions& who = charge.who;
    policy::Dimensions total = who;
    total.user.clear();
    total.service_key.clear();
    std::vector<std::string> keys{seen_key(id.epoch),
                                  std::string(records_key),
                                  std::string(principals_key),
                                  cells_key(policy::Grain::hour, charge.when),
                                  cells_key(policy::Grain::day, charge.when),
                                  cells_key(policy::Grain::month, charge.when),
                                  totals_key(charge.when),
                                  sessions_key(who.user, charge.when),
                                  std::string(touched_key),
                                  std::string(touches_key)};
    for (const std::string& account : charge.accounts) {
        keys.push_back(held_key(account));
        keys.push_back(expiry_key(account));
        for (const policy::Period period : policy::every_period)
            keys.push_back(spent_key(account, period, charge.when));
    }
    std::vector<std::string> arguments{std::to_string(id.number),
                                       charge.request_id,
                                       to_text(std::max(charge.cost, Money())),
                                       count(charge.usage.input),
                                       count(charge.usage.output),
                                       count(charge.usage.cache_read),
                                       count(charge.usage.cache_write_5m),
                                       count(charge.usage.cache_write_1h),
                                       count(charge.usage.web_searches),
                                       cell_name(who),
                                       cell_name(total),
                                       session_cell_name(charge.session, charge.agent, who.model),
                                       seconds_text(seen_life),
                                       seconds_text(retention.detail),
                                       seconds_text(retention.spend),
                                       seconds_text(retention.detail)};
    for (const policy::Period period : policy::every_period)
        arguments.push_back(counter_life(period));
    arguments.push_back(std::to_string(retention.records));
    arguments.push_back(std::move(record));
    arguments.push_back(who.user);
    arguments.push_back(charge.principal ? to_document(*charge.principal) : "");
    if (retention.notes_touched)
        for (const std::string& account : charge.accounts)
            arguments.push_back(touched_name(account, charge.when));
    const auto done = co_await redis_.run(scripts::settle, std::move(keys), std::move(arguments));
    if (!done) co_return fail(done.error());
    co_return Result<>{};
}

Task<std::vector<policy::Standing>> RedisLedger::standings(std::vector<policy::Limit> limits, Instant now) {
    std::vector<std::string> keys;
    for (const policy::Limit& limit : limits) {
        keys.push_back(spent_key(limit.account, limit.period, now));
        keys.push_back(held_key(limit.account));
        keys.push_back(expiry_key(limit.account));
    }
    std::vector<policy::Standing> standings;
    if (keys.empty()) co_return standings;
    std::vector<std::string> arguments{store::to_text(now)};
    const auto reply = co_await redis_.run(scripts::standings, std::move(keys), std::move(arguments));
    if (!reply) co_return fail(reply.error());
    if (reply->items.size() != 2 * limits.size()) co_return fail(malformed("standings"));
    for (std::size_t at = 0; at < reply->items.size(); at += 2)
        standings.push_back({to_money(reply->items[at]), to_money(reply->items[at + 1])});
    co_return standings;
}

}  // namespace gatehouse::store

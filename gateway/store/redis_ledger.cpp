// SPDX-License-Identifier: Apache-2.0
#include "gateway/store/redis_ledger.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <utility>

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

}  // namespace

Task<policy::Held> RedisLedger::reserve(policy::Hold hold) {
    const std::vector<Account> accounts = by_account(hold.limits);
    std::vector<std::string> keys;
    std::vector<std::string> arguments{hold.id,
                                       to_text(hold.now),
                                       to_text(hold.now + hold.lifetime),
                                       to_text(std::max(hold.estimate, Money::nano(1))),
                                       seconds_text(held_life),
                                       std::to_string(accounts.size())};
    std::vector<std::size_t> order;
    for (const Account& account : accounts) {
        keys.push_back(held_key(account.name));
        keys.push_back(expiry_key(account.name));
        arguments.push_back(std::to_string(account.limits.size()));
        for (const std::size_t index : account.limits) {
            keys.push_back(spent_key(account.name, hold.limits[index].period, hold.now));
            arguments.push_back(to_text(hold.limits[index].amount));
            order.push_back(index);
        }
    }
    const auto reply = co_await redis_.run(scripts::reserve, std::move(keys), std::move(arguments));
    if (!reply) co_return fail(reply.error());
    if (reply->items.size() != 2 + 2 * order.size()) co_return fail(malformed("reserve"));
    policy::Held held;
    held.granted = reply->items[0].integer == 1;
    held.reserved = held.granted ? to_money(reply->items[1]) : Money();
    held.standings.resize(order.size());
    for (std::size_t place = 0; place < order.size(); ++place)
        held.standings[order[place]] = {to_money(reply->items[2 + 2 * place]), to_money(reply->items[3 + 2 * place])};
    co_return held;
}

Task<> RedisLedger::hold(std::string id, std::vector<std::string> accounts, Money amount, Instant expires_at) {
    if (accounts.empty()) co_return Result<>{};
    std::vector<std::string> keys;
    for (const std::string& account : accounts) {
        keys.push_back(held_key(account));
        keys.push_back(expiry_key(account));
    }
    std::vector<std::string> arguments{std::move(id), to_text(amount), to_text(expires_at), seconds_text(held_life)};
    const auto done = co_await redis_.run(scripts::hold, std::move(keys), std::move(arguments));
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
                                  sessions_key(who.user, charge.when)};
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
    const auto done = co_await redis_.run(scripts::settle, std::move(keys), std::move(arguments));
    if (!done) co_return fail(done.error());
    co_return Result<>{};
}

Task<std::vector<policy::Standing>> RedisLedger::standings(std::vector<policy::Limit> limits, Instant now) {
    std::vector<Command> commands;
    for (const policy::Limit& limit : limits) {
        commands.push_back({"GET", spent_key(limit.account, limit.period, now)});
        commands.push_back({"HGET", held_key(limit.account), "held"});
    }
    const auto replies = co_await redis_.send_all(std::move(commands));
    if (!replies) co_return fail(replies.error());
    std::vector<policy::Standing> standings;
    for (std::size_t at = 0; at + 1 < replies->size(); at += 2)
        standings.push_back({to_money((*replies)[at]), to_money((*replies)[at + 1])});
    co_return standings;
}

}  // namespace gatehouse::store

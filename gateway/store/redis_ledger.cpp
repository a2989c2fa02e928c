// SPDX-License-Identifier: Apache-2.0
#include "gateway/store/redis_ledger.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <utility>

#include "gateway/store/paused_record.h"
#include "gateway/store/record.h"
#include "gateway/store/rollup_cells.h"
#include "gateway/store/rollup_keys.h"
#include "gateway/store/scripts.h"

namespace gatehouse::store {
namespace {

/// Longer than any request is under way: what is left of a crash goes in the end.
constexpr std::chrono::days under_way_life{2};
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

std::vector<std::string> reservation_keys() {
    return {std::string(expiries_key), std::string(reservations_key), std::string(held_key)};
}

void append_busy_keys(const std::vector<policy::Gauge>& gauges, std::vector<std::string>& keys) {
    for (const policy::Gauge& gauge : gauges)
        if (gauge.rates.concurrent) keys.push_back(under_way_key(gauge.name));
}

/// What reserve.lua is called with.
struct Call {
    std::vector<std::string> keys;
    std::vector<std::string> arguments;
};

/// The place of `value` among `values`, where it is put when it is not there; beginning at one, as Lua counts.
template <class Value>
std::size_t number_in(std::vector<Value>& values, const Value& value) {
    const auto found = std::ranges::find(values, value);
    if (found != values.end()) return static_cast<std::size_t>(found - values.begin()) + 1;
    values.push_back(value);
    return values.size();
}

/// What it reads, and what it bounds a minute.
void append_level(const policy::Gauge& gauge, Call& call) {
    call.keys.push_back(level_key(gauge.name));
    call.arguments.push_back(or_none(gauge.rates.requests));
    call.arguments.push_back(or_none(gauge.rates.tokens));
    call.arguments.push_back(or_none(gauge.rates.cost));
}

void add_brakes(const policy::Hold& hold, Call& call) {
    for (const policy::Gauge& gauge : hold.gauges) {
        append_level(gauge, call);
        call.arguments.push_back(or_none(gauge.rates.concurrent));
    }
    if (hold.watch) {
        call.keys.push_back(stretch_key(hold.watch->user, hold.watch->session));
        call.keys.push_back(paused_key(hold.watch->user));
        call.keys.emplace_back(paused_users_key);
        call.arguments.push_back(hold.watch->session);
        call.arguments.push_back(hold.watch->user);
        call.arguments.push_back(or_none(hold.watch->rule.cost));
        call.arguments.push_back(or_none(hold.watch->rule.requests));
        call.arguments.push_back(std::to_string(hold.watch->rule.within.count()));
    }
    append_busy_keys(hold.gauges, call.keys);
}

Call to_call(const policy::Hold& hold) {
    std::vector<policy::Period> periods;
    std::vector<std::string> accounts;
    std::vector<std::string> limits;
    for (const policy::Limit& limit : hold.limits) {
        limits.push_back(std::to_string(number_in(accounts, limit.account)));
        limits.push_back(std::to_string(number_in(periods, limit.period)));
        limits.push_back(to_text(limit.amount));
    }
    Call call{.keys = reservation_keys(),
              .arguments = {hold.id, store::to_text(hold.now), store::to_text(hold.now + hold.lifetime),
                            to_text(std::max(hold.estimate, Money::nano(1))), seconds_text(under_way_life),
                            std::to_string(std::max<std::int64_t>(hold.tokens, 0)), std::to_string(periods.size()),
                            std::to_string(accounts.size()), std::to_string(hold.limits.size()),
                            std::to_string(hold.gauges.size()), hold.watch ? "1" : "0"}};
    for (const policy::Period period : periods)
        call.keys.push_back(spent_key(period, hold.now));
    std::ranges::move(accounts, std::back_inserter(call.arguments));
    std::ranges::move(limits, std::back_inserter(call.arguments));
    add_brakes(hold, call);
    return call;
}

/// As end_request.part.lua wants it.
void append_finish(const policy::Finish& finish, Call& call) {
    call.arguments.push_back(store::to_text(finish.now));
    call.arguments.push_back(std::to_string(finish.drawn.tokens - finish.guessed.tokens));
    call.arguments.push_back(to_text(finish.drawn.cost - finish.guessed.cost));
    call.arguments.push_back(to_text(std::max(finish.drawn.cost, Money())));
    call.arguments.push_back(std::to_string(finish.gauges.size()));
    call.arguments.emplace_back(finish.watch ? "1" : "0");
    for (const policy::Gauge& gauge : finish.gauges)
        append_level(gauge, call);
    if (finish.watch) call.keys.push_back(stretch_key(finish.watch->user, finish.watch->session));
    append_busy_keys(finish.gauges, call.keys);
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
    Call call = to_call(hold);
    const auto reply = co_await redis_.run(scripts::reserve, std::move(call.keys), std::move(call.arguments));
    if (!reply) co_return fail(reply.error());
    if (reply->items.size() != fixed_items + 2 * hold.limits.size()) co_return fail(malformed("reserve"));
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
    for (std::size_t at = fixed_items; at < reply->items.size(); at += 2)
        held.standings.push_back({to_money(reply->items[at]), to_money(reply->items[at + 1])});
    co_return held;
}

Task<> RedisLedger::hold(std::string id, std::vector<std::string> accounts, std::vector<policy::Gauge> gauges,
                         Money amount, Instant expires_at) {
    std::vector<std::string> keys = reservation_keys();
    append_busy_keys(gauges, keys);
    if (accounts.empty() && keys.size() == 3) co_return Result<>{};
    std::vector<std::string> arguments{std::move(id), to_text(amount), to_text(expires_at),
                                       seconds_text(under_way_life)};
    std::ranges::move(accounts, std::back_inserter(arguments));
    const auto done = co_await redis_.run(scripts::hold, std::move(keys), std::move(arguments));
    if (!done) co_return fail(done.error());
    co_return Result<>{};
}

Task<> RedisLedger::release(std::string id) {
    std::vector<std::string> arguments{std::move(id)};
    const auto done = co_await redis_.run(scripts::release, reservation_keys(), std::move(arguments));
    if (!done) co_return fail(done.error());
    co_return Result<>{};
}

Task<> RedisLedger::finish(policy::Finish finish) {
    Call call{.keys = {}, .arguments = {finish.id}};
    append_finish(finish, call);
    const auto done = co_await redis_.run(scripts::finish_request, std::move(call.keys), std::move(call.arguments));
    if (!done) co_return fail(done.error());
    co_return Result<>{};
}

Task<> RedisLedger::post(policy::Charge charge, SettlementId id, std::string record,
                         std::optional<policy::Finish> finish) {
    const Retention retention = retention_();
    const policy::Dimensions& who = charge.who;
    policy::Dimensions total = who;
    total.user.clear();
    total.service_key.clear();
    Call call{.keys = reservation_keys(), .arguments = {}};
    call.keys.push_back(seen_key(id.epoch));
    call.keys.emplace_back(records_key);
    call.keys.emplace_back(principals_key);
    for (const policy::Grain grain : {policy::Grain::hour, policy::Grain::day, policy::Grain::month})
        call.keys.push_back(cells_key(grain, charge.when));
    call.keys.push_back(totals_key(charge.when));
    call.keys.push_back(sessions_key(who.user, charge.when));
    call.keys.emplace_back(touched_key);
    call.keys.emplace_back(touches_key);
    for (const policy::Period period : policy::every_period)
        call.keys.push_back(spent_key(period, charge.when));
    call.arguments = {std::to_string(id.number),
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
                      session_cell_name(charge.session, charge.agent, who.model, who.project),
                      seconds_text(seen_life),
                      seconds_text(retention.detail),
                      seconds_text(retention.spend),
                      seconds_text(retention.detail)};
    for (const policy::Period period : policy::every_period)
        call.arguments.push_back(counter_life(period));
    call.arguments.push_back(std::to_string(retention.records));
    call.arguments.push_back(std::move(record));
    call.arguments.push_back(who.user);
    call.arguments.push_back(charge.principal ? principal_document(*charge.principal) : "");
    call.arguments.push_back(std::to_string(charge.accounts.size()));
    call.arguments.push_back(std::to_string(retention.notes_touched ? charge.accounts.size() : 0));
    call.arguments.emplace_back(finish ? "1" : "0");
    std::ranges::copy(charge.accounts, std::back_inserter(call.arguments));
    if (retention.notes_touched)
        for (const std::string& account : charge.accounts)
            call.arguments.push_back(touched_name(account, charge.when));
    if (finish) append_finish(*finish, call);
    const auto done = co_await redis_.run(scripts::settle, std::move(call.keys), std::move(call.arguments));
    if (!done) co_return fail(done.error());
    co_return Result<>{};
}

Task<std::vector<policy::Standing>> RedisLedger::standings(std::vector<policy::Limit> limits, Instant now) {
    std::vector<policy::Standing> standings;
    if (limits.empty()) co_return standings;
    std::vector<std::string> keys = reservation_keys();
    std::vector<std::string> arguments{store::to_text(now)};
    for (policy::Limit& limit : limits) {
        keys.push_back(spent_key(limit.period, now));
        arguments.push_back(std::move(limit.account));
    }
    const auto reply = co_await redis_.run(scripts::standings, std::move(keys), std::move(arguments));
    if (!reply) co_return fail(reply.error());
    if (reply->items.size() != 2 * limits.size()) co_return fail(malformed("standings"));
    for (std::size_t at = 0; at < reply->items.size(); at += 2)
        standings.push_back({to_money(reply->items[at]), to_money(reply->items[at + 1])});
    co_return standings;
}

}  // namespace gatehouse::store

// SPDX-License-Identifier: Apache-2.0
#include "gateway/store/redis_ledger.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <utility>

#include "gateway/base/log.h"
#include "gateway/base/text.h"
#include "gateway/store/paused_record.h"
#include "gateway/store/record.h"
#include "gateway/store/rollup_keys.h"
#include "gateway/store/scripts.h"

namespace gatehouse::store {
namespace {

namespace asio = boost::asio;

Money to_money(const Reply& reply) {
    std::int64_t nano = 0;
    std::from_chars(reply.text.data(), reply.text.data() + reply.text.size(), nano);
    return Money::nano(reply.kind == Reply::Kind::integer ? reply.integer : nano);
}

Error malformed(std::string_view script) {
    return Error::unavailable(Reason::store_refused, "the store refused the operation",
                              std::string(script).append(" gave an answer of another shape"));
}

/// Of the script's numbers, which begin at one.
std::optional<policy::Braked> to_braked(const policy::Hold& hold, std::string_view answer) {
    constexpr std::array measures{policy::Measure::requests, policy::Measure::tokens, policy::Measure::cost,
                                  policy::Measure::concurrent};
    const auto gauge = static_cast<std::size_t>(take_number(answer).value_or(0) - 1);
    const auto measure = static_cast<std::size_t>(take_number(answer).value_or(0) - 1);
    const auto wait = take_number(answer);
    if (gauge >= hold.gauges.size() || measure >= measures.size() || !wait) return std::nullopt;
    return policy::Braked{hold.gauges[gauge].scope, measures[measure], std::chrono::milliseconds(*wait)};
}

/// As reserve.lua gives it.
std::optional<policy::Held> to_held(const policy::Hold& hold, std::string_view answer) {
    policy::Held held;
    held.standings.reserve(hold.limits.size());
    for (std::size_t limit = 0; limit < hold.limits.size(); ++limit) {
        const auto spent = take_number(answer);
        if (!spent) return std::nullopt;
        held.standings.push_back({.spent = Money::nano(*spent), .held = {}});
    }
    for (std::size_t limit = 0; limit < hold.limits.size(); ++limit) {
        const auto first = std::ranges::find(hold.limits, hold.limits[limit].account, &policy::Limit::account);
        const auto before = static_cast<std::size_t>(first - hold.limits.begin());
        const auto nano = before < limit ? held.standings[before].held.nano() : take_number(answer);
        if (!nano) return std::nullopt;
        held.standings[limit].held = Money::nano(*nano);
    }
    const auto verdict = take_number(answer);
    if (!verdict) return std::nullopt;
    held.granted = *verdict == 1;
    if (held.granted && !hold.limits.empty()) held.reserved = Money::nano(take_number(answer).value_or(0));
    if (*verdict == 2) held.braked = to_braked(hold, answer);
    if (*verdict == 3 || *verdict == 4) {
        held.paused = parse_paused(answer);
        if (!held.paused) return std::nullopt;
        held.paused->session = hold.watch->session;
        // Kept is the moment of the call, which may have begun for others.
        if (*verdict == 4) held.paused->since = hold.now;
    }
    return held;
}

/// Without those that it was told were added before; in the order of `seen`, which counts from one.
Result<> drop_seen(std::vector<Settlement>& settlements, const Reply& seen) {
    for (auto place = seen.items.rbegin(); place != seen.items.rend(); ++place) {
        const auto at = place->integer - 1;
        if (at < 0 || at >= std::ssize(settlements)) return fail(malformed("settle"));
        settlements.erase(settlements.begin() + at);
    }
    return {};
}

/// As level.part.lua keeps it; empty when there is none.
policy::Level to_level(std::string_view kept) {
    constexpr double millionths = 1e6;
    std::array<std::int64_t, 4> numbers{};
    for (std::int64_t& number : numbers) {
        const auto taken = take_number(kept);
        if (!taken) return {};
        number = *taken;
    }
    const auto& [requests, tokens, nano, at] = numbers;
    return {.requests = static_cast<double>(requests) / millionths,
            .tokens = static_cast<double>(tokens) / millionths,
            .nano = static_cast<double>(nano),
            .at = Instant{std::chrono::milliseconds(at)}};
}

}  // namespace

asio::awaitable<std::vector<Result<policy::Held>>> RedisLedger::reserve(std::vector<policy::Hold> holds) {
    std::vector<Result<policy::Held>> each;
    each.reserve(holds.size());
    auto together = co_await reserve_together(holds);
    if (together) {
        std::ranges::move(*together, std::back_inserter(each));
    } else if (holds.size() == 1 || together.error().reason != Reason::store_refused) {
        each.assign(holds.size(), fail(together.error()));
    } else {
        for (const policy::Hold& hold : holds) {
            auto alone = co_await reserve_together({&hold, 1});
            each.push_back(alone ? Result<policy::Held>(std::move(alone->front())) : fail(alone.error()));
        }
    }
    co_return each;
}

Task<std::vector<policy::Held>> RedisLedger::reserve_together(std::span<const policy::Hold> holds) {
    ScriptCall call = to_reserve_call(holds);
    const auto reply = co_await redis_.run_to_end(scripts::reserve, std::move(call.keys), std::move(call.arguments));
    if (!reply) co_return fail(reply.error());
    if (reply->items.size() != holds.size()) co_return fail(malformed("reserve"));
    std::vector<policy::Held> all;
    all.reserve(holds.size());
    for (std::size_t at = 0; at < holds.size(); ++at) {
        auto held = to_held(holds[at], reply->items[at].text);
        if (!held) co_return fail(malformed("reserve"));
        all.push_back(std::move(*held));
    }
    co_return all;
}

Task<> RedisLedger::hold(std::string id, std::vector<std::string> accounts, std::vector<policy::Gauge> gauges,
                         Money amount, Instant expires_at) {
    auto call = to_hold_call(std::move(id), std::move(accounts), gauges, amount, expires_at);
    if (!call) co_return Result<>{};
    const auto done = co_await redis_.run(scripts::hold, std::move(call->keys), std::move(call->arguments));
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
    ScriptCall call = to_finish_call(finish);
    const auto done = co_await redis_.run(scripts::finish_request, std::move(call.keys), std::move(call.arguments));
    if (!done) co_return fail(done.error());
    co_return Result<>{};
}

Task<std::vector<std::uint64_t>> RedisLedger::post(std::string run, std::vector<Settlement> settlements) {
    std::vector<std::uint64_t> refused;
    const bool is_one = settlements.size() == 1;
    const auto together = co_await post_together(run, settlements);
    if (together) co_return refused;
    if (is_one || together.error().reason != Reason::store_refused) co_return fail(together.error());
    for (const Settlement& settlement : settlements) {
        std::vector<Settlement> one{settlement};
        const auto alone = co_await post_together(run, one);
        if (!alone && alone.error().reason != Reason::store_refused) co_return fail(alone.error());
        if (alone) continue;
        refused.push_back(settlement.number);
        if (std::exchange(warned_of_, settlement.number) != settlement.number)
            log::warn(
                "Redis refuses a settlement, probably because it cannot read what is kept there: it stays on disk",
                {{"request_id", settlement.charge.request_id}, {"error", describe(alone.error())}});
    }
    co_return refused;
}

Task<> RedisLedger::post_together(const std::string& run, std::vector<Settlement>& settlements) {
    while (!settlements.empty()) {
        ScriptCall call = to_settle_call(run, settlements, retention_());
        const auto seen = co_await redis_.run_to_end(scripts::settle, std::move(call.keys), std::move(call.arguments));
        if (!seen) co_return fail(seen.error());
        if (seen->items.empty()) break;
        const auto dropped = drop_seen(settlements, *seen);
        if (!dropped) co_return fail(dropped.error());
    }
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

Task<std::vector<policy::Reading>> RedisLedger::readings(std::vector<policy::Gauge> gauges, Instant now) {
    std::vector<Command> commands;
    for (const policy::Gauge& gauge : gauges) {
        commands.push_back({"GET", level_key(gauge.name)});
        commands.push_back({"ZCOUNT", under_way_key(gauge.name), "(" + store::to_text(now), "+inf"});
    }
    const auto replies = co_await redis_.send_all(std::move(commands));
    if (!replies) co_return fail(replies.error());
    std::vector<policy::Reading> readings;
    for (std::size_t at = 0; at < gauges.size(); ++at) {
        const policy::Level level = to_level((*replies)[at * 2].text);
        readings.push_back(
            {policy::drained(level, gauges[at].rates, std::max(now, level.at)), (*replies)[at * 2 + 1].integer});
    }
    co_return readings;
}

}  // namespace gatehouse::store

// SPDX-License-Identifier: Apache-2.0
#include "gateway/store/redis_rollups.h"

#include <set>
#include <utility>

#include "gateway/store/rollup_cells.h"
#include "gateway/store/rollup_keys.h"

namespace gatehouse::store {
namespace {

/// More than any report asks for: hours of two weeks, days of a year, months of a century.
constexpr std::size_t most_buckets = 1'200;

Error unreadable_scan() {
    return Error::unavailable(Reason::store_refused, "the store refused the operation",
                              "HSCAN gave an answer of another shape");
}

}  // namespace

Task<std::vector<policy::Cell>> RedisRollups::cells(policy::Grain grain, Instant from, Instant to) {
    std::vector<Place> places;
    for (const policy::Span& span : policy::buckets(grain, from, to, most_buckets))
        places.push_back({span.begin, cells_key(grain, span.begin)});
    std::vector<policy::Cell> found;
    const auto done = co_await read(
        std::move(places), [&found](Instant bucket, const Reply& hash) { return append_cells(found, bucket, hash); });
    if (!done) co_return fail(done.error());
    co_return found;
}

/// Redis looks through everybody's names and sends the cells of one: less than half the time that sending all takes.
Task<std::vector<policy::Cell>> RedisRollups::cells_of(std::string user, policy::Grain grain, Instant from,
                                                       Instant to) {
    std::vector<policy::Cell> found;
    for (const policy::Span& span : policy::buckets(grain, from, to, most_buckets)) {
        const auto hash = co_await matching(cells_key(grain, span.begin), cell_names_of(user));
        if (!hash) co_return fail(hash.error());
        const auto appended = append_cells(found, span.begin, *hash);
        if (!appended) co_return fail(appended.error());
    }
    co_return found;
}

/// The fields whose names match and their values, as HGETALL would give them. A scan of several steps may give one
/// twice.
Task<Reply> RedisRollups::matching(std::string key, std::string pattern) {
    Reply found{.kind = Reply::Kind::list};
    std::set<std::string> names;
    std::string cursor = "0";
    do {
        const auto step =
            co_await redis_.send({"HSCAN", key, std::move(cursor), "MATCH", pattern, "COUNT", std::to_string(step_)});
        if (!step) co_return fail(step.error());
        if (step->items.size() != 2) co_return fail(unreadable_scan());
        cursor = step->items[0].text;
        const std::vector<Reply>& fields = step->items[1].items;
        for (std::size_t at = 0; at + 1 < fields.size(); at += 2) {
            if (!names.insert(fields[at].text).second) continue;
            found.items.push_back(fields[at]);
            found.items.push_back(fields[at + 1]);
        }
    } while (cursor != "0");
    co_return found;
}

Task<std::vector<policy::Cell>> RedisRollups::totals(Instant from, Instant to) {
    std::vector<Place> places;
    for (const policy::Span& span : policy::buckets(policy::Grain::day, from, to, most_buckets))
        places.push_back({span.begin, totals_key(span.begin)});
    std::vector<policy::Cell> found;
    const auto done = co_await read(
        std::move(places), [&found](Instant day, const Reply& hash) { return append_cells(found, day, hash); });
    if (!done) co_return fail(done.error());
    co_return found;
}

Task<std::vector<policy::SessionCell>> RedisRollups::sessions(std::string user, Instant from, Instant to) {
    std::vector<Place> places;
    for (const policy::Span& span : policy::buckets(policy::Grain::day, from, to, most_buckets))
        places.push_back({span.begin, sessions_key(user, span.begin)});
    std::vector<policy::SessionCell> found;
    const auto done = co_await read(
        std::move(places), [&found](Instant day, const Reply& hash) { return append_session_cells(found, day, hash); });
    if (!done) co_return fail(done.error());
    co_return found;
}

Task<std::vector<policy::Principal>> RedisRollups::principals() {
    const auto reply = co_await redis_.send({"HGETALL", std::string(principals_key)});
    if (!reply) co_return fail(reply.error());
    std::vector<policy::Principal> found;
    found.reserve(reply->items.size() / 2);
    for (std::size_t at = 0; at + 1 < reply->items.size(); at += 2)
        if (auto principal = parse_principal(reply->items[at].text, reply->items[at + 1].text))
            found.push_back(std::move(*principal));
    co_return found;
}

Task<std::vector<policy::Principal>> RedisRollups::find_principals(std::vector<std::string> ids) {
    std::vector<policy::Principal> found;
    if (ids.empty()) co_return found;
    Command command{"HMGET", std::string(principals_key)};
    command.insert(command.end(), ids.begin(), ids.end());
    const auto reply = co_await redis_.send(std::move(command));
    if (!reply) co_return fail(reply.error());
    for (std::size_t at = 0; at < std::min(ids.size(), reply->items.size()); ++at)
        if (auto principal = parse_principal(ids[at], reply->items[at].text)) found.push_back(std::move(*principal));
    co_return found;
}

Task<> RedisRollups::note(policy::Principal who) {
    const auto done = co_await redis_.send({"HSET", std::string(principals_key), who.id, principal_document(who)});
    if (!done) co_return fail(done.error());
    co_return Result<>{};
}

/// In steps of as many buckets as the step allows, at least one.
Task<> RedisRollups::read(std::vector<Place> places, Take take) {
    if (places.size() <= 1) co_return co_await read_together(std::move(places), std::move(take));
    std::vector<Command> sizes;
    sizes.reserve(places.size());
    for (const Place& place : places)
        sizes.push_back({"HLEN", place.key});
    const auto lengths = co_await redis_.send_all(std::move(sizes));
    if (!lengths) co_return fail(lengths.error());
    std::vector<Place> step;
    std::int64_t fields = 0;
    for (std::size_t index = 0; index < places.size(); ++index) {
        const std::int64_t length = (*lengths)[index].integer;
        if (length == 0) continue;
        if (!step.empty() && fields + length > step_) {
            const auto done = co_await read_together(std::exchange(step, {}), take);
            if (!done) co_return fail(done.error());
            fields = 0;
        }
        step.push_back(std::move(places[index]));
        fields += length;
    }
    co_return co_await read_together(std::move(step), std::move(take));
}

Task<> RedisRollups::read_together(std::vector<Place> places, Take take) {
    std::vector<Command> commands;
    commands.reserve(places.size());
    for (const Place& place : places)
        commands.push_back({"HGETALL", place.key});
    const auto hashes = co_await redis_.send_all(std::move(commands));
    if (!hashes) co_return fail(hashes.error());
    for (std::size_t index = 0; index < places.size(); ++index)
        if (const auto taken = take(places[index].bucket, (*hashes)[index]); !taken) co_return fail(taken.error());
    co_return Result<>{};
}

}  // namespace gatehouse::store

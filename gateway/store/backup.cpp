// SPDX-License-Identifier: Apache-2.0
#include "gateway/store/backup.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "gateway/store/record.h"
#include "gateway/store/redis_records.h"
#include "gateway/store/revocation_feed.h"

namespace gatehouse::store {
namespace {

/// Keys looked at, deleted or written in one go.
constexpr std::size_t keys_together = 200;
/// Strings on one line of a backup, and in one command of a restore.
constexpr std::size_t items_a_line = 2'000;
/// Bytes of values in one go of a restore.
constexpr std::size_t bytes_together = std::size_t{1} << 20U;

Command read_all(const std::string& key, KeyType type) {
    switch (type) {
        case KeyType::string:
            return {"GET", key};
        case KeyType::hash:
            return {"HGETALL", key};
        case KeyType::sorted_set:
            return {"ZRANGE", key, "0", "-1", "WITHSCORES"};
    }
    return {};
}

/// A string counts as one whatever its length: the longest are bits of settlements, a megabyte for eight million.
Command size_of(const std::string& key, KeyType type) {
    switch (type) {
        case KeyType::string:
            return {"EXISTS", key};
        case KeyType::hash:
            return {"HLEN", key};
        case KeyType::sorted_set:
            return {"ZCARD", key};
    }
    return {};
}

std::string write_name(KeyType type) {
    switch (type) {
        case KeyType::string:
            return "SET";
        case KeyType::hash:
            return "HSET";
        case KeyType::sorted_set:
            return "ZADD";
    }
    return {};
}

void append_writes(std::vector<Command>& commands, BackupLine line) {
    if (line.type == KeyType::sorted_set)
        for (std::size_t at = 0; at + 1 < line.items.size(); at += 2)
            std::swap(line.items[at], line.items[at + 1]);  // ZADD wants the score first
    Command command{write_name(line.type), line.key};
    std::ranges::move(line.items, std::back_inserter(command));
    commands.push_back(std::move(command));
    if (line.expires_at) commands.push_back({"PEXPIREAT", line.key, to_text(*line.expires_at)});
}

/// Every key of ours, each once.
Task<std::vector<std::string>> scan(RedisClient* redis) {
    std::vector<std::string> keys;
    std::string cursor = "0";
    do {
        auto page = co_await redis->send({"SCAN", cursor, "MATCH", std::string(every_key) + "*", "COUNT", "1000"});
        if (!page) co_return fail(page.error());
        if (page->items.size() != 2) co_return fail(refusal_of(*page));
        cursor = page->items[0].text;
        for (Reply& key : page->items[1].items)
            keys.push_back(std::move(key.text));
    } while (cursor != "0");
    std::ranges::sort(keys);
    const auto [repeated, end] = std::ranges::unique(keys);
    keys.erase(repeated, end);
    co_return keys;
}

/// At most `count` from the end.
std::vector<std::string> take(std::vector<std::string>& keys, std::size_t count) {
    const auto from = keys.end() - static_cast<std::ptrdiff_t>(std::min(count, keys.size()));
    std::vector<std::string> taken(std::make_move_iterator(from), std::make_move_iterator(keys.end()));
    keys.erase(from, keys.end());
    return taken;
}

}  // namespace

// ---- backup

Task<BackupCounts> Backup::write(std::string version) {
    auto keys = co_await names();
    if (!keys) co_return fail(keys.error());
    auto written = sink_(text_.header({clock_.now(), std::move(version)}));
    while (written && !keys->empty())
        written = co_await write_keys(take(*keys, keys_together));
    if (written) written = sink_(text_.end());
    if (!written) co_return fail(written.error());
    co_return text_.counts();
}

/// What was added is taken before the sums: a settlement in between is then in the sums, and missing only where it
/// matters when a journal brings it a second time. The other way round it would be lost. Taken from the end.
Task<std::vector<std::string>> Backup::names() {
    auto found = co_await scan(&redis_);
    if (!found) co_return fail(found.error());
    for (const std::string& key : *found)
        if (fate_of(key) == KeyFate::unknown) ++unknown_;
    std::erase_if(*found, [](const std::string& key) { return fate_of(key) != KeyFate::kept; });
    std::ranges::sort(*found, [](const std::string& left, const std::string& right) {
        return is_seen_key(left) == is_seen_key(right) ? left > right : is_seen_key(right);
    });
    co_return std::move(*found);
}

Task<> Backup::write_keys(std::vector<std::string> keys) {
    auto found = co_await look_at(std::move(keys));
    if (!found) co_return fail(found.error());
    std::vector<Found> together;
    std::int64_t size = 0;
    for (Found& key : *found) {
        if (key.size > step_) {
            const auto done = co_await write_in_steps(std::move(key));
            if (!done) co_return fail(done.error());
            continue;
        }
        if (size + key.size > step_) {
            const auto done = co_await write_together(std::exchange(together, {}));
            if (!done) co_return fail(done.error());
            size = 0;
        }
        size += key.size;
        together.push_back(std::move(key));
    }
    co_return co_await write_together(std::move(together));
}

/// How big each is and when it ends. One that is gone meanwhile is left out.
Task<std::vector<Backup::Found>> Backup::look_at(std::vector<std::string> keys) {
    std::vector<Command> commands;
    for (const std::string& key : keys) {
        commands.push_back({"PTTL", key});
        commands.push_back(size_of(key, *kept_type(key)));
    }
    const Instant now = clock_.now();
    const auto replies = co_await redis_.send_all(std::move(commands));
    if (!replies) co_return fail(replies.error());
    std::vector<Found> found;
    for (std::size_t index = 0; index < keys.size(); ++index) {
        const std::int64_t left = (*replies)[2 * index].integer;
        Found one{std::move(keys[index]), KeyType::string, std::nullopt, (*replies)[2 * index + 1].integer};
        one.type = *kept_type(one.key);
        if (left >= 0) one.expires_at = now + std::chrono::milliseconds(left);
        if (one.size > 0) found.push_back(std::move(one));
    }
    co_return found;
}

Task<> Backup::write_together(std::vector<Found> keys) {
    std::vector<Command> commands;
    for (const Found& key : keys)
        commands.push_back(read_all(key.key, key.type));
    auto replies = co_await redis_.send_all(std::move(commands));
    if (!replies) co_return fail(replies.error());
    for (std::size_t index = 0; index < keys.size(); ++index) {
        const auto done = put(keys[index], std::move((*replies)[index]));
        if (!done) co_return fail(done.error());
    }
    co_return Result<>{};
}

Task<> Backup::write_in_steps(Found key) {
    const std::string command = key.type == KeyType::hash ? "HSCAN" : "ZSCAN";
    std::string cursor = "0";
    do {
        auto page = co_await redis_.send({command, key.key, cursor, "COUNT", std::to_string(step_ / 4 + 1)});
        if (!page) co_return fail(page.error());
        if (page->items.size() != 2) co_return fail(refusal_of(*page));
        cursor = page->items[0].text;
        const auto done = put(key, std::move(page->items[1]));
        if (!done) co_return fail(done.error());
    } while (cursor != "0");
    co_return Result<>{};
}

Result<> Backup::put(const Found& key, Reply reply) {
    if (reply.is_nil()) return {};
    std::vector<std::string> items;
    if (key.type == KeyType::string) items.push_back(std::move(reply.text));
    for (Reply& item : reply.items)
        items.push_back(std::move(item.text));
    for (std::size_t from = 0; from < items.size(); from += items_a_line) {
        const std::size_t to = std::min(items.size(), from + items_a_line);
        BackupLine line{key.key, key.type, key.expires_at, {}};
        for (std::size_t at = from; at < to; ++at)
            line.items.push_back(std::move(items[at]));
        const auto done = sink_(text_.line(line));
        if (!done) return done;
    }
    return {};
}

// ---- restore

Task<BackupCounts> Restore::run(bool replace) {
    auto there = co_await present();
    if (!there) co_return fail(there.error());
    if (!there->empty() && !replace)
        co_return fail(Error::conflict(
            Reason::already_exists,
            "the store holds records, spend or keys already; --replace deletes them first (sessions stay)"));
    const auto cleared = co_await clear(std::move(*there));
    if (!cleared) co_return fail(cleared.error());
    const auto counts = co_await fill();
    if (!counts) co_return fail(counts.error());
    const auto told = co_await announce();
    if (!told) co_return fail(told.error());
    co_return *counts;
}

Task<std::vector<std::string>> Restore::present() {
    auto found = co_await scan(&redis_);
    if (!found) co_return fail(found.error());
    std::erase_if(*found, [](const std::string& key) { return fate_of(key) != KeyFate::kept; });
    co_return std::move(*found);
}

Task<> Restore::clear(std::vector<std::string> keys) {
    for (const std::string& key : keys) {
        if (auto kind = record_kind(key); !kind.empty()) kinds_.insert(std::move(kind));
        if (auto id = personal_key_id(key); !id.empty()) key_ids_.insert(std::move(id));
    }
    while (!keys.empty()) {
        std::vector<Command> commands;
        for (std::string& key : take(keys, keys_together))
            commands.push_back({"UNLINK", std::move(key)});
        const auto done = co_await redis_.send_all(std::move(commands));
        if (!done) co_return fail(done.error());
    }
    co_return Result<>{};
}

/// A key that should have ended by now is deleted by its own expiry.
Task<BackupCounts> Restore::fill() {
    auto reader = backup_.reader();
    if (!reader) co_return fail(reader.error());
    std::vector<Command> commands;
    std::size_t bytes = 0;
    for (bool more = true; more;) {
        auto line = reader->next();
        if (!line) co_return fail(line.error());
        more = line->has_value();
        if (more) {
            if (auto kind = record_kind((*line)->key); !kind.empty()) kinds_.insert(std::move(kind));
            for (const std::string& item : (*line)->items)
                bytes += item.size();
            append_writes(commands, std::move(**line));
        }
        if (more && bytes < bytes_together && commands.size() < keys_together) continue;
        const auto done = co_await redis_.send_all(std::exchange(commands, {}));
        if (!done) co_return fail(done.error());
        bytes = 0;
    }
    co_return reader->counts();
}

/// Replicas read changed records again; a personal key that is not in the backup ends everywhere at once.
Task<> Restore::announce() {
    std::vector<Command> commands;
    for (const std::string& id : key_ids_)
        commands.push_back({"EXISTS", key_of("i", id)});
    const auto exist = co_await redis_.send_all(std::exchange(commands, {}));
    if (!exist) co_return fail(exist.error());
    auto answer = exist->begin();
    for (const std::string& id : key_ids_)
        if ((answer++)->integer == 0) commands.push_back({"PUBLISH", std::string(revocation_channel), id});
    for (const std::string& kind : kinds_)
        commands.push_back({"PUBLISH", std::string(changes_channel), kind});
    const auto told = co_await redis_.send_all(std::move(commands));
    if (!told) co_return fail(told.error());
    co_return Result<>{};
}

}  // namespace gatehouse::store

// SPDX-License-Identifier: Apache-2.0
// Everything in the store that is not a session, out to a backup and back in (kept_keys.h says what that is,
// backup_file.h how it is written). Used by `gatehouse backup` and `restore`; plain reads and writes, because what DUMP
// gives can be read by no older server. Each key is read as it is at one moment (one with very many fields in steps);
// different keys at different moments, so a strict snapshot needs gateways that stand still.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/store/backup_file.h"
#include "gateway/store/redis_client.h"

namespace gatehouse::store {

class Backup {
  public:
    using Sink = std::function<Result<>(std::string_view)>;
    /// Fields or members that a key is read up to in one command; and about as many from all keys of one step.
    static constexpr std::int64_t items_together = 20'000;

    /// Both outlive it. What `sink` fails with ends the backup.
    Backup(RedisClient& redis, const Clock& clock, Sink sink, std::int64_t step = items_together)
        : redis_(redis), clock_(clock), sink_(std::move(sink)), step_(step) {}

    /// All of it, with `version` as the gatehouse that writes it.
    Task<BackupCounts> write(std::string version);
    /// Keys of ours that this version does not know, which were left out.
    std::uint64_t unknown() const { return unknown_; }

  private:
    struct Found {
        std::string key;
        KeyType type = KeyType::string;
        std::optional<Instant> expires_at;
        std::int64_t size = 0;
    };

    Task<std::vector<std::string>> names();
    Task<> write_keys(std::vector<std::string> keys);
    Task<std::vector<Found>> look_at(std::vector<std::string> keys);
    Task<> write_together(std::vector<Found> keys);
    Task<> write_in_steps(Found key);
    Result<> put(const Found& key, Reply reply);

    RedisClient& redis_;
    const Clock& clock_;
    Sink sink_;
    std::int64_t step_;
    BackupText text_;
    std::uint64_t unknown_ = 0;
};

class Restore {
  public:
    /// `redis` outlives it.
    Restore(RedisClient& redis, SoundBackup backup) : redis_(redis), backup_(std::move(backup)) {}

    /// What the store holds of the same families is deleted first when `replace`, else it is a refusal:
    /// conflict/already_exists. Every replica hears what changed.
    Task<BackupCounts> run(bool replace);

  private:
    Task<std::vector<std::string>> present();
    Task<> clear(std::vector<std::string> keys);
    Task<BackupCounts> fill();
    Task<> announce();

    RedisClient& redis_;
    SoundBackup backup_;
    std::set<std::string> kinds_;    ///< of records that were there or are there now
    std::set<std::string> key_ids_;  ///< personal keys that were there
};

}  // namespace gatehouse::store

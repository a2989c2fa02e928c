// SPDX-License-Identifier: Apache-2.0
// RedisRollups: policy::Rollups on the hashes that settlements add to (rollup_keys.h). One per shard. Big ranges are
// read in several steps, each of a size that Redis answers well within a command's deadline: while it gathers one,
// every other request waits.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gateway/store/redis_client.h"
#include "policy/bucket.h"
#include "policy/rollups.h"

namespace gatehouse::store {

class RedisRollups final : public policy::Rollups {
  public:
    /// Fields that one step may bring.
    static constexpr std::int64_t fields_together = 60'000;

    /// `redis` outlives it.
    explicit RedisRollups(RedisClient& redis, std::int64_t step = fields_together) : redis_(redis), step_(step) {}

    Task<std::vector<policy::Cell>> cells(policy::Grain grain, Instant from, Instant to) override;
    Task<std::vector<policy::Cell>> cells_of(std::string user, policy::Grain grain, Instant from, Instant to) override;
    Task<std::vector<policy::Cell>> totals(Instant from, Instant to) override;
    Task<std::vector<policy::SessionCell>> sessions(std::string user, Instant from, Instant to) override;
    Task<std::vector<policy::Principal>> principals() override;
    Task<std::vector<policy::Principal>> find_principals(std::vector<std::string> ids) override;
    /// Somebody was seen who may not have been charged for anything yet: whoever signs in.
    Task<> note(policy::Principal who);

  private:
    /// One bucket and the hash that it is in.
    struct Place {
        Instant bucket;
        std::string key;
    };
    using Take = std::function<Result<>(Instant bucket, const Reply& hash)>;

    Task<Reply> matching(std::string key, std::string pattern);
    Task<> read(std::vector<Place> places, Take take);
    Task<> read_together(std::vector<Place> places, Take take);

    RedisClient& redis_;
    std::int64_t step_;
};

}  // namespace gatehouse::store

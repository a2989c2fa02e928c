// SPDX-License-Identifier: Apache-2.0
// RedisLedger: the ledger's scripts on Redis. Everything is in one hash slot (rollup_keys.h), so that a reservation is
// all or nothing over every account and a settlement is all or nothing over accounts, reports and records. A settlement
// has a number within one run of a gateway, and the script remembers a bit for each: however often it is posted, it is
// added once. Many are posted in one call, and many reserved in one. durable_ledger.h is what makes a policy::Ledger of
// it. One per shard.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/store/redis_client.h"
#include "gateway/store/script_call.h"
#include "policy/charge.h"
#include "policy/limit.h"

namespace gatehouse::store {

class RedisLedger {
  public:
    /// In one call of a script, during which Redis does nothing else.
    static constexpr std::size_t most_at_once = 64;

    /// `redis` outlives the ledger.
    RedisLedger(RedisClient& redis, std::function<Retention()> retention)
        : redis_(redis), retention_(std::move(retention)) {}

    /// Decides at most `most_at_once` one after the other, also when the caller is cancelled; index for index what
    /// became of each. One that Redis refuses, because it cannot read what is kept for it, takes no other along.
    boost::asio::awaitable<std::vector<Result<policy::Held>>> reserve(std::vector<policy::Hold> holds);
    /// Holds `amount` if that is more, and stays under way on the gauges.
    Task<> hold(std::string id, std::vector<std::string> accounts, std::vector<policy::Gauge> gauges, Money amount,
                Instant expires_at);
    Task<> release(std::string id);
    Task<> finish(policy::Finish finish);
    /// At most `most_at_once` settlements of one run, `run` its epoch, also when the caller is cancelled. The numbers
    /// of those that Redis refuses, which it does for each by itself; those that were added before are not among them,
    /// and their `finish` was heard then. When it fails, any of them may have been added.
    Task<std::vector<std::uint64_t>> post(std::string run, std::vector<Settlement> settlements);
    Task<std::vector<policy::Standing>> standings(std::vector<policy::Limit> limits, Instant now);
    Task<std::vector<policy::Reading>> readings(std::vector<policy::Gauge> gauges, Instant now);

  private:
    Task<std::vector<policy::Held>> reserve_together(std::span<const policy::Hold> holds);
    /// Takes those out that were added before. Both outlive it.
    Task<> post_together(const std::string& run, std::vector<Settlement>& settlements);

    RedisClient& redis_;
    std::function<Retention()> retention_;
    std::optional<std::uint64_t> warned_of_;  ///< the settlement: it is tried again and again
};

}  // namespace gatehouse::store

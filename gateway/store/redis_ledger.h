// SPDX-License-Identifier: Apache-2.0
// RedisLedger: the ledger's scripts on Redis. Everything is in one hash slot (rollup_keys.h), so that a reservation is
// all or nothing over every account and a settlement is all or nothing over accounts, reports and records. A settlement
// has a number within one run of a gateway, and the script remembers a bit for each: however often it is posted, it is
// added once. durable_ledger.h is what makes a policy::Ledger of it. One per shard.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/store/redis_client.h"
#include "policy/charge.h"
#include "policy/limit.h"

namespace gatehouse::store {

/// Which settlement this is: the run of a gateway, and its number there.
struct SettlementId {
    std::string epoch;
    std::uint64_t number = 0;
};

struct Retention {
    std::chrono::days spend{13 * 31};  ///< days, months and totals
    std::chrono::days detail{62};      ///< hours and sessions
    std::uint64_t records = 100'000;   ///< in the stream
    bool notes_touched = false;        ///< somebody looks for accounts that were charged (redis_outbox.h)
};

class RedisLedger {
  public:
    /// `redis` outlives the ledger.
    RedisLedger(RedisClient& redis, std::function<Retention()> retention)
        : redis_(redis), retention_(std::move(retention)) {}

    Task<policy::Held> reserve(policy::Hold hold);
    /// Holds `amount` if that is more, and stays under way on the gauges.
    Task<> hold(std::string id, std::vector<std::string> accounts, std::vector<policy::Gauge> gauges, Money amount,
                Instant expires_at);
    Task<> release(std::string id);
    Task<> finish(policy::Finish finish);
    /// Succeeds too when it was added before; `finish` was heard then too.
    Task<> post(policy::Charge charge, SettlementId id, std::string record, std::optional<policy::Finish> finish);
    Task<std::vector<policy::Standing>> standings(std::vector<policy::Limit> limits, Instant now);

  private:
    RedisClient& redis_;
    std::function<Retention()> retention_;
};

}  // namespace gatehouse::store

// SPDX-License-Identifier: Apache-2.0
// RedisLedger: policy::Ledger on Redis. One hash per user and UTC day with a counter per model and kind, so that
// recording is one script on one key (all or nothing) and reading a day is one command. One per shard.
#pragma once

#include <string>
#include <vector>

#include "gateway/store/redis_client.h"
#include "policy/ledger.h"

namespace gatehouse::store {

class RedisLedger final : public policy::Ledger {
  public:
    /// `redis` outlives the ledger.
    explicit RedisLedger(RedisClient& redis) : redis_(redis) {}

    Task<> record(policy::Charge charge) override;
    Task<std::vector<policy::DayUsage>> usage_of(std::string user, Instant when) override;

  private:
    RedisClient& redis_;
};

}  // namespace gatehouse::store

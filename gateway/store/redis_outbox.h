// SPDX-License-Identifier: Apache-2.0
// RedisOutbox: policy::Outbox on Redis. What settlements touch is in their slot (settle.lua writes it), what is told
// and owed in one of its own. One per shard.
#pragma once

#include <string>
#include <vector>

#include "gateway/store/redis_client.h"
#include "policy/outbox.h"

namespace gatehouse::store {

class RedisOutbox final : public policy::Outbox {
  public:
    /// `redis` outlives it.
    explicit RedisOutbox(RedisClient& redis) : redis_(redis) {}

    Task<std::vector<policy::Touched>> touched(std::size_t most) override;
    Task<> looked_at(std::vector<policy::Touched> accounts) override;
    Task<std::vector<Money>> days_before(std::string account, Instant day, int days) override;
    Task<bool> offer(policy::Notice notice, Instant now) override;
    Task<std::vector<policy::Delivery>> take_due(Instant now, std::chrono::seconds lease, std::size_t most) override;
    Task<> settle(std::string event_id, std::string to) override;
    Task<> retry(std::string event_id, std::string to, Instant at) override;
    Task<std::int64_t> owed() override;

  private:
    RedisClient& redis_;
};

}  // namespace gatehouse::store

// SPDX-License-Identifier: Apache-2.0
// RedisPausedSessions: policy::PausedSessions on Redis. reserve.lua writes what this reads: a hash a user of session →
// record (paused_record.h), which is forgotten 30 days after its last pause, and who has some. One per shard.
#pragma once

#include <string>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/store/redis_client.h"
#include "policy/paused_sessions.h"

namespace gatehouse::store {

class RedisPausedSessions final : public policy::PausedSessions {
  public:
    /// Both outlive it.
    RedisPausedSessions(RedisClient& redis, const Clock& clock) : redis_(redis), clock_(clock) {}

    Task<std::vector<policy::PausedSession>> of(std::string user) override;
    Task<std::vector<policy::PausedSession>> all() override;
    Task<bool> resume(std::string user, std::string session) override;

  private:
    RedisClient& redis_;
    const Clock& clock_;
};

}  // namespace gatehouse::store

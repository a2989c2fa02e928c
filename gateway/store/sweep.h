// SPDX-License-Identifier: Apache-2.0
// Sweep: forgets who people were once nobody may know it any more. Everything else that ends in the store does so by
// the time to live that it was written with, but for the audit trail (policy/records.h). A chore of every gateway; one
// of them does it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "gateway/base/clock.h"
#include "gateway/store/redis_client.h"

namespace gatehouse::store {

class Sweep {
  public:
    /// `redis` outlives it. `page`: about how many principals are looked at in one go.
    explicit Sweep(RedisClient& redis, int page = 1'000) : redis_(redis), page_(page) {}

    /// Whether it is the caller who does this: of all gateways the first that asks, and nobody until `span` has passed.
    Task<bool> take_turn(std::string chore, std::chrono::seconds span);
    /// Forgets the principals who were last seen before that moment, and gives how many. Their spend stays, under their
    /// subject.
    Task<std::int64_t> forget_principals(Instant before);

  private:
    RedisClient& redis_;
    int page_;
};

}  // namespace gatehouse::store

// SPDX-License-Identifier: Apache-2.0
// Backoff: how long to pause before the next attempt to connect. Doubles, and is jittered so that the shards of many
// replicas do not come back in step. Used by redis_client and revocation_feed.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace gatehouse::store {

class Backoff {
  public:
    Backoff(std::chrono::milliseconds first, std::chrono::milliseconds longest)
        : first_(first), longest_(longest), next_(first) {}

    /// Between half and the whole of the present step.
    std::chrono::milliseconds next() {
        const auto step = next_;
        next_ = std::min(step * 2, longest_);
        std::uniform_int_distribution<std::chrono::milliseconds::rep> spread(step.count() / 2, step.count());
        return std::chrono::milliseconds{spread(random_)};
    }
    void reset() { next_ = first_; }

  private:
    std::chrono::milliseconds first_;
    std::chrono::milliseconds longest_;
    std::chrono::milliseconds next_;
    std::minstd_rand random_{std::random_device{}()};
};

}  // namespace gatehouse::store

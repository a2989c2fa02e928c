// SPDX-License-Identifier: Apache-2.0
// A clock that stands still until it is told to move.
#pragma once

#include <chrono>

#include "gateway/base/clock.h"

namespace gatehouse::testing {

class ManualClock final : public Clock {
  public:
    explicit ManualClock(Instant start = from_unix_seconds(1'800'000'000)) : now_(start) {}
    Instant now() const override { return now_; }
    void advance(std::chrono::milliseconds span) { now_ += span; }
    void set(Instant when) { now_ = when; }

  private:
    Instant now_;
};

}  // namespace gatehouse::testing

// SPDX-License-Identifier: Apache-2.0
// Many streams at once: opened at an even rate, each read to its end, every event's way timed by the stamp that it
// carries, and every stream's bytes compared with what was sent. Called by load.cpp.
#pragma once

#include <cstdint>
#include <string>

#include "tests/bench/wire.h"

namespace gatehouse::bench {

struct StreamPlan {
    Endpoint endpoint;
    std::string request;  ///< head and body
    std::uint32_t streams = 1;
    std::int64_t events = 0;  ///< in each stream
    std::int64_t opened_per_second = 1;
    std::int64_t deadline_ns = 0;  ///< for the whole run; what is open then has failed
};

/// One JSON object. Prints "open" on a line of its own when every stream has begun to answer (or failed).
std::string run_streams(const StreamPlan& plan);

}  // namespace gatehouse::bench

// SPDX-License-Identifier: Apache-2.0
// Closed loop: every connection sends its next request when the last answer is complete. Called by load.cpp; compares
// every answer with what the mock provider sends.
#pragma once

#include <cstdint>
#include <string>

#include "tests/bench/wire.h"

namespace gatehouse::bench {

struct RoundTripPlan {
    Endpoint endpoint;
    std::string request;          ///< head and body
    std::string expected_answer;  ///< compared byte for byte; empty: every answer must be as long as the first
    std::uint32_t connections = 1;
    std::int64_t warm_up_ns = 0;   ///< not counted
    std::int64_t duration_ns = 0;  ///< counted
    std::int64_t count = 0;        ///< ends earlier after so many; 0: no such limit
};

/// One JSON object.
std::string run_round_trips(const RoundTripPlan& plan);

}  // namespace gatehouse::bench

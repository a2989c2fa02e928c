// SPDX-License-Identifier: Apache-2.0
#include "gateway/store/paused_record.h"

#include <array>
#include <cstdint>
#include <string>

#include "gateway/base/text.h"

namespace gatehouse::store {

std::optional<policy::PausedSession> parse_paused(std::string_view record) {
    std::array<std::int64_t, 6> numbers{};
    for (std::int64_t& number : numbers) {
        const auto taken = take_number(record);
        if (!taken) return std::nullopt;
        number = *taken;
    }
    const auto& [since, cost, requests, minutes, most_cost, most_requests] = numbers;
    policy::PausedSession paused;
    paused.user = std::string(record);
    paused.since = Instant{std::chrono::milliseconds(since)};
    paused.cost = Money::nano(cost);
    paused.requests = requests;
    paused.rule.within = std::chrono::minutes(minutes);
    if (most_cost > 0) paused.rule.cost = Money::nano(most_cost);
    if (most_requests > 0) paused.rule.requests = most_requests;
    return paused;
}

}  // namespace gatehouse::store

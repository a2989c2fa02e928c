// SPDX-License-Identifier: Apache-2.0
#include "gateway/store/paused_record.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <string>

namespace gatehouse::store {

std::optional<policy::PausedSession> parse_paused(std::string_view record) {
    std::array<std::int64_t, 6> numbers{};
    for (std::int64_t& number : numbers) {
        const auto [end, error] = std::from_chars(record.data(), record.data() + record.size(), number);
        const auto used = static_cast<std::size_t>(end - record.data());
        if (error != std::errc{} || used >= record.size() || record[used] != ' ') return std::nullopt;
        record.remove_prefix(used + 1);
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

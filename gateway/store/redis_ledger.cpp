// SPDX-License-Identifier: Apache-2.0
#include "gateway/store/redis_ledger.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string_view>
#include <utility>

#include "gateway/base/crypto.h"
#include "gateway/store/record.h"
#include "gateway/store/scripts.h"

namespace gatehouse::store {
namespace {

/// Longer than a year, so that "this month against the same month last year" can be answered.
constexpr std::chrono::days kept{400};

struct Counter {
    std::string_view name;
    std::int64_t policy::Usage::* member;
};

constexpr std::array<Counter, 6> counters{{
    {"input", &policy::Usage::input},
    {"output", &policy::Usage::output},
    {"cache_read", &policy::Usage::cache_read},
    {"cache_write_5m", &policy::Usage::cache_write_5m},
    {"cache_write_1h", &policy::Usage::cache_write_1h},
    {"web_searches", &policy::Usage::web_searches},
}};

/// The day as 20261121. Who it was stays out of the key's name.
std::string day_key(std::string_view user, Instant when) {
    const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(when)};
    const int number =
        (static_cast<int>(day.year()) * 100 + static_cast<int>(static_cast<unsigned>(day.month()))) * 100 +
        static_cast<int>(static_cast<unsigned>(day.day()));
    return key_of("l", to_base64url(sha256(user))) + ':' + std::to_string(number);
}

}  // namespace

Task<> RedisLedger::record(policy::Charge charge) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(kept).count();
    std::vector<std::string> arguments{std::to_string(seconds), charge.model, "requests", "1"};
    for (const Counter& counter : counters) {
        arguments.emplace_back(counter.name);
        // A provider that counts backwards must not lower what was consumed.
        arguments.push_back(std::to_string(std::max<std::int64_t>(charge.usage.*counter.member, 0)));
    }
    const auto done =
        co_await redis_.run(scripts::record_charge, {day_key(charge.user, charge.when)}, std::move(arguments));
    if (!done) co_return fail(done.error());
    co_return Result<>{};
}

Task<std::vector<policy::DayUsage>> RedisLedger::usage_of(std::string user, Instant when) {
    const auto reply = co_await redis_.send({"HGETALL", day_key(user, when)});
    if (!reply) co_return fail(reply.error());
    std::map<std::string, policy::DayUsage, std::less<>> by_model;
    for (const auto& [field, text] : fields_of(*reply)) {
        const auto colon = field.find(':');
        if (colon == std::string::npos) continue;
        const std::string_view name = std::string_view(field).substr(0, colon);
        auto& sum = by_model[field.substr(colon + 1)];
        std::int64_t value = 0;
        std::from_chars(text.data(), text.data() + text.size(), value);
        if (name == "requests") sum.requests = value;
        for (const Counter& counter : counters)
            if (name == counter.name) sum.usage.*counter.member = value;
    }
    std::vector<policy::DayUsage> result;
    for (auto& [model, sum] : by_model) {
        sum.model = model;
        result.push_back(std::move(sum));
    }
    co_return result;
}

}  // namespace gatehouse::store

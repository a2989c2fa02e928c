// SPDX-License-Identifier: Apache-2.0
// What a big company leaves in the store within a year, made up: 10,000 people with three models each. For
// bench_reports, and for the console's test with everybody in it (fill_company).
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "gateway/base/clock.h"
#include "gateway/base/task.h"
#include "gateway/store/redis_client.h"

namespace gatehouse::testing {

class Company {
  public:
    static constexpr int people = 10'000;
    static constexpr int groups = 50;
    static constexpr int projects = 20;
    static constexpr int days = 365;
    static constexpr int session_days = 31;
    static constexpr std::array<std::string_view, 3> models{"claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5"};

    static std::string subject(int person);

    /// Beside what is in the store: everybody's three models in the months of `now` and before; every day of a year
    /// with people summed away; the days of the month three months ago by person; the first person's sessions of the
    /// last days; who they are.
    static Task<> fill(store::RedisClient& redis, Instant now);
};

}  // namespace gatehouse::testing

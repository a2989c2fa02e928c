// SPDX-License-Identifier: Apache-2.0
// The Ledger in memory. Passes tests/contract/ledger_contract.h, as RedisLedger does.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "policy/ledger.h"

namespace gatehouse::testing {

class MemoryLedger final : public policy::Ledger {
  public:
    /// Every call fails with unavailable/store_unreachable until set_down(false).
    void set_down(bool down) { down_ = down; }

    Task<> record(policy::Charge charge) override {
        if (down_) co_return fail(unreachable());
        auto& sum = days_[{charge.user, day_of(charge.when)}][charge.model];
        sum.model = charge.model;
        sum.requests += 1;
        add(sum.usage.input, charge.usage.input);
        add(sum.usage.output, charge.usage.output);
        add(sum.usage.cache_read, charge.usage.cache_read);
        add(sum.usage.cache_write_5m, charge.usage.cache_write_5m);
        add(sum.usage.cache_write_1h, charge.usage.cache_write_1h);
        add(sum.usage.web_searches, charge.usage.web_searches);
        co_return Result<>{};
    }

    Task<std::vector<policy::DayUsage>> usage_of(std::string user, Instant when) override {
        if (down_) co_return fail(unreachable());
        std::vector<policy::DayUsage> result;
        if (auto found = days_.find({user, day_of(when)}); found != days_.end())
            for (const auto& [model, sum] : found->second)
                result.push_back(sum);
        co_return result;
    }

  private:
    using Day = std::chrono::sys_days;

    static Day day_of(Instant when) { return std::chrono::floor<std::chrono::days>(when); }
    /// A provider that counts backwards must not lower what was consumed.
    static void add(std::int64_t& sum, std::int64_t count) { sum += std::max<std::int64_t>(count, 0); }
    static Error unreachable() {
        return Error::unavailable(Reason::store_unreachable, "the store is unreachable", "MemoryLedger is down");
    }

    bool down_ = false;
    std::map<std::pair<std::string, Day>, std::map<std::string, policy::DayUsage>> days_;
};

}  // namespace gatehouse::testing

// SPDX-License-Identifier: Apache-2.0
// The Outbox in memory. Passes tests/contract/outbox_contract.h, as RedisOutbox does.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "policy/outbox.h"

namespace gatehouse::testing {

class MemoryOutbox final : public policy::Outbox {
  public:
    /// Every call fails with unavailable/store_unreachable until set_down(false).
    void set_down(bool down) { down_ = down; }
    /// As a settlement does.
    void touch(const std::string& account, Instant when) {
        touched_[{account, std::chrono::floor<std::chrono::days>(when)}] = ++touches_;
    }
    /// By account, the latest first.
    std::map<std::string, std::vector<Money>> days;
    /// Everything that was offered and new, in order.
    std::vector<policy::Notice> offered;

    Task<std::vector<policy::Touched>> touched(std::size_t most) override {
        if (down_) co_return fail(unreachable());
        std::vector<policy::Touched> accounts;
        for (const auto& [name, mark] : touched_)
            accounts.push_back({name.first, name.second, mark});
        std::ranges::sort(accounts, {}, &policy::Touched::mark);
        if (accounts.size() > most) accounts.resize(most);
        co_return accounts;
    }
    Task<> looked_at(std::vector<policy::Touched> accounts) override {
        if (down_) co_return fail(unreachable());
        for (const policy::Touched& each : accounts) {
            const auto found = touched_.find({each.account, each.day});
            if (found != touched_.end() && found->second == each.mark) touched_.erase(found);
        }
        co_return Result<>{};
    }
    Task<std::vector<Money>> days_before(std::string account, Instant, int count) override {
        if (down_) co_return fail(unreachable());
        std::vector<Money> spent = days[account];
        spent.resize(static_cast<std::size_t>(count));
        co_return spent;
    }
    Task<bool> offer(policy::Notice notice, Instant now) override {
        if (down_) co_return fail(unreachable());
        if (!claims_.insert(notice.key).second) co_return false;
        for (const std::string& webhook : notice.to)
            owed_[{notice.id, webhook}] = {{notice.id, webhook, notice.event, 0, now}, now};
        offered.push_back(std::move(notice));
        co_return true;
    }
    Task<std::vector<policy::Delivery>> take_due(Instant now, std::chrono::seconds lease, std::size_t most) override {
        if (down_) co_return fail(unreachable());
        std::vector<policy::Delivery> taken;
        for (auto& [name, each] : owed_) {
            if (each.second > now || taken.size() == most) continue;
            each.second = now + lease;
            taken.push_back(each.first);
        }
        co_return taken;
    }
    Task<> settle(std::string event_id, std::string to) override {
        if (down_) co_return fail(unreachable());
        owed_.erase({event_id, to});
        co_return Result<>{};
    }
    Task<> retry(std::string event_id, std::string to, Instant at) override {
        if (down_) co_return fail(unreachable());
        const auto found = owed_.find({event_id, to});
        if (found == owed_.end()) co_return Result<>{};
        found->second.first.attempts += 1;
        found->second.second = at;
        co_return Result<>{};
    }
    Task<std::int64_t> owed() override {
        if (down_) co_return fail(unreachable());
        co_return static_cast<std::int64_t>(owed_.size());
    }

  private:
    static Error unreachable() {
        return Error::unavailable(Reason::store_unreachable, "the store is unreachable", "MemoryOutbox is down");
    }

    bool down_ = false;
    std::int64_t touches_ = 0;
    std::map<std::pair<std::string, Instant>, std::int64_t> touched_;
    std::set<std::string> claims_;
    std::map<std::pair<std::string, std::string>, std::pair<policy::Delivery, Instant>> owed_;
};

}  // namespace gatehouse::testing

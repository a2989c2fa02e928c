// SPDX-License-Identifier: Apache-2.0
// The Ledger in memory. Passes tests/contract/ledger_contract.h, as DurableLedger on Redis does.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "policy/ledger.h"

namespace gatehouse::testing {

class MemoryLedger final : public policy::Ledger {
  public:
    /// Every call but `settle` fails with unavailable/store_unreachable until set_down(false).
    void set_down(bool down) { down_ = down; }
    /// Every settled charge, in order.
    const std::vector<policy::Charge>& charges() const { return charges_; }
    Money held_on(const std::string& account) const {
        const auto found = accounts_.find(account);
        return found == accounts_.end() ? Money() : found->second.held();
    }
    /// As if others had spent that.
    void spend(const std::string& account, Money amount, Instant when) {
        for (const policy::Period period : policy::every_period)
            accounts_[account].spent[policy::period_key(period, when)] += amount;
    }

    void begin(const policy::Begun& one) override { begun.emplace_back(one.request_id); }
    Task<policy::Held> reserve(policy::Hold hold) override {
        if (down_) co_return fail(unreachable());
        policy::Held answer{.granted = true, .reserved = hold.estimate, .standings = {}};
        std::map<std::string, Money> room;
        for (const policy::Limit& limit : hold.limits) {
            Account& account = accounts_[limit.account];
            account.forget_expired(hold.now);
            const Money spent = account.spent[policy::period_key(limit.period, hold.now)];
            answer.standings.push_back({spent, account.held()});
            const auto known = room.try_emplace(limit.account, limit.amount - spent).first;
            known->second = std::min(known->second, limit.amount - spent);
        }
        std::map<std::string, Money> grants;
        for (const auto& [name, left] : room) {
            const auto amount = policy::grant(hold.estimate, left, accounts_[name].held());
            answer.granted = answer.granted && amount.has_value();
            if (amount) grants[name] = *amount;
        }
        if (!answer.granted) answer.reserved = Money();
        if (!answer.granted) co_return answer;
        for (const auto& [name, amount] : grants) {
            accounts_[name].holds[hold.id] = {amount, hold.now + hold.lifetime};
            answer.reserved = std::min(answer.reserved, amount);
        }
        co_return answer;
    }

    Task<> extend(std::string id, std::vector<std::string> accounts, Money amount, Instant now,
                  std::chrono::seconds lifetime) override {
        if (down_) co_return fail(unreachable());
        for (const std::string& name : accounts) {
            auto& [held, until] = accounts_[name].holds[id];
            held = std::max(held, amount);
            until = now + lifetime;
        }
        co_return Result<>{};
    }

    Task<> release(std::string id, std::vector<std::string> accounts) override {
        if (down_) co_return fail(unreachable());
        for (const std::string& name : accounts)
            accounts_[name].holds.erase(id);
        co_return Result<>{};
    }

    Task<> settle(policy::Charge charge) override {
        for (const std::string& name : charge.accounts) {
            accounts_[name].holds.erase(charge.request_id);
            spend(name, std::max(charge.cost, Money()), charge.when);
        }
        charges_.push_back(std::move(charge));
        co_return Result<>{};
    }

    Task<std::vector<policy::Standing>> standings(std::vector<policy::Limit> limits, Instant now) override {
        if (down_) co_return fail(unreachable());
        std::vector<policy::Standing> result;
        for (const policy::Limit& limit : limits) {
            Account& account = accounts_[limit.account];
            result.push_back({account.spent[policy::period_key(limit.period, now)], account.held()});
        }
        co_return result;
    }

    std::vector<std::string> begun;  ///< request ids, in order

  private:
    struct Account {
        std::map<std::string, Money> spent;                      ///< by period key
        std::map<std::string, std::pair<Money, Instant>> holds;  ///< by request

        Money held() const {
            Money sum;
            for (const auto& [id, hold] : holds)
                sum += hold.first;
            return sum;
        }
        void forget_expired(Instant now) {
            std::erase_if(holds, [&](const auto& each) { return each.second.second <= now; });
        }
    };

    static Error unreachable() {
        return Error::unavailable(Reason::store_unreachable, "the store is unreachable", "MemoryLedger is down");
    }

    bool down_ = false;
    std::map<std::string, Account> accounts_;
    std::vector<policy::Charge> charges_;
};

}  // namespace gatehouse::testing

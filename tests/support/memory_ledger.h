// SPDX-License-Identifier: Apache-2.0
// The Ledger in memory, with its paused sessions. Passes tests/contract/ledger_contract.h, as DurableLedger on Redis
// does.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "policy/ledger.h"
#include "policy/paused_sessions.h"

namespace gatehouse::testing {

class MemoryLedger final : public policy::Ledger, public policy::PausedSessions {
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
        if (answer.granted) brake(hold, answer);
        if (!answer.granted || hold.limits.empty()) answer.reserved = Money();
        if (!answer.granted) co_return answer;
        count(hold);
        for (const auto& [name, amount] : grants) {
            accounts_[name].holds[hold.id] = {amount, hold.now + hold.lifetime};
            answer.reserved = std::min(answer.reserved, amount);
        }
        co_return answer;
    }

    Task<> extend(std::string id, std::vector<std::string> accounts, std::vector<policy::Gauge> gauges, Money amount,
                  Instant now, std::chrono::seconds lifetime) override {
        if (down_) co_return fail(unreachable());
        for (const policy::Gauge& gauge : gauges)
            if (gauge.rates.concurrent) under_way_[gauge.name][id] = now + lifetime;
        for (const std::string& name : accounts) {
            auto& [held, until] = accounts_[name].holds[id];
            held = std::max(held, amount);
            until = now + lifetime;
        }
        co_return Result<>{};
    }

    Task<> release(std::string id) override {
        if (down_) co_return fail(unreachable());
        take_back(id);
        co_return Result<>{};
    }

    Task<> settle(policy::Charge charge, std::optional<policy::Finish> over) override {
        take_back(charge.request_id);
        for (const std::string& name : charge.accounts)
            spend(name, std::max(charge.cost, Money()), charge.when);
        charges_.push_back(std::move(charge));
        if (over) [[maybe_unused]]
            const auto lost = co_await finish(std::move(*over));
        co_return Result<>{};
    }

    Task<> finish(policy::Finish finish) override {
        if (down_) co_return fail(unreachable());
        for (const policy::Gauge& gauge : finish.gauges) {
            under_way_[gauge.name].erase(finish.id);
            policy::Level& level = levels_[gauge.name];
            level = policy::drained(level, gauge.rates, std::max(finish.now, level.at));
            const std::int64_t tokens = finish.drawn.tokens - finish.guessed.tokens;
            const Money cost = finish.drawn.cost - finish.guessed.cost;
            level.tokens = std::max(0.0, level.tokens + static_cast<double>(tokens));
            level.nano = std::max(0.0, level.nano + static_cast<double>(cost.nano()));
        }
        if (!finish.watch) co_return Result<>{};
        const auto stretch = stretches_.find({finish.watch->user, finish.watch->session});
        if (stretch != stretches_.end()) stretch->second.cost += std::max(finish.drawn.cost, Money());
        co_return Result<>{};
    }

    Task<std::vector<policy::PausedSession>> of(std::string user) override {
        std::vector<policy::PausedSession> sessions;
        for (const auto& [key, session] : paused_)
            if (session.user == user) sessions.push_back(session);
        std::ranges::sort(sessions, {}, &policy::PausedSession::since);
        co_return sessions;
    }
    Task<std::vector<policy::PausedSession>> all() override {
        std::vector<policy::PausedSession> sessions;
        for (const auto& [key, session] : paused_)
            sessions.push_back(session);
        std::ranges::sort(sessions, {}, &policy::PausedSession::since);
        co_return sessions;
    }
    Task<bool> resume(std::string user, std::string session) override { co_return paused_.erase({user, session}) == 1; }

    Task<std::vector<policy::Standing>> standings(std::vector<policy::Limit> limits, Instant now) override {
        if (down_) co_return fail(unreachable());
        std::vector<policy::Standing> result;
        for (const policy::Limit& limit : limits) {
            Account& account = accounts_[limit.account];
            account.forget_expired(now);
            result.push_back({account.spent[policy::period_key(limit.period, now)], account.held()});
        }
        co_return result;
    }

    Task<std::vector<policy::Reading>> readings(std::vector<policy::Gauge> gauges, Instant now) override {
        if (down_) co_return fail(unreachable());
        std::vector<policy::Reading> result;
        for (const policy::Gauge& gauge : gauges) {
            const auto under_way =
                std::ranges::count_if(under_way_[gauge.name], [&](const auto& each) { return each.second > now; });
            result.push_back({level_of(gauge, now), under_way});
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

    struct Stretch {
        Instant from;
        Money cost;
        std::int64_t requests = 0;
    };

    void take_back(const std::string& id) {
        for (auto& [name, account] : accounts_)
            account.holds.erase(id);
    }

    policy::Level level_of(const policy::Gauge& gauge, Instant now) {
        const policy::Level& level = levels_[gauge.name];
        return policy::drained(level, gauge.rates, std::max(now, level.at));
    }

    /// A full gauge, or a session that is or becomes paused: then nothing is granted.
    void brake(const policy::Hold& hold, policy::Held& answer) {
        if (hold.watch) pause(*hold.watch, hold.now, answer);
        if (answer.paused) return;
        for (const policy::Gauge& gauge : hold.gauges) {
            auto& under_way = under_way_[gauge.name];
            std::erase_if(under_way, [&](const auto& each) { return each.second <= hold.now; });
            const auto braked =
                policy::full(gauge, level_of(gauge, hold.now), static_cast<std::int64_t>(under_way.size()));
            if (braked && (!answer.braked || braked->wait > answer.braked->wait)) answer.braked = braked;
        }
        answer.granted = !answer.braked;
    }

    void pause(const policy::Watch& watch, Instant now, policy::Held& answer) {
        const std::pair key{watch.user, watch.session};
        const auto stretch = stretches_.find(key);
        if (!paused_.contains(key) && stretch != stretches_.end() && now < stretch->second.from + watch.rule.within) {
            const Stretch& ran = stretch->second;
            const bool costly = watch.rule.cost && ran.cost >= *watch.rule.cost;
            const bool busy = watch.rule.requests && ran.requests >= *watch.rule.requests;
            if (costly || busy) paused_[key] = {watch.user, watch.session, now, ran.cost, ran.requests, watch.rule};
            if (costly || busy) stretches_.erase(stretch);
        }
        const auto paused = paused_.find(key);
        if (paused == paused_.end()) return;
        answer.granted = false;
        answer.paused = paused->second;
    }

    void count(const policy::Hold& hold) {
        for (const policy::Gauge& gauge : hold.gauges) {
            policy::Level& level = levels_[gauge.name];
            level = level_of(gauge, hold.now);
            level.requests += 1;
            level.tokens += static_cast<double>(hold.tokens);
            level.nano += static_cast<double>(hold.estimate.nano());
            if (gauge.rates.concurrent) under_way_[gauge.name][hold.id] = hold.now + hold.lifetime;
        }
        if (!hold.watch) return;
        Stretch& stretch = stretches_[{hold.watch->user, hold.watch->session}];
        if (hold.now >= stretch.from + hold.watch->rule.within) stretch = {hold.now, Money(), 0};
        ++stretch.requests;
    }

    static Error unreachable() {
        return Error::unavailable(Reason::store_unreachable, "the store is unreachable", "MemoryLedger is down");
    }

    bool down_ = false;
    std::map<std::string, Account> accounts_;
    std::map<std::string, policy::Level> levels_;                       ///< by gauge
    std::map<std::string, std::map<std::string, Instant>> under_way_;   ///< by gauge and request
    std::map<std::pair<std::string, std::string>, Stretch> stretches_;  ///< by user and session
    std::map<std::pair<std::string, std::string>, policy::PausedSession> paused_;
    std::vector<policy::Charge> charges_;
};

}  // namespace gatehouse::testing

// SPDX-License-Identifier: Apache-2.0
#include "gateway/messages/spending.h"

#include <algorithm>
#include <utility>

#include "gateway/base/log.h"
#include "gateway/messages/spend_answer.h"

namespace gatehouse::messages {

using Refusal = std::optional<http::Response>;

Spending::Spending(policy::Ledger& ledger, SpendRulesPtr rules, const policy::Subject& caller, Instant now)
    : ledger_(ledger), rules_(std::move(rules)) {
    if (!rules_->capped || !rules_->caps) {
        accounts_.push_back(policy::user_account(caller.id));
        return;
    }
    limits_ = rules_->caps->limits(caller, rules_->group_limit_mode, now);
    accounts_ = rules_->caps->accounts(caller, now);
}

Refusal Spending::refuse_blocked(const std::vector<policy::Standing>& standings, Instant now) {
    const auto reached = policy::last_to_reset(limits_, standings, now);
    if (!reached) return std::nullopt;
    refused_ = Reason::budget_exhausted;
    return refuse_over_budget(*reached, limits_[reached->limit], now, rules_->blocked_message);
}

Refusal Spending::fail(const Error& error) {
    if (error.fault == Fault::client_gone) return std::nullopt;
    // Brakes alone are not worth a refusal: what they bound is over within minutes.
    const bool closed = rules_->enforcement.fail_closed_on_error && !limits_.empty();
    log::warn(closed ? "limits cannot be checked: refusing" : "limits cannot be checked: going on",
              {{"error", describe(error)}});
    if (!closed) return std::nullopt;
    refused_ = Reason::spend_unknown;
    return refuse_unknown_spend();
}

Task<Refusal> Spending::check(Instant now) {
    if (limits_.empty()) co_return Refusal{};
    const auto standings = co_await ledger_.standings(limits_, now);
    if (!standings) co_return fail(standings.error());
    co_return refuse_blocked(*standings, now);
}

void Spending::brake(const policy::Brakes& brakes, const std::string& user, const std::string& session,
                     const std::string& agent) {
    gauges_ = policy::gauges(brakes, user, session, agent);
    if (brakes.pause && !session.empty()) watch_ = policy::Watch{user, session, *brakes.pause};
}

Refusal Spending::refuse_held(const policy::Held& held, Instant now) {
    if (held.paused) {
        refused_ = Reason::session_paused;
        if (held.paused->since == now)
            log::warn("session paused", {{"sub", held.paused->user},
                                         {"session_id", held.paused->session},
                                         {"cost_nano", static_cast<long long>(held.paused->cost.nano())},
                                         {"requests", static_cast<long long>(held.paused->requests)}});
        return refuse_paused(*held.paused, rules_->access_page);
    }
    if (held.braked) {
        refused_ = Reason::rate_exceeded;
        const auto gauge = std::ranges::find(gauges_, held.braked->scope, &policy::Gauge::scope);
        return refuse_rate(*held.braked, gauge->rates);
    }
    if (auto blocked = refuse_blocked(held.standings, now)) return blocked;
    refused_ = Reason::budget_held;
    return refuse_held_budget();
}

Task<Refusal> Spending::reserve(std::string request_id, policy::Draw estimate, Instant now,
                                std::chrono::seconds lifetime) {
    if (!is_limited()) co_return Refusal{};
    tried_ = true;
    guessed_ = estimate;
    policy::Hold hold{std::move(request_id), now, estimate.cost, lifetime, limits_, gauges_, watch_, estimate.tokens};
    auto held = co_await ledger_.reserve(std::move(hold));
    if (!held) co_return fail(held.error());
    standings_ = held->standings;
    reserved_ = held->reserved;
    if (held->granted) co_return Refusal{};
    tried_ = false;
    co_return refuse_held(*held, now);
}

void Spending::begin(std::string_view request_id, std::string_view user, std::string_view model,
                     std::string_view session) {
    begun_ = true;
    ledger_.begin({request_id, user, model, session, reserved_});
}

Task<> Spending::release(std::string request_id, Instant now) {
    if (!tried_ && !begun_) co_return Result<>{};
    begun_ = false;
    auto finish = take_finish(request_id, {}, now);
    auto released = co_await ledger_.release(std::move(request_id));
    // Told or not: a brake lets go by itself, so that its failure is not one of the books.
    if (finish) [[maybe_unused]]
        const auto finished = co_await ledger_.finish(std::move(*finish));
    co_return released;
}

std::optional<policy::Finish> Spending::take_finish(std::string request_id, policy::Draw drawn, Instant now) {
    if (!std::exchange(tried_, false) || !is_braked()) return std::nullopt;
    return policy::Finish{std::move(request_id), now, gauges_, watch_, guessed_, drawn};
}

Task<> Spending::extend(std::string request_id, Money cost, Instant now, std::chrono::seconds lifetime) {
    if (!tried_) co_return Result<>{};
    reserved_ = std::max(reserved_, cost);
    co_return co_await ledger_.extend(std::move(request_id), held_accounts(), gauges_, reserved_, now, lifetime);
}

Task<bool> Spending::is_crossed_by(Money cost, Instant now) {
    if (limits_.empty()) co_return false;
    const auto standings = co_await ledger_.standings(limits_, now);
    if (!standings) co_return gatehouse::fail(standings.error());
    for (std::size_t index = 0; index < limits_.size(); ++index)
        if ((*standings)[index].spent + cost >= limits_[index].amount) co_return true;
    co_return false;
}

std::vector<std::string> Spending::held_accounts() const {
    std::vector<std::string> accounts;
    for (const policy::Limit& limit : limits_)
        if (std::ranges::find(accounts, limit.account) == accounts.end()) accounts.push_back(limit.account);
    return accounts;
}

std::optional<policy::Described> Spending::described(Instant now) const {
    if (standings_.empty()) return std::nullopt;
    return policy::fullest(limits_, standings_, now);
}

}  // namespace gatehouse::messages

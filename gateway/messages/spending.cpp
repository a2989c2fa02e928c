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
    const bool closed = rules_->enforcement.fail_closed_on_error;
    log::warn(closed ? "caps cannot be checked: refusing" : "caps cannot be checked: going on",
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

Task<Refusal> Spending::reserve(std::string request_id, Money estimate, Instant now, std::chrono::seconds lifetime) {
    if (limits_.empty()) co_return Refusal{};
    tried_ = true;
    auto held = co_await ledger_.reserve({std::move(request_id), now, estimate, lifetime, limits_});
    if (!held) co_return fail(held.error());
    standings_ = std::move(held->standings);
    reserved_ = held->reserved;
    if (held->granted) co_return Refusal{};
    tried_ = false;
    if (auto blocked = refuse_blocked(standings_, now)) co_return blocked;
    refused_ = Reason::budget_held;
    co_return Refusal{refuse_held_budget()};
}

void Spending::begin(std::string_view request_id, std::string_view user, std::string_view model,
                     std::string_view session) {
    begun_ = true;
    ledger_.begin({request_id, user, model, session, reserved_});
}

Task<> Spending::release(std::string request_id) {
    if (!tried_ && !begun_) co_return Result<>{};
    std::vector<std::string> accounts = std::exchange(tried_, false) ? held_accounts() : std::vector<std::string>{};
    begun_ = false;
    co_return co_await ledger_.release(std::move(request_id), std::move(accounts));
}

Task<> Spending::extend(std::string request_id, Money cost, Instant now, std::chrono::seconds lifetime) {
    if (!tried_) co_return Result<>{};
    reserved_ = std::max(reserved_, cost);
    co_return co_await ledger_.extend(std::move(request_id), held_accounts(), reserved_, now, lifetime);
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

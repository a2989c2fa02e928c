// SPDX-License-Identifier: Apache-2.0
// Spending: the money side of one request to /v1/messages: which limits and brakes apply to its caller, what is set
// aside before anything is sent, what a running stream holds, and what its answer says about the caps. One per
// exchange, owned by route.cpp. The ledger remembers, policy/ decides, spend_answer words it.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/task.h"
#include "gateway/http/message.h"
#include "policy/cap.h"
#include "policy/enforcement.h"
#include "policy/ledger.h"
#include "policy/price.h"
#include "policy/utilization.h"

namespace gatehouse::messages {

/// The caps and prices in force. A request takes them once and keeps them to its end.
struct SpendRules {
    bool capped = false;  ///< gateway.yaml has an admin block: there may be caps
    policy::CapBookPtr caps;
    policy::PriceBookPtr prices;
    policy::GroupLimitMode group_limit_mode = policy::GroupLimitMode::min;
    policy::EnforcementSettings enforcement;
    std::string blocked_message;
    std::string access_page;  ///< URL where the owner of a paused session resumes it
};
using SpendRulesPtr = std::shared_ptr<const SpendRules>;

class Spending {
  public:
    /// `ledger` outlives it.
    Spending(policy::Ledger& ledger, SpendRulesPtr rules, const policy::Subject& caller, Instant now);

    /// Whether a cap is reached already: a developer who is blocked is told so whatever else is wrong with the request.
    /// A round trip, only where caps apply. A refusal, or nothing.
    Task<std::optional<http::Response>> check(Instant now);
    /// How fast the caller may go. Before `reserve`.
    void brake(const policy::Brakes& brakes, const std::string& user, const std::string& session,
               const std::string& agent);
    /// Sets the estimate aside. A refusal, or nothing: then the request may go on, checked or, with the store away and
    /// open failing, unchecked.
    Task<std::optional<http::Response>> reserve(std::string request_id, policy::Draw estimate, Instant now,
                                                std::chrono::seconds lifetime);
    /// The request is about to be sent.
    void begin(std::string_view request_id, std::string_view user, std::string_view model, std::string_view session);
    /// Nothing was consumed: gives back what is held, and ends the request on its brakes.
    Task<> release(std::string request_id, Instant now);
    /// For its settlement: the request is over, and its brakes take what it truly drew. Nothing when nothing counts it.
    std::optional<policy::Finish> take_finish(std::string request_id, policy::Draw drawn, Instant now);
    /// Holds as much as the answer has cost so far, and renews the reservation.
    Task<> extend(std::string request_id, Money cost, Instant now, std::chrono::seconds lifetime);
    /// Whether the caller's caps are crossed once `cost` is added to what others settled meanwhile.
    Task<bool> is_crossed_by(Money cost, Instant now);

    const SpendRules& rules() const { return *rules_; }
    /// Where the charge goes.
    const std::vector<std::string>& accounts() const { return accounts_; }
    /// The accounts that the estimate is held on; empty without limits.
    std::vector<std::string> held_accounts() const;
    Money reserved() const { return reserved_; }
    /// Nothing is begun or held that an end would have to undo.
    bool is_over() const { return !tried_ && !begun_; }
    bool is_limited() const { return !limits_.empty() || is_braked(); }
    /// Why the request was refused, for the audit line.
    std::optional<Reason> refused() const { return refused_; }
    /// The caller's fullest cap as it was before this request.
    std::optional<policy::Described> described(Instant now) const;

  private:
    bool is_braked() const { return !gauges_.empty() || watch_; }
    std::optional<http::Response> refuse_held(const policy::Held& held, Instant now);
    std::optional<http::Response> refuse_blocked(const std::vector<policy::Standing>& standings, Instant now);
    std::optional<http::Response> fail(const Error& error);

    policy::Ledger& ledger_;
    SpendRulesPtr rules_;
    std::vector<policy::Limit> limits_;
    std::vector<std::string> accounts_;
    std::vector<policy::Gauge> gauges_;
    std::optional<policy::Watch> watch_;
    policy::Draw guessed_;
    std::vector<policy::Standing> standings_;  ///< index for index; empty when not known
    Money reserved_;
    bool tried_ = false;  ///< to reserve: something may be held
    bool begun_ = false;
    std::optional<Reason> refused_;
};

}  // namespace gatehouse::messages

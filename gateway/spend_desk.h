// SPDX-License-Identifier: Apache-2.0
// SpendDeskHere: auth::SpendDesk over the caps in force, the ledger and admin's increase desk. Built by services.cpp,
// one per shard. Decides nothing.
#pragma once

#include <functional>
#include <string>

#include "auth/spend_desk.h"
#include "gateway/admin/increase_desk.h"
#include "gateway/messages/spending.h"
#include "policy/ledger.h"

namespace gatehouse {

/// References outlive the desk.
struct SpendDeskParts {
    policy::Ledger& ledger;
    std::function<messages::SpendRulesPtr()> rules;
    std::function<admin::IncreaseDesk*()> increases;  ///< null without an admin section
    const Clock& clock;
};

class SpendDeskHere final : public auth::SpendDesk {
  public:
    explicit SpendDeskHere(SpendDeskParts parts) : parts_(std::move(parts)) {}

    Task<auth::SpendSheet> of(auth::Person person) override;
    Task<> ask(auth::Person person, std::string period, std::string dollars, std::string reason) override;
    Task<> withdraw(auth::Person person, std::string id) override;

  private:
    SpendDeskParts parts_;
};

}  // namespace gatehouse

// SPDX-License-Identifier: Apache-2.0
// Ledger port: what requests cost, remembered across replicas. Caps and reservations join it with budgets.
#pragma once

#include <string>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/task.h"
#include "policy/usage.h"

namespace gatehouse::policy {

/// One settled request.
struct Charge {
    std::string user;   ///< the identity's subject
    std::string model;  ///< catalogue id, not the client's spelling
    Instant when;
    Usage usage;
};

/// Sums of one user, model and UTC day.
struct DayUsage {
    std::string model;
    Usage usage;
    std::int64_t requests = 0;
};

class Ledger {
  public:
    virtual ~Ledger() = default;
    /// Adds to the user's, model's and day's counters; all of them or none.
    virtual Task<> record(Charge charge) = 0;
    /// What a user consumed on the UTC day of `when`, by model, in model order.
    virtual Task<std::vector<DayUsage>> usage_of(std::string user, Instant when) = 0;
};

}  // namespace gatehouse::policy

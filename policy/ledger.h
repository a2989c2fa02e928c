// SPDX-License-Identifier: Apache-2.0
// Ledger port: what was spent and what is set aside, remembered across replicas. A request reserves an estimate on
// every account that has a limit, all or nothing, before anything is sent; its settlement puts the true cost in the
// reservation's place. `spent` and `held` are separate figures everywhere. Implementations: store/redis_ledger (real),
// tests/support/memory_ledger (fake); tests/contract/ledger_contract.h is what both pass.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/money.h"
#include "gateway/base/task.h"
#include "policy/charge.h"
#include "policy/limit.h"

namespace gatehouse::policy {

class Ledger {
  public:
    virtual ~Ledger() = default;

    /// Writes down that a request which may cost something is about to be sent, so that it can be told from one that
    /// never was, should we die.
    virtual void begin(const Begun& begun) = 0;
    virtual Task<Held> reserve(Hold hold) = 0;
    /// A stream goes on: raises what is held to `amount`, if that is more, and begins its lifetime anew, also as one of
    /// the requests under way on these gauges. A reservation that has expired meanwhile is made again.
    virtual Task<> extend(std::string id, std::vector<std::string> accounts, std::vector<Gauge> gauges, Money amount,
                          Instant now, std::chrono::seconds lifetime) = 0;
    /// Nothing was consumed: gives everything back.
    virtual Task<> release(std::string id) = 0;
    /// Adds the charge to its accounts, to the rollups and to the records, and takes its reservation back: all of it or
    /// nothing, and exactly once. Succeeds when the charge is safe, which may be before it is added: while the store is
    /// away it waits on disk. With `finish`, does what that does, in the same step.
    virtual Task<> settle(Charge charge, std::optional<Finish> finish) = 0;
    /// It is no longer under way, and its gauges count what it came to be in place of the guess. What the store does
    /// not take is lost: gauges run empty by themselves.
    virtual Task<> finish(Finish finish) = 0;

    /// How accounts stand now; index for index.
    virtual Task<std::vector<Standing>> standings(std::vector<Limit> limits, Instant now) = 0;
    /// How gauges stand now; index for index.
    virtual Task<std::vector<Reading>> readings(std::vector<Gauge> gauges, Instant now) = 0;
};

}  // namespace gatehouse::policy

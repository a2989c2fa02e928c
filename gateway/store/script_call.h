// SPDX-License-Identifier: Apache-2.0
// ScriptCall: what the ledger's scripts are called with. Holds that are decided together are one call, and settlements
// that are posted together: what several of them look at is named once, and what they add to the same cell, account or
// gauge is added up here, so that the store does it once. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/charge.h"
#include "policy/limit.h"

namespace gatehouse::store {

/// One settlement of a run of a gateway.
struct Settlement {
    std::uint64_t number = 0;  ///< within the run
    policy::Charge charge;
    std::string record;  ///< the line that goes to the records
    std::optional<policy::Finish> finish;
};

struct Retention {
    std::chrono::days spend{13 * 31};  ///< days, months and totals
    std::chrono::days detail{62};      ///< hours and sessions
    std::uint64_t records = 100'000;   ///< in the stream
    bool notes_touched = false;        ///< somebody looks for accounts that were charged (redis_outbox.h)
};

struct ScriptCall {
    std::vector<std::string> keys;
    std::vector<std::string> arguments;
};

/// Of reserve.lua, for at least one. They are decided at the latest of their moments.
ScriptCall to_reserve_call(std::span<const policy::Hold> holds);
/// Of hold.lua; nothing when there is nothing to hold and no gauge to stay on.
std::optional<ScriptCall> to_hold_call(std::string id, std::vector<std::string> accounts,
                                       const std::vector<policy::Gauge>& gauges, Money amount, Instant expires_at);
/// Of settle.lua. `run`: its epoch.
ScriptCall to_settle_call(std::string_view run, std::span<const Settlement> settlements, const Retention& retention);
/// Of finish_request.lua.
ScriptCall to_finish_call(const policy::Finish& finish);

/// Where reservations are, which every script that touches one wants first.
std::vector<std::string> reservation_keys();

}  // namespace gatehouse::store

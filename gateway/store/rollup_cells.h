// SPDX-License-Identifier: Apache-2.0
// What the fields of the spend hashes (rollup_keys.h names them) say, for redis_rollups and redis_ledger. Pure. What
// cannot be read is an error and never left out: a report that is short of a cell would be believed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/result.h"
#include "gateway/store/redis.h"
#include "policy/rollups.h"

namespace gatehouse::store {

/// What session_cell_name joined.
struct SessionCellName {
    std::string session;
    std::string agent;
    std::string model;
    std::string project;

    bool operator==(const SessionCellName&) const = default;
};

/// The inverse of cell_name; nothing when it is not one.
std::optional<policy::Dimensions> parse_cell_name(std::string_view name);
std::optional<SessionCellName> parse_session_cell_name(std::string_view name);

/// Appends the cells of one hash, as HGETALL gives it: name, value, name, value … in any order. Faults: unavailable
/// with store_refused when it holds what no settlement writes.
Result<> append_cells(std::vector<policy::Cell>& cells, Instant bucket, const Reply& hash);
Result<> append_session_cells(std::vector<policy::SessionCell>& cells, Instant day, const Reply& hash);
std::string principal_document(const policy::Principal& principal);
/// Nothing when `document` is not the JSON of one.
std::optional<policy::Principal> parse_principal(std::string_view subject, std::string_view document);

}  // namespace gatehouse::store

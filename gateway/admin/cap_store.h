// SPDX-License-Identifier: Apache-2.0
// CapStore: caps as admins read and write them, in the records. A cap's id follows from what it is for, so that a scope
// and period never has two of a kind, whoever creates them at the same moment. Requests do not read here: they have the
// shard's CapBook.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/admin/cap_order.h"
#include "gateway/base/clock.h"
#include "gateway/base/task.h"
#include "policy/cap.h"
#include "policy/records.h"

namespace gatehouse::admin {

/// The cap that an order makes. `present` is the one it replaces, as of `now`: its id and birth stay.
policy::Cap make_cap(const CapOrder& order, const policy::Cap* present, Instant now);
/// The change that stores it, with its audit row. `stored` is the document in its place now, empty: none.
policy::RecordWrite cap_write(const policy::Cap& cap, const std::string& stored, std::string actor, std::string reason,
                              Instant now);
/// The change that takes it away.
policy::RecordWrite cap_removal(const policy::Cap& cap, const std::string& stored, std::string actor, Instant now);
/// As the audit trail shows a cap.
std::string audit_view(const policy::Cap& cap);

/// A cap that is not stored yet, and the change that stores it, with its audit row.
struct CapDraft {
    policy::Cap cap;
    policy::RecordWrite write;
};

class CapStore {
  public:
    explicit CapStore(policy::Records& records) : records_(records) {}

    /// Every cap, expired ones too.
    Task<policy::CapBookPtr> everything();
    /// Every cap that counts.
    Task<policy::CapBookPtr> book(Instant now);
    Task<std::optional<policy::Cap>> find(std::string id, Instant now);
    /// What put() would write. Its write conflicts when somebody writes that cap meanwhile.
    Task<CapDraft> draft(CapOrder order, std::string actor, Instant now);
    /// Creates or replaces.
    Task<policy::Cap> put(CapOrder order, std::string actor, Instant now);
    /// What was removed, or nothing when there was none.
    Task<std::optional<policy::Cap>> remove(std::string id, std::string actor, Instant now);

  private:
    policy::Records& records_;
};

}  // namespace gatehouse::admin

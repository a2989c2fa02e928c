// SPDX-License-Identifier: Apache-2.0
// Records port: what admins wrote (caps, keys, policy versions, requests for more), as JSON documents by kind and id,
// and the trail of who changed what. A document and its audit row are written together or not at all, and every replica
// hears of it in under a second. Implementations: store/redis_records (real), tests/support/memory_records (fake);
// tests/contract/records_contract.h is what both pass.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/task.h"

namespace gatehouse::policy {

/// One row of the admin audit trail.
struct AuditEvent {
    std::int64_t id = 0;  ///< given by the store, ascending
    Instant created_at;
    std::string actor;      ///< "admin-key:<id>", "oidc:<sub>", "gateway"
    std::string action;     ///< "spend_limit.upsert", …; of refused attempts with ".denied" behind it
    std::string target_id;  ///< of what was changed; may be empty
    std::string before;     ///< JSON text; empty: there was nothing
    std::string after;      ///< JSON text; empty: there is nothing
    std::string reason;     ///< the actor's words; may be empty
};

/// One change of one document.
struct RecordWrite {
    std::string kind;
    std::string id;
    /// JSON text; nothing: delete it.
    std::optional<std::string> document;
    /// When given, the write happens only if the document is this now (empty: only if there is none).
    std::optional<std::string> expected;
    AuditEvent audit;  ///< without an action: no row, for the second document of one change
};

using Documents = std::map<std::string, std::string, std::less<>>;  ///< id → JSON text

class Records {
  public:
    virtual ~Records() = default;
    virtual Task<Documents> all(std::string kind) = 0;
    virtual Task<std::optional<std::string>> find(std::string kind, std::string id) = 0;
    /// Several changes, all or none. Faults: conflict/already_exists when an `expected` does not hold.
    virtual Task<> write(std::vector<RecordWrite> changes) = 0;
    /// A row without a change (a refused attempt).
    virtual Task<> note(AuditEvent event) = 0;
    /// Newest first, at most `limit`, only rows with an id below `before` (0: from the newest).
    virtual Task<std::vector<AuditEvent>> audit(std::int64_t before, std::size_t limit) = 0;
    /// Forgets audit rows that were written before that moment.
    virtual Task<> sweep_audit(Instant before) = 0;
};

/// Told by the store, on the shard's thread, when any replica changes records of a kind.
class ChangeListener {
  public:
    virtual ~ChangeListener() = default;
    virtual void on_changed(std::string_view kind) = 0;
    /// The feed is live from now on: whatever was read before may be old.
    virtual void on_changes_up() = 0;
    /// The feed is down: nobody tells of changes until it is up again.
    virtual void on_changes_down() = 0;
};

}  // namespace gatehouse::policy

// SPDX-License-Identifier: Apache-2.0
// The Records in memory. Passes tests/contract/records_contract.h, as RedisRecords does.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

#include "policy/records.h"

namespace gatehouse::testing {

class MemoryRecords final : public policy::Records {
  public:
    /// Every call fails with unavailable/store_unreachable until set_down(false).
    void set_down(bool down) { down_ = down; }
    void add_listener(policy::ChangeListener& listener) { listeners_.push_back(&listener); }
    /// From now on nobody is told of a change, as when the feed is down.
    void remove_listeners() { listeners_.clear(); }

    Task<policy::Documents> all(std::string kind) override {
        if (down_) co_return fail(unreachable());
        co_return documents_[kind];
    }
    Task<std::optional<std::string>> find(std::string kind, std::string id) override {
        if (down_) co_return fail(unreachable());
        const auto& documents = documents_[kind];
        const auto found = documents.find(id);
        if (found == documents.end()) co_return std::optional<std::string>{};
        co_return std::optional<std::string>(found->second);
    }
    Task<> write(std::vector<policy::RecordWrite> changes) override {
        if (down_) co_return fail(unreachable());
        for (const auto& change : changes) {
            const auto& documents = documents_[change.kind];
            const auto found = documents.find(change.id);
            const std::string present = found == documents.end() ? "" : found->second;
            if (change.expected && *change.expected != present)
                co_return fail(Error::conflict(Reason::already_exists, "it was changed meanwhile: read it again"));
        }
        for (auto& change : changes) {
            if (change.document)
                documents_[change.kind][change.id] = *change.document;
            else
                documents_[change.kind].erase(change.id);
            if (!change.audit.action.empty()) append(std::move(change.audit));
            for (auto* listener : listeners_)
                listener->on_changed(change.kind);
        }
        co_return Result<>{};
    }
    Task<> note(policy::AuditEvent event) override {
        if (down_) co_return fail(unreachable());
        append(std::move(event));
        co_return Result<>{};
    }
    Task<std::vector<policy::AuditEvent>> audit(std::int64_t before, std::size_t limit) override {
        if (down_) co_return fail(unreachable());
        std::vector<policy::AuditEvent> result;
        for (const auto& event : std::views::reverse(trail))
            if (result.size() < limit && (before <= 0 || event.id < before)) result.push_back(event);
        co_return result;
    }
    Task<> sweep_audit(Instant before) override {
        if (down_) co_return fail(unreachable());
        std::erase_if(trail, [&](const auto& event) { return event.created_at < before; });
        co_return Result<>{};
    }

    std::vector<policy::AuditEvent> trail;

  private:
    void append(policy::AuditEvent event) {
        event.id = ++last_id_;
        trail.push_back(std::move(event));
    }
    static Error unreachable() {
        return Error::unavailable(Reason::store_unreachable, "the store is unreachable", "MemoryRecords is down");
    }

    bool down_ = false;
    std::int64_t last_id_ = 0;
    std::map<std::string, policy::Documents> documents_;
    std::vector<policy::ChangeListener*> listeners_;
};

}  // namespace gatehouse::testing

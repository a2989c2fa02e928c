// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/cap_store.h"

#include <boost/json/serialize.hpp>
#include <memory>
#include <utility>
#include <vector>

namespace gatehouse::admin {
namespace {

/// Another admin wrote the same cap between our reading and our writing: the last one wins, and each is in the trail.
constexpr int most_attempts = 8;

bool counts(const policy::Cap& cap, Instant now) {
    return !cap.expires_at || *cap.expires_at > now;
}

std::vector<policy::RecordWrite> alone(policy::RecordWrite write) {
    std::vector<policy::RecordWrite> writes;
    writes.push_back(std::move(write));
    return writes;
}

std::optional<policy::Cap> counting_cap(const std::optional<std::string>& document, Instant now) {
    auto cap = document ? policy::parse_cap(*document) : std::nullopt;
    if (cap && !counts(*cap, now)) cap.reset();
    return cap;
}

}  // namespace

policy::Cap make_cap(const CapOrder& order, const policy::Cap* present, Instant now) {
    policy::Cap cap;
    cap.id = policy::cap_id(order.scope, order.period, order.expires_at.has_value());
    cap.scope = order.scope;
    cap.amount = order.amount;
    cap.period = order.period;
    cap.created_at = present != nullptr ? present->created_at : now;
    cap.updated_at = now;
    cap.expires_at = order.expires_at;
    return cap;
}

std::string audit_view(const policy::Cap& cap) {
    auto document = policy::to_json(cap);
    document.stable_erase("type");
    return boost::json::serialize(document);
}

policy::RecordWrite cap_write(const policy::Cap& cap, const std::string& stored, std::string actor, std::string reason,
                              Instant now) {
    const auto before = stored.empty() ? std::nullopt : counting_cap(stored, now);
    policy::RecordWrite write;
    write.kind = policy::cap_record_kind;
    write.id = cap.id;
    write.document = policy::to_document(cap);
    write.expected = stored;
    write.audit.created_at = now;
    write.audit.actor = std::move(actor);
    write.audit.action = "spend_limit.upsert";
    write.audit.target_id = cap.id;
    if (before) write.audit.before = audit_view(*before);
    write.audit.after = audit_view(cap);
    write.audit.reason = std::move(reason);
    return write;
}

policy::RecordWrite cap_removal(const policy::Cap& cap, const std::string& stored, std::string actor, Instant now) {
    policy::RecordWrite write;
    write.kind = policy::cap_record_kind;
    write.id = cap.id;
    write.expected = stored;
    write.audit.created_at = now;
    write.audit.actor = std::move(actor);
    write.audit.action = "spend_limit.delete";
    write.audit.target_id = cap.id;
    write.audit.before = audit_view(cap);
    return write;
}

Task<policy::CapBookPtr> CapStore::everything() {
    const auto documents = co_await records_.all(std::string(policy::cap_record_kind));
    if (!documents) co_return fail(documents.error());
    co_return policy::read_caps(*documents);
}

Task<policy::CapBookPtr> CapStore::book(Instant now) {
    const auto all = co_await everything();
    if (!all) co_return fail(all.error());
    std::vector<policy::Cap> caps;
    for (const policy::Cap& cap : (*all)->caps())
        if (counts(cap, now)) caps.push_back(cap);
    co_return std::make_shared<const policy::CapBook>(std::move(caps));
}

Task<std::optional<policy::Cap>> CapStore::find(std::string id, Instant now) {
    const auto document = co_await records_.find(std::string(policy::cap_record_kind), std::move(id));
    if (!document) co_return fail(document.error());
    co_return counting_cap(*document, now);
}

Task<CapDraft> CapStore::draft(CapOrder order, std::string actor, Instant now) {
    const std::string id = policy::cap_id(order.scope, order.period, order.expires_at.has_value());
    const auto stored = co_await records_.find(std::string(policy::cap_record_kind), id);
    if (!stored) co_return fail(stored.error());
    const auto present = counting_cap(*stored, now);
    CapDraft draft;
    draft.cap = make_cap(order, present ? &*present : nullptr, now);
    draft.write = cap_write(draft.cap, stored->value_or(""), std::move(actor), std::move(order.reason), now);
    co_return draft;
}

Task<policy::Cap> CapStore::put(CapOrder order, std::string actor, Instant now) {
    for (int attempt = 1;; ++attempt) {
        auto drawn = co_await draft(order, actor, now);
        if (!drawn) co_return fail(drawn.error());
        const auto written = co_await records_.write(alone(std::move(drawn->write)));
        if (written) co_return std::move(drawn->cap);
        if (written.error().fault != Fault::conflict || attempt == most_attempts) co_return fail(written.error());
    }
}

Task<std::optional<policy::Cap>> CapStore::remove(std::string id, std::string actor, Instant now) {
    for (int attempt = 1;; ++attempt) {
        const auto stored = co_await records_.find(std::string(policy::cap_record_kind), id);
        if (!stored) co_return fail(stored.error());
        auto present = counting_cap(*stored, now);
        if (!present) co_return std::nullopt;
        const auto written = co_await records_.write(alone(cap_removal(*present, **stored, actor, now)));
        if (written) co_return std::move(present);
        if (written.error().fault != Fault::conflict || attempt == most_attempts) co_return fail(written.error());
    }
}

}  // namespace gatehouse::admin

// SPDX-License-Identifier: Apache-2.0
#include "gateway/store/redis_records.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "gateway/base/json.h"
#include "gateway/store/scripts.h"

namespace gatehouse::store {
namespace {

constexpr std::string_view trail_key = "gh:{admin}:audit";
constexpr std::string_view counter_key = "gh:{admin}:audit_id";
/// Rows looked at by one step of a sweep.
constexpr int sweep_step = 200;

std::string kind_key(std::string_view kind) {
    return std::string("gh:{admin}:").append("r:").append(kind);
}

std::string to_row(const policy::AuditEvent& event) {
    boost::json::object row;
    row["at"] = event.created_at.time_since_epoch().count();
    row["actor"] = event.actor;
    row["action"] = event.action;
    row["target"] = event.target_id;
    row["before"] = event.before;
    row["after"] = event.after;
    row["reason"] = event.reason;
    return boost::json::serialize(row);
}

std::optional<policy::AuditEvent> parse_row(std::string_view text) {
    const auto row = json::parse(text);
    if (!row) return std::nullopt;
    const auto words = [&](std::string_view key) { return std::string(json::find_string(*row, key).value_or("")); };
    policy::AuditEvent event;
    event.id = json::find_integer(*row, "id").value_or(0);
    event.created_at = Instant{std::chrono::milliseconds(json::find_integer(*row, "at").value_or(0))};
    event.actor = words("actor");
    event.action = words("action");
    event.target_id = words("target");
    event.before = words("before");
    event.after = words("after");
    event.reason = words("reason");
    return event;
}

void append_change(std::vector<std::string>& arguments, policy::RecordWrite change) {
    arguments.push_back(std::move(change.kind));
    arguments.push_back(std::move(change.id));
    arguments.emplace_back(change.document ? "1" : "0");
    arguments.push_back(std::move(change.document).value_or(""));
    arguments.emplace_back(change.expected ? "1" : "0");
    arguments.push_back(std::move(change.expected).value_or(""));
    arguments.push_back(change.audit.action.empty() ? "" : to_row(change.audit));
}

}  // namespace

Task<policy::Documents> RedisRecords::all(std::string kind) {
    auto reply = co_await redis_.send({"HGETALL", kind_key(kind)});
    if (!reply) co_return fail(reply.error());
    policy::Documents documents;
    for (std::size_t at = 0; at + 1 < reply->items.size(); at += 2)
        documents.emplace(std::move(reply->items[at].text), std::move(reply->items[at + 1].text));
    co_return documents;
}

Task<std::optional<std::string>> RedisRecords::find(std::string kind, std::string id) {
    auto reply = co_await redis_.send({"HGET", kind_key(kind), std::move(id)});
    if (!reply) co_return fail(reply.error());
    if (reply->is_nil()) co_return std::optional<std::string>{};
    co_return std::optional<std::string>(std::move(reply->text));
}

Task<> RedisRecords::write(std::vector<policy::RecordWrite> changes) {
    std::vector<std::string> keys{std::string(trail_key), std::string(counter_key)};
    std::vector<std::string> arguments{std::string(changes_channel), std::to_string(changes.size())};
    for (policy::RecordWrite& change : changes) {
        keys.push_back(kind_key(change.kind));
        append_change(arguments, std::move(change));
    }
    const auto done = co_await redis_.run(scripts::write_records, std::move(keys), std::move(arguments));
    if (!done) co_return fail(done.error());
    if (done->integer == 0)
        co_return fail(Error::conflict(Reason::already_exists, "it was changed meanwhile: read it again"));
    co_return Result<>{};
}

Task<> RedisRecords::note(policy::AuditEvent event) {
    // A change of no kind is a row alone.
    policy::RecordWrite row;
    row.audit = std::move(event);
    std::vector<policy::RecordWrite> rows;
    rows.push_back(std::move(row));
    co_return co_await write(std::move(rows));
}

Task<std::vector<policy::AuditEvent>> RedisRecords::audit(std::int64_t before, std::size_t limit) {
    const std::string top = before > 0 ? "(" + std::to_string(before) : "+inf";
    const auto reply = co_await redis_.send(
        {"ZREVRANGEBYSCORE", std::string(trail_key), top, "-inf", "LIMIT", "0", std::to_string(limit)});
    if (!reply) co_return fail(reply.error());
    std::vector<policy::AuditEvent> events;
    for (const Reply& item : reply->items)
        if (auto event = parse_row(item.text)) events.push_back(std::move(*event));
    co_return events;
}

Task<> RedisRecords::sweep_audit(Instant before) {
    for (;;) {
        const auto oldest =
            co_await redis_.send({"ZRANGE", std::string(trail_key), "0", std::to_string(sweep_step - 1)});
        if (!oldest) co_return fail(oldest.error());
        std::int64_t last = 0;
        std::size_t old = 0;
        for (const Reply& item : oldest->items) {
            const auto event = parse_row(item.text);
            if (event && event->created_at >= before) break;
            if (event) last = event->id;
            ++old;
        }
        if (old == 0) co_return Result<>{};
        const auto gone =
            co_await redis_.send({"ZREMRANGEBYSCORE", std::string(trail_key), "-inf", std::to_string(last)});
        if (!gone) co_return fail(gone.error());
        if (old < oldest->items.size() || gone->integer == 0) co_return Result<>{};
    }
}

}  // namespace gatehouse::store

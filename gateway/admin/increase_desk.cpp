// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/increase_desk.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <utility>

#include "gateway/admin/people.h"
#include "gateway/base/log.h"
#include "policy/charge.h"

namespace gatehouse::admin {
namespace {

namespace bj = boost::json;
using policy::IncreaseRequest;

/// Another admin changed the same cap between our reading and our writing.
constexpr int most_attempts = 8;

Error no_such_request() {
    return Error::not_found(Reason::not_found, "spend limit increase request not found");
}

Error decided(const IncreaseRequest& request) {
    return Error::conflict(Reason::already_exists,
                           "this request was " + std::string(policy::to_slug(request.status)) + " already");
}

policy::RecordWrite increase_write(const IncreaseRequest& request, std::string stored, std::string_view action,
                                   std::string actor, Instant now) {
    policy::RecordWrite write;
    write.kind = policy::increase_record_kind;
    write.id = request.id;
    write.document = policy::to_document(request);
    write.audit.created_at = now;
    write.audit.actor = std::move(actor);
    write.audit.action = std::string("spend_limit_increase_request.").append(action);
    write.audit.target_id = request.id;
    write.audit.before = stored;
    write.audit.after = *write.document;
    write.audit.reason = request.status == policy::IncreaseStatus::pending ? request.reason : request.note;
    write.expected = std::move(stored);
    return write;
}

policy::RecordWrite mark_write(const IncreaseRequest& request) {
    policy::RecordWrite write;
    write.kind = policy::open_increase_record_kind;
    write.id = policy::open_increase_id(request.who.id, request.period);
    if (request.status == policy::IncreaseStatus::pending) {
        write.document = "\"" + request.id + "\"";
        write.expected = "";
    }
    return write;
}

}  // namespace

bj::array reached_caps(const policy::CapBook& book, const policy::Principal& who,
                       const std::vector<policy::Limit>& limits, const std::vector<policy::Standing>& standings,
                       policy::GroupLimitMode mode, Instant now) {
    bj::array reached;
    const auto add = [&](const policy::Cap& cap) {
        const auto document = policy::to_json(cap);
        reached.push_back(
            {{"spend_limit_id", cap.id}, {"scope", document.at("scope")}, {"period", document.at("period")}});
    };
    const auto is_full = [&](const std::string& account, policy::Period period) {
        for (std::size_t at = 0; at < limits.size(); ++at)
            if (limits[at].account == account && limits[at].period == period)
                return standings[at].spent >= limits[at].amount;
        return false;
    };
    for (const auto& [period, cap] : book.effective(subject_of(who), mode, now))
        if (cap != nullptr && is_full(policy::user_account(who.id), period)) add(*cap);
    for (const std::string& group : who.groups)
        for (const policy::Period period : policy::every_period) {
            const policy::Cap* pool = book.in_force(policy::ScopeKind::group_pool, group, period, now);
            if (pool != nullptr && is_full(policy::pool_account(group), period)) add(*pool);
        }
    return reached;
}

Task<std::vector<IncreaseRequest>> IncreaseDesk::all() {
    const auto documents = co_await parts_.records.all(std::string(policy::increase_record_kind));
    if (!documents) co_return fail(documents.error());
    std::vector<IncreaseRequest> requests;
    for (const auto& [id, document] : *documents) {
        auto request = policy::parse_increase(document);
        if (request)
            requests.push_back(std::move(*request));
        else
            log::error("a stored increase request cannot be read", {{"id", id}});
    }
    std::ranges::sort(requests, [](const IncreaseRequest& left, const IncreaseRequest& right) {
        return std::tie(right.created_at, right.id) < std::tie(left.created_at, left.id);
    });
    co_return requests;
}

Task<IncreaseRequest> IncreaseDesk::find(std::string id) {
    const auto document = co_await parts_.records.find(std::string(policy::increase_record_kind), std::move(id));
    if (!document) co_return fail(document.error());
    auto request = *document ? policy::parse_increase(**document) : std::nullopt;
    if (!request) co_return fail(no_such_request());
    co_return std::move(*request);
}

Task<policy::Period> IncreaseDesk::choose_period(policy::Principal who, std::optional<policy::Period> said,
                                                 Instant now) {
    const auto book = co_await caps_.book(now);
    if (!book) co_return fail(book.error());
    const auto limits = (*book)->limits(subject_of(who), parts_.mode(), now);
    if (limits.empty())
        co_return fail(
            Error::bad_request(Reason::malformed_request, "no spend limit applies to you: there is nothing to raise"));
    if (said) {
        if (std::ranges::find(limits, *said, &policy::Limit::period) != limits.end()) co_return *said;
        co_return fail(
            Error::bad_request(Reason::malformed_request,
                               "period: no " + std::string(policy::to_slug(*said)) + " spend limit applies to you"));
    }
    const auto standings = co_await read_standings(parts_.standings, limits, now);
    if (!standings) co_return fail(standings.error());
    const auto chosen = policy::period_to_raise(limits, *standings, now);
    co_return *chosen;
}

Task<IncreaseRequest> IncreaseDesk::ask(policy::Principal who, IncreaseAsk ask) {
    const Instant now = parts_.clock.now();
    const auto period = co_await choose_period(who, ask.period, now);
    if (!period) co_return fail(period.error());
    const std::string actor = "oidc:" + who.id;
    IncreaseRequest request{.id = "slir_" + to_hex(parts_.random.bytes(16)),
                            .who = std::move(who),
                            .period = *period,
                            .reason = std::move(ask.reason),
                            .wished = std::move(ask.wished),
                            .created_at = now};
    std::vector<policy::RecordWrite> writes;
    writes.push_back(increase_write(request, "", "create", actor, now));
    writes.push_back(mark_write(request));
    const auto written = co_await parts_.records.write(std::move(writes));
    if (!written && written.error().fault == Fault::conflict)
        co_return fail(Error::conflict(Reason::already_exists, "you have asked for a higher " +
                                                                   std::string(policy::to_slug(*period)) +
                                                                   " spend limit already: that request is still open"));
    if (!written) co_return fail(written.error());
    co_return request;
}

Task<std::pair<IncreaseRequest, std::string>> IncreaseDesk::open(std::string id) {
    auto document = co_await parts_.records.find(std::string(policy::increase_record_kind), std::move(id));
    if (!document) co_return fail(document.error());
    auto request = *document ? policy::parse_increase(**document) : std::nullopt;
    if (!request) co_return fail(no_such_request());
    if (request->status != policy::IncreaseStatus::pending) co_return fail(decided(*request));
    co_return std::pair{std::move(*request), std::move(**document)};
}

Task<Approved> IncreaseDesk::approve(std::string id, IncreaseGrant grant, std::string actor) {
    for (int attempt = 1;; ++attempt) {
        auto found = co_await open(id);
        if (!found) co_return fail(found.error());
        const Instant now = parts_.clock.now();
        auto& [request, stored] = *found;
        CapOrder order;
        order.scope = {policy::ScopeKind::user, request.who.id};
        order.amount = grant.amount;
        order.period = grant.period.value_or(request.period);
        order.expires_at = grant.expires_at;
        const std::string cap_id = policy::cap_id(order.scope, order.period, order.expires_at.has_value());
        const auto present = co_await parts_.records.find(std::string(policy::cap_record_kind), cap_id);
        if (!present) co_return fail(present.error());
        auto before = *present ? policy::parse_cap(**present) : std::nullopt;
        if (before && before->expires_at && *before->expires_at <= now) before.reset();
        policy::Cap cap = make_cap(order, before ? &*before : nullptr, now);

        request.status = policy::IncreaseStatus::approved;
        request.resolved_at = now;
        request.resolved_by = actor;
        request.granted = grant.amount;
        request.granted_until = grant.expires_at;
        request.note = grant.note;
        std::vector<policy::RecordWrite> writes;
        writes.push_back(increase_write(request, std::move(stored), "approve", actor, now));
        writes.push_back(mark_write(request));
        writes.push_back(cap_write(cap, present->value_or(""), actor, "increase request " + request.id, now));
        const auto written = co_await parts_.records.write(std::move(writes));
        if (written) co_return Approved{std::move(request), std::move(cap)};
        if (written.error().fault != Fault::conflict || attempt == most_attempts) co_return fail(written.error());
    }
}

Task<IncreaseRequest> IncreaseDesk::deny(std::string id, std::string note, std::string actor) {
    for (int attempt = 1;; ++attempt) {
        auto found = co_await open(id);
        if (!found) co_return fail(found.error());
        const Instant now = parts_.clock.now();
        auto& [request, stored] = *found;
        request.status = policy::IncreaseStatus::denied;
        request.resolved_at = now;
        request.resolved_by = actor;
        request.note = note;
        std::vector<policy::RecordWrite> writes;
        writes.push_back(increase_write(request, std::move(stored), "deny", actor, now));
        writes.push_back(mark_write(request));
        const auto written = co_await parts_.records.write(std::move(writes));
        if (written) co_return std::move(request);
        if (written.error().fault != Fault::conflict || attempt == most_attempts) co_return fail(written.error());
    }
}

}  // namespace gatehouse::admin

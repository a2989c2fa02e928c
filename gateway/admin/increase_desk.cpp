// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/increase_desk.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "gateway/admin/people.h"
#include "gateway/admin/reply.h"
#include "gateway/base/log.h"
#include "policy/charge.h"

namespace gatehouse::admin {
namespace {

using policy::IncreaseHistory;
using policy::IncreaseRequest;
using policy::IncreaseStatus;

/// Somebody changed the same cap, or the same person's requests, between our reading and our writing.
constexpr int most_attempts = 8;

Error no_such_request() {
    return Error::not_found(Reason::not_found, "spend limit increase request not found");
}

std::string not_open(IncreaseStatus status) {
    switch (status) {
        case IncreaseStatus::pending:
            break;
        case IncreaseStatus::expired:
            return "this request has expired: nobody decided it within 30 days";
        case IncreaseStatus::approved:
        case IncreaseStatus::denied:
        case IncreaseStatus::withdrawn:
            return "this request was " + std::string(policy::to_slug(status)) + " already";
    }
    return {};
}

Result<> check_open(const IncreaseRequest& request, Instant now) {
    const IncreaseStatus status = policy::status_at(request, now);
    if (status == IncreaseStatus::pending) return {};
    return fail(Error::conflict(Reason::already_exists, not_open(status)));
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
    write.audit.reason = request.status == IncreaseStatus::pending ? request.reason : request.note;
    write.expected = std::move(stored);
    return write;
}

/// No row of its own: it says nothing that the request does not.
policy::RecordWrite history_write(const std::string& user, const IncreaseHistory& history, std::string stored) {
    policy::RecordWrite write;
    write.kind = policy::increase_history_record_kind;
    write.id = policy::increase_history_id(user);
    write.document = policy::to_document(history);
    write.expected = std::move(stored);
    return write;
}

void resolve(IncreaseRequest& request, IncreaseStatus status, std::string actor, std::string note, Instant now) {
    request.status = status;
    request.resolved_at = now;
    request.resolved_by = std::move(actor);
    request.note = std::move(note);
}

CapOrder to_order(const IncreaseRequest& request, const IncreaseGrant& grant) {
    CapOrder order;
    order.scope = {policy::ScopeKind::user, request.who.id};
    order.amount = grant.amount;
    order.period = grant.period.value_or(request.period);
    order.expires_at = grant.expires_at;
    return order;
}

/// The cap that a request is about: the person's own bound in that period, or the pool that is full, or one that is
/// not.
const policy::Cap* cap_in_question(const policy::CapBook& book, const policy::Subject& who, policy::GroupLimitMode mode,
                                   const std::vector<policy::Limit>& limits,
                                   const std::vector<policy::Standing>& standings, policy::Period period, Instant now) {
    for (const auto& obstacle : policy::obstacles(book, who, mode, limits, standings, period, now))
        if (obstacle.cap->period == period) return obstacle.cap;
    for (const auto& [of, cap] : book.effective(who, mode, now))
        if (of == period && cap != nullptr && cap->amount) return cap;
    for (const policy::Cap* pool : book.pools(who, now))
        if (pool->period == period) return pool;
    return nullptr;
}

Result<> check_more(const std::optional<std::string>& wished, const policy::Cap* about) {
    // A pool's amount is nothing that one person's wish could be compared with.
    if (!wished || about == nullptr || !about->amount || about->scope.kind == policy::ScopeKind::group_pool) return {};
    if (policy::money_of_cents(*wished) > *about->limit()) return {};
    return fail(bad_field("amount", "is not more than your " + std::string(policy::to_slug(about->period)) +
                                        " spend limit of $" + to_dollars_text(*about->limit())));
}

}  // namespace

/// What a request is asked on.
struct IncreaseDesk::Grounds {
    policy::Period period = policy::Period::monthly;
    std::optional<policy::Cap> about;
};

/// A request with its stored text.
struct IncreaseDesk::Stored {
    IncreaseRequest request;
    std::string text;
};

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

Task<std::vector<IncreaseRequest>> IncreaseDesk::of(std::string user, std::string after, std::size_t most,
                                                    std::function<bool(const IncreaseRequest&)> fits) {
    const auto history = co_await history_of(user);
    if (!history) co_return fail(history.error());
    std::vector<IncreaseRequest> found;
    bool begun = after.empty();
    for (const IncreaseHistory::Entry& entry : history->first.entries | std::views::reverse) {
        if (!begun) {
            begun = entry.id == after;
            continue;
        }
        if (found.size() == most) break;
        auto request = co_await find(entry.id);
        if (!request && request.error().fault == Fault::not_found) continue;
        if (!request) co_return fail(request.error());
        if (fits(*request)) found.push_back(std::move(*request));
    }
    co_return found;
}

Task<IncreaseDesk::Stored> IncreaseDesk::look_up(std::string id) {
    auto document = co_await parts_.records.find(std::string(policy::increase_record_kind), std::move(id));
    if (!document) co_return fail(document.error());
    auto request = *document ? policy::parse_increase(**document) : std::nullopt;
    if (!request) co_return fail(no_such_request());
    co_return Stored{std::move(*request), std::move(**document)};
}

/// With its stored text, empty: they have never asked.
Task<std::pair<IncreaseHistory, std::string>> IncreaseDesk::history_of(std::string user) {
    const auto document = co_await parts_.records.find(std::string(policy::increase_history_record_kind),
                                                       policy::increase_history_id(user));
    if (!document) co_return fail(document.error());
    co_return std::pair{policy::parse_increase_history(document->value_or("")), document->value_or("")};
}

Task<IncreaseRequest> IncreaseDesk::find(std::string id) {
    auto stored = co_await look_up(std::move(id));
    if (!stored) co_return fail(stored.error());
    co_return std::move(stored->request);
}

/// Which of their caps it is about, if there is one.
Task<IncreaseDesk::Grounds> IncreaseDesk::examine(policy::Principal who, IncreaseAsk ask, Instant now) {
    const auto book = co_await caps_.book(now);
    if (!book) co_return fail(book.error());
    const policy::Subject subject = subject_of(who);
    const auto mode = parts_.mode();
    const auto limits = (*book)->limits(subject, mode, now);
    if (limits.empty())
        co_return fail(
            Error::bad_request(Reason::malformed_request, "no spend limit applies to you: there is nothing to raise"));
    if (ask.period && std::ranges::find(limits, *ask.period, &policy::Limit::period) == limits.end())
        co_return fail(
            bad_field("period", "no " + std::string(policy::to_slug(*ask.period)) + " spend limit applies to you"));
    const auto standings = co_await read_standings(parts_.standings, limits, now);
    if (!standings) co_return fail(standings.error());
    Grounds grounds;
    grounds.period = ask.period ? *ask.period : *policy::period_to_raise(limits, *standings, now);
    const auto* about = cap_in_question(**book, subject, mode, limits, *standings, grounds.period, now);
    const auto more = check_more(ask.wished, about);
    if (!more) co_return fail(more.error());
    if (about != nullptr) grounds.about = *about;
    co_return grounds;
}

Task<IncreaseRequest> IncreaseDesk::ask(policy::Principal who, IncreaseAsk ask) {
    const Instant now = parts_.clock.now();
    auto grounds = co_await examine(who, ask, now);
    if (!grounds) co_return fail(grounds.error());
    const std::string actor = "oidc:" + who.id;
    const IncreaseRequest request{.id = "slir_" + to_hex(parts_.random.bytes(16)),
                                  .who = std::move(who),
                                  .period = grounds->period,
                                  .reason = std::move(ask.reason),
                                  .wished = std::move(ask.wished),
                                  .about = std::move(grounds->about),
                                  .created_at = now};
    for (int attempt = 1;; ++attempt) {
        auto known = co_await history_of(request.who.id);
        if (!known) co_return fail(known.error());
        auto& [history, stored] = *known;
        const auto allowed = policy::may_ask(history, request.period, now);
        if (!allowed) co_return fail(allowed.error());
        policy::remember(history, request);
        std::vector<policy::RecordWrite> writes;
        writes.push_back(increase_write(request, "", "create", actor, now));
        writes.push_back(history_write(request.who.id, history, std::move(stored)));
        const auto written = co_await parts_.records.write(std::move(writes));
        if (written) co_return request;
        if (written.error().fault != Fault::conflict || attempt == most_attempts) co_return fail(written.error());
    }
}

/// Writes a request that has found its end, takes it out of what its author has open, and writes what comes with that.
/// Conflict: some of it changed meanwhile.
Task<IncreaseRequest> IncreaseDesk::decide(Stored decided, std::string_view action,
                                           std::vector<policy::RecordWrite> more) {
    auto& [request, text] = decided;
    auto known = co_await history_of(request.who.id);
    if (!known) co_return fail(known.error());
    policy::close(known->first, request.id);
    std::vector<policy::RecordWrite> writes;
    writes.push_back(increase_write(request, std::move(text), action, request.resolved_by, *request.resolved_at));
    writes.push_back(history_write(request.who.id, known->first, std::move(known->second)));
    std::ranges::move(more, std::back_inserter(writes));
    const auto written = co_await parts_.records.write(std::move(writes));
    if (!written) co_return fail(written.error());
    co_return std::move(request);
}

Task<IncreaseRequest> IncreaseDesk::withdraw(std::string id, std::string user) {
    for (int attempt = 1;; ++attempt) {
        auto stored = co_await look_up(id);
        if (!stored) co_return fail(stored.error());
        // Another's request and none read the same: the answer tells nothing about other people.
        if (stored->request.who.id != user) co_return fail(no_such_request());
        const Instant now = parts_.clock.now();
        const auto open = check_open(stored->request, now);
        if (!open) co_return fail(open.error());
        resolve(stored->request, IncreaseStatus::withdrawn, "oidc:" + user, {}, now);
        auto withdrawn = co_await decide(std::move(*stored), "withdraw", {});
        const bool again = !withdrawn && withdrawn.error().fault == Fault::conflict && attempt < most_attempts;
        if (!again) co_return withdrawn;
    }
}

Task<Prospect> IncreaseDesk::preview(std::string id, IncreaseGrant grant) {
    auto stored = co_await look_up(std::move(id));
    if (!stored) co_return fail(stored.error());
    const Instant now = parts_.clock.now();
    const auto open = check_open(stored->request, now);
    if (!open) co_return fail(open.error());
    const auto book = co_await caps_.book(now);
    if (!book) co_return fail(book.error());
    const CapOrder order = to_order(stored->request, grant);
    const policy::Cap* present = (*book)->find(policy::cap_id(order.scope, order.period, order.expires_at.has_value()));
    Prospect prospect{.request = std::move(stored->request),
                      .cap = make_cap(order, present, now),
                      .replaces = present == nullptr ? std::nullopt : std::optional(*present),
                      .book = nullptr};
    prospect.book = std::make_shared<const policy::CapBook>((*book)->with(prospect.cap));
    co_return prospect;
}

Task<Approved> IncreaseDesk::approve(std::string id, IncreaseGrant grant, std::string actor) {
    for (int attempt = 1;; ++attempt) {
        auto stored = co_await look_up(id);
        if (!stored) co_return fail(stored.error());
        const Instant now = parts_.clock.now();
        const auto open = check_open(stored->request, now);
        if (!open) co_return fail(open.error());
        CapOrder order = to_order(stored->request, grant);
        const policy::Principal& who = stored->request.who;
        order.reason = "increase request of " + (who.email.empty() ? who.id : who.email);
        auto draft = co_await caps_.draft(std::move(order), actor, now);
        if (!draft) co_return fail(draft.error());
        resolve(stored->request, IncreaseStatus::approved, actor, grant.note, now);
        stored->request.granted = grant.amount;
        stored->request.granted_period = draft->cap.period;
        stored->request.granted_until = grant.expires_at;
        std::vector<policy::RecordWrite> with_it;
        with_it.push_back(std::move(draft->write));
        auto approved = co_await decide(std::move(*stored), "approve", std::move(with_it));
        if (approved) co_return Approved{std::move(*approved), std::move(draft->cap)};
        if (approved.error().fault != Fault::conflict || attempt == most_attempts) co_return fail(approved.error());
    }
}

Task<IncreaseRequest> IncreaseDesk::deny(std::string id, std::string note, std::string actor) {
    for (int attempt = 1;; ++attempt) {
        auto stored = co_await look_up(id);
        if (!stored) co_return fail(stored.error());
        IncreaseRequest& request = stored->request;
        if (request.status == IncreaseStatus::denied) co_return std::move(request);
        if (request.status == IncreaseStatus::approved)
            co_return fail(Error::bad_request(Reason::already_exists, not_open(request.status)));
        const Instant now = parts_.clock.now();
        const auto open = check_open(request, now);
        if (!open) co_return fail(open.error());
        resolve(request, IncreaseStatus::denied, actor, note, now);
        auto denied = co_await decide(std::move(*stored), "deny", {});
        const bool again = !denied && denied.error().fault == Fault::conflict && attempt < most_attempts;
        if (!again) co_return denied;
    }
}

}  // namespace gatehouse::admin

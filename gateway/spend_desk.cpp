// SPDX-License-Identifier: Apache-2.0
#include "gateway/spend_desk.h"

#include <algorithm>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/base/timestamp.h"
#include "policy/charge.h"

namespace gatehouse {
namespace {

constexpr std::size_t most_asked_shown = 5;
constexpr std::size_t longest_reason = 1'000;

std::string group_of(const policy::Limit& limit, const auth::Person& person) {
    for (const std::string& group : person.groups)
        if (policy::pool_account(group) == limit.account) return group;
    return {};
}

std::string answer_of(const policy::IncreaseRequest& request) {
    std::string answer;
    const policy::Period period = request.granted_period.value_or(request.period);
    if (request.granted)
        answer = "Granted: " + to_price_text(policy::money_of_cents(*request.granted)) + " " +
                 std::string(policy::to_slug(period));
    if (request.granted_until) answer += " until " + to_timestamp(*request.granted_until);
    if (request.note.empty()) return answer;
    return answer + (answer.empty() ? "" : ". ") + request.note;
}

bool any_request(const policy::IncreaseRequest&) {
    return true;
}

Error wrong(std::string sentence) {
    return Error::bad_request(Reason::malformed_request, std::move(sentence));
}

Result<admin::IncreaseAsk> to_ask(const std::string& period, const std::string& amount, std::string reason) {
    admin::IncreaseAsk ask;
    if (!period.empty()) {
        ask.period = policy::parse_period(period);
        if (!ask.period) return fail(wrong("The period must be daily, weekly or monthly."));
    }
    if (!trim(amount).empty()) {
        ask.wished = policy::parse_dollars(amount);
        if (!ask.wished) return fail(wrong("The amount must be in dollars, such as 150 or 150.00."));
    }
    if (trim(reason, " \t\r\n").empty()) return fail(wrong("Say in a few words why you need more."));
    if (reason.size() > longest_reason) return fail(wrong("The reason is too long: 1000 characters are the most."));
    ask.reason = std::move(reason);
    return ask;
}

}  // namespace

Task<auth::SpendSheet> SpendDeskHere::of(auth::Person person) {
    auth::SpendSheet sheet;
    const auto rules = parts_.rules();
    admin::IncreaseDesk* const desk = parts_.increases();
    if (!rules->capped || desk == nullptr) co_return sheet;
    const Instant now = parts_.clock.now();
    const policy::Subject subject{person.subject, person.email, person.groups};
    const auto limits = rules->caps->limits(subject, rules->group_limit_mode, now);
    const auto standings = co_await parts_.ledger.standings(limits, now);
    if (!standings) co_return fail(standings.error());
    for (std::size_t at = 0; at < limits.size(); ++at) {
        const policy::Standing& standing = (*standings)[at];
        sheet.rows.push_back({std::string(policy::to_slug(limits[at].period)), group_of(limits[at], person),
                              to_price_text(standing.spent),
                              standing.held.is_zero() ? "" : to_price_text(standing.held),
                              to_price_text(limits[at].amount), policy::period_end(limits[at].period, now),
                              standing.spent >= limits[at].amount});
    }
    const auto own = co_await desk->of(person.subject, {}, most_asked_shown, any_request);
    if (!own) co_return fail(own.error());
    for (const policy::IncreaseRequest& request : *own) {
        const policy::IncreaseStatus status = policy::status_at(request, now);
        sheet.asked.push_back({.id = request.id,
                               .period = std::string(policy::to_slug(request.period)),
                               .status = std::string(policy::to_slug(status)),
                               .open = status == policy::IncreaseStatus::pending,
                               .reason = request.reason,
                               .answer = answer_of(request),
                               .asked_at = request.created_at});
    }
    co_return sheet;
}

Task<> SpendDeskHere::ask(auth::Person person, std::string period, std::string amount, std::string reason) {
    admin::IncreaseDesk* const desk = parts_.increases();
    if (desk == nullptr) co_return fail(Error::not_found(Reason::not_found, "There are no spend limits here."));
    auto ask = to_ask(period, amount, std::move(reason));
    if (!ask) co_return fail(ask.error());
    policy::Principal who{person.subject, person.email, person.name, person.groups, false, {}};
    const auto asked = co_await desk->ask(std::move(who), std::move(*ask));
    if (!asked) co_return fail(asked.error());
    co_return Result<>{};
}

Task<> SpendDeskHere::withdraw(auth::Person person, std::string id) {
    admin::IncreaseDesk* const desk = parts_.increases();
    if (desk == nullptr) co_return fail(Error::not_found(Reason::not_found, "There are no spend limits here."));
    const auto withdrawn = co_await desk->withdraw(std::move(id), person.subject);
    if (!withdrawn) co_return fail(withdrawn.error());
    co_return Result<>{};
}

}  // namespace gatehouse

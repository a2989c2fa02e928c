// SPDX-License-Identifier: Apache-2.0
#include "gateway/messages/standing.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <utility>
#include <vector>

#include "auth/audit.h"
#include "gateway/http/reply.h"
#include "gateway/messages/spend_answer.h"

namespace gatehouse::messages {
namespace {

constexpr std::chrono::seconds kept{3};
constexpr std::size_t most_known = 4'096;

}  // namespace

void StandingRoute::mount(http::Router& router) {
    router.add({.method = "GET",
                .path = "/api/oauth/usage",
                .handler = auth::guard_credential(parts_.authenticator, parts_.journal,
                                                  [this](http::Request& request, const auth::IdentityPtr& identity) {
                                                      return handle(request, identity);
                                                  }),
                .render = http::render_inference,
                .label = "usage"});
}

Task<std::string> StandingRoute::describe_standing(const SpendRules& rules, policy::Subject subject, Instant now) {
    std::vector<policy::Limit> limits = rules.caps->limits(subject, rules.group_limit_mode, now);
    std::erase_if(limits, [](const policy::Limit& limit) { return limit.pool; });
    std::ranges::sort(limits, {}, &policy::Limit::period);
    const bool capped = !limits.empty();
    if (!capped)
        for (const policy::Period period : policy::every_period)
            limits.push_back({policy::user_account(subject.id), period, Money(), false});
    const auto standings = co_await parts_.ledger.standings(limits, now);
    if (!standings) co_return fail(standings.error());
    if (!capped)
        co_return boost::json::serialize(
            uncapped_usage((*standings)[0].spent, (*standings)[1].spent, (*standings)[2].spent));
    std::vector<UsageRow> rows;
    for (std::size_t index = 0; index < limits.size(); ++index)
        rows.push_back({limits[index].period,
                        {index,
                         {(*standings)[index].spent, limits[index].amount},
                         policy::period_end(limits[index].period, now)}});
    // Once blocked the answer is about the cap that resets last, as the refusal is.
    auto described = policy::last_to_reset(limits, *standings, now);
    if (!described) described = policy::fullest(limits, *standings, now);
    co_return boost::json::serialize(capped_usage(rows, *described));
}

Task<http::Response> StandingRoute::handle(http::Request&, const auth::IdentityPtr& identity) {
    const SpendRulesPtr rules = parts_.rules();
    if (!rules->capped) co_return http::text(404, "not found");
    const auth::Person& person = identity->person();
    const Instant now = parts_.clock.now();
    auto known = known_.find(person.subject);
    if (known == known_.end() || known->second.until <= now) {
        const auto body = co_await describe_standing(*rules, {person.subject, person.email, person.groups}, now);
        if (!body) co_return http::text(503, "usage unavailable");
        if (known_.size() >= most_known) known_.clear();
        known = known_.insert_or_assign(person.subject, Known{*body, now + kept}).first;
    }
    http::Response response;
    response.headers.add("content-type", "application/json;charset=utf-8");
    response.headers.add("cache-control", "no-store");
    response.body = known->second.body;
    co_return response;
}

}  // namespace gatehouse::messages

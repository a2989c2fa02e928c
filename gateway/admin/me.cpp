// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/me.h"

#include <array>
#include <boost/json/array.hpp>
#include <string_view>
#include <utility>

#include "gateway/admin/parameters.h"
#include "gateway/admin/reply.h"
#include "policy/brake_document.h"
#include "policy/bucket.h"
#include "policy/charge.h"

namespace gatehouse::admin {
namespace {

namespace bj = boost::json;
using policy::Dimension;
using policy::Fact;
using policy::Grain;

constexpr auto usage_parameters = std::to_array<std::string_view>({"days"});
/// Sessions, which a person's own days are read from, are kept for 62 days.
constexpr int most_days = 60;

std::string_view role_of(const AdminSettings& settings, const auth::Identity& who) {
    if (who.kind() == auth::CredentialKind::service_key) return "service";
    return admin::role_of(settings, who.person().groups);
}

/// Why that policy, in a sentence for the person it holds for.
std::string reason_of(const policy::PolicyMatch& match) {
    if (match.policy == nullptr) return "No policy names you or your groups, so nothing is restricted.";
    if (!match.group.empty() && !match.email_domain.empty())
        return "Because you are in the group " + match.group + " and your address is at " + match.email_domain + ".";
    if (!match.group.empty()) return "Because you are in the group " + match.group + ".";
    if (!match.email_domain.empty()) return "Because your address is at " + match.email_domain + ".";
    return "Because this policy holds for everyone.";
}

/// With the limits that they bring themselves, if there are some.
bj::value policy_of(const policy::PolicyMatch& match, const bj::object* own) {
    bj::object policy{{"name", nullptr}, {"group", nullptr}, {"reason", reason_of(match)}};
    bj::object limits = match.policy != nullptr ? match.policy->limits : bj::object();
    policy["limits"] = own != nullptr ? policy::merge_limits(limits, *own) : std::move(limits);
    policy["restricts_models"] = match.policy != nullptr && match.policy->available_models.has_value();
    if (match.policy == nullptr) return policy;
    policy["name"] = match.policy->name;
    if (!match.group.empty()) policy["group"] = match.group;
    return policy;
}

bj::array models_of(const policy::Rules& rules, const policy::Policy* policy) {
    bj::array models;
    for (const policy::Model* model : rules.models_for(policy))
        models.push_back(
            {{"id", model->id}, {"display_name", model->display_name}, {"description", model->description}});
    return models;
}

/// A cap of a group together, beside the account it is counted on.
struct Line {
    policy::Period period = policy::Period::monthly;
    const policy::Cap* cap = nullptr;
    std::string account;
};

std::vector<Line> lines_of(const CapsInForce& caps, const auth::Person& person, Instant now) {
    const policy::Subject subject{person.subject, person.email, person.groups};
    std::vector<Line> lines;
    for (const policy::EffectiveCap& each : caps.book->effective(subject, caps.mode, now))
        lines.push_back({each.period, each.cap, policy::user_account(person.subject)});
    for (const policy::Cap* pool : caps.book->pools(subject, now))
        lines.push_back({pool->period, pool, policy::pool_account(pool->scope.id)});
    return lines;
}

bj::object row_of(const Fact& fact) {
    const policy::Usage& usage = fact.sum.usage;
    return {{"amount", to_exact_cents_text(fact.sum.cost)},
            {"cost_nano", std::to_string(fact.sum.cost.nano())},
            {"requests", fact.sum.requests},
            {"input_tokens", usage.prompt()},
            {"output_tokens", usage.output}};
}

bj::array rows_of(const std::vector<Fact>& facts, Dimension by, std::string_view name, bool with_day) {
    bj::array rows;
    for (const Fact& fact : policy::grouped(facts, {by})) {
        bj::object row = row_of(fact);
        if (with_day) row["date"] = to_timestamp(fact.bucket).substr(0, 10);
        const std::string_view value = policy::value_of(fact, by);
        row[name] = value.empty() ? bj::value() : bj::value(value);
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace

bj::object to_own_use(std::vector<Fact> days, Instant from, Instant to) {
    Fact all;
    all.sum = policy::total(days);
    bj::object body{{"type", "own_usage"}, {"starting_at", to_timestamp(from)}, {"ending_at", to_timestamp(to)}};
    body["currency"] = "USD";
    body["total"] = row_of(all);
    body["days"] = rows_of(days, Dimension::model, "model", true);
    for (Fact& fact : days)
        fact.bucket = from;
    body["projects"] = rows_of(days, Dimension::project, "project", false);
    return body;
}

void MeRoute::mount(http::Router& router) {
    router.add({.method = "GET",
                .path = "/v1/me",
                .handler = parts_.gate.guard(http::Access::signed_in, this, &MeRoute::me),
                .render = render_admin_error,
                .label = "me"});
    router.add({.method = "GET",
                .path = "/v1/me/usage",
                .handler = parts_.gate.guard(http::Access::signed_in, this, &MeRoute::usage),
                .render = render_admin_error,
                .label = "me"});
}

Task<bj::array> MeRoute::caps_of(auth::Person person, Instant now) {
    const CapsInForce caps = parts_.caps();
    const auto lines = lines_of(caps, person, now);
    std::vector<policy::Limit> limits;
    for (const Line& line : lines)
        limits.push_back({line.account, line.period, Money(), false});
    const auto standings = co_await read_standings(parts_.standings, std::move(limits), now);
    if (!standings) co_return fail(standings.error());
    bj::array rows;
    for (std::size_t at = 0; at < lines.size(); ++at) {
        bj::object row;
        add_cap(row, lines[at].period, lines[at].cap);
        add_standing(row, (*standings)[at]);
        row["resets_at"] = to_timestamp(policy::period_end(lines[at].period, now));
        row["reached"] = lines[at].cap != nullptr && is_reached(*lines[at].cap, (*standings)[at]);
        rows.push_back(std::move(row));
    }
    co_return rows;
}

Task<http::Response> MeRoute::me(http::Request& request, const auth::Identity& identity) {
    const auth::Person& person = identity.person();
    const Instant now = parts_.clock.now();
    auto caps = co_await caps_of(person, now);
    if (!caps) co_return fail(caps.error());
    const auto rules = parts_.rules();
    const auto settings = parts_.settings();
    const auto match = rules->match({person.subject, person.email, person.groups});
    bj::object body{{"type", "me"}};
    body["user"] = {{"id", person.subject},
                    {"email", person.email},
                    {"name", person.name},
                    {"groups", bj::array(person.groups.begin(), person.groups.end())}};
    body["role"] = role_of(*settings, identity);
    body["credential"] = {{"kind", auth::to_slug(identity.kind())}, {"id", identity.credential_id()}};
    body["policy"] = policy_of(match, identity.limits());
    body["models"] = models_of(*rules, match.policy);
    body["caps"] = std::move(*caps);
    body["capped"] = settings->enabled;
    body["gateway"] = {{"origin", parts_.origin}, {"version", parts_.version}, {"sample", parts_.sample()}};
    body["as_of"] = to_timestamp(now);
    co_return reply(request, body);
}

Task<http::Response> MeRoute::usage(http::Request& request, const auth::Identity& identity) {
    const auto parameters = Parameters::parse(request.query(), usage_parameters, {});
    if (!parameters) co_return fail(parameters.error());
    const auto days = parameters->whole("days", 1, most_days, 30);
    if (!days) co_return fail(days.error());
    const Instant now = parts_.clock.now();
    const Instant to = policy::bucket_end(Grain::day, now);
    const Instant from = to - std::chrono::days(*days);
    const std::string user = identity.person().subject;
    auto sessions = co_await parts_.rollups.sessions(user, from, to);
    if (!sessions) co_return fail(sessions.error());
    std::vector<Fact> facts;
    for (policy::SessionCell& cell : *sessions)
        facts.push_back(policy::to_fact(std::move(cell), user));
    co_return reply(request, to_own_use(std::move(facts), from, to));
}

}  // namespace gatehouse::admin

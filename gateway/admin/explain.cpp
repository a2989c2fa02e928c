// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/explain.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "auth/service_key.h"
#include "gateway/admin/people.h"
#include "gateway/admin/query.h"
#include "gateway/admin/reply.h"
#include "policy/charge.h"
#include "policy/decision.h"
#include "policy/spend_words.h"
#include "policy/utilization.h"

namespace gatehouse::admin {
namespace {

namespace bj = boost::json;

constexpr std::string_view scope = "explain";

bj::value explain_policy(const policy::PolicyMatch& match) {
    if (match.policy == nullptr) return {};
    bj::object matched;
    if (!match.group.empty()) matched["group"] = match.group;
    if (!match.email_domain.empty()) matched["email_domain"] = match.email_domain;
    if (matched.empty()) matched["everyone"] = true;
    return bj::object{{"name", match.policy->name}, {"matched", std::move(matched)}, {"limits", match.policy->limits}};
}

bj::array ids_of(const std::vector<const policy::Model*>& models) {
    bj::array ids;
    for (const policy::Model* model : models)
        ids.emplace_back(model->id);
    return ids;
}

/// What a request of theirs for that model would be told, in its own words.
bj::object explain_model(const policy::RulesPtr& rules, const policy::Subject& subject, const std::string& asked) {
    bj::object answer{{"asked", asked}};
    const auto permit = policy::decide(rules, subject, asked);
    answer["allowed"] = permit.has_value();
    if (!permit) {
        answer["reason"] = to_slug(permit.error().reason);
        answer["message"] = permit.error().message;
        return answer;
    }
    answer["model"] = permit->model->id;
    bj::array upstreams;
    for (const policy::Candidate& candidate : permit->candidates)
        upstreams.push_back({{"upstream", rules->upstreams()[candidate.upstream].name}, {"model", candidate.model}});
    answer["upstreams"] = std::move(upstreams);
    return answer;
}

/// Why a cap that names somebody does not hold for them.
std::string_view reason_of(policy::Outcome outcome, policy::GroupLimitMode mode) {
    switch (outcome) {
        case policy::Outcome::holds:
            return "it holds";
        case policy::Outcome::expired:
            return "it was temporary and its time is over";
        case policy::Outcome::covered_by_temporary:
            return "a temporary cap of the same scope and period comes first while it lasts";
        case policy::Outcome::another_group:
            return mode == policy::GroupLimitMode::min
                       ? "another group's cap is not greater, and admin.group_limit_mode is min"
                       : "another group's cap is not less, and admin.group_limit_mode is max";
        case policy::Outcome::nearer_scope:
            return "a cap of a nearer scope comes first: a user's own before a group's before the organization's";
    }
    return "";
}

/// One account of theirs in one period, and the cap on it.
struct Account {
    policy::Period period = policy::Period::monthly;
    const policy::Cap* cap = nullptr;
    bool pool = false;
    std::string name;
    std::vector<policy::Contender> lost;
};

std::vector<Account> accounts_of(const policy::CapBook& book, const policy::Subject& subject,
                                 policy::GroupLimitMode mode, Instant now) {
    std::vector<Account> accounts;
    for (const auto& [period, cap] : book.effective(subject, mode, now)) {
        Account own{period, cap, false, policy::user_account(subject.id), book.contest(subject, mode, period, now)};
        std::erase_if(own.lost, [](const auto& each) { return each.outcome == policy::Outcome::holds; });
        accounts.push_back(std::move(own));
    }
    for (const policy::Cap* pool : book.pools(subject, now))
        accounts.push_back({pool->period, pool, true, policy::pool_account(pool->scope.id), {}});
    return accounts;
}

bj::object to_row(const Account& account, const policy::Standing& standing, policy::GroupLimitMode mode, Instant now) {
    bj::object row;
    add_cap(row, account.period, account.cap);
    add_standing(row, standing);
    row["resets_at"] = to_timestamp(policy::period_end(account.period, now));
    if (account.cap != nullptr) row["reached"] = is_reached(*account.cap, standing);
    if (account.pool) return row;
    bj::array lost;
    for (const auto& [cap, outcome] : account.lost)
        lost.push_back({{"spend_limit", policy::to_json(*cap)},
                        {"outcome", policy::to_slug(outcome)},
                        {"why", reason_of(outcome, mode)}});
    row["lost"] = std::move(lost);
    return row;
}

/// The bounds on them as requests are checked against them, and which account each belongs to.
struct Bounds {
    std::vector<policy::Limit> limits;
    std::vector<policy::Standing> standings;
    std::vector<const policy::Cap*> caps;
};

Bounds bounds_of(const std::vector<Account>& accounts, const std::vector<policy::Standing>& standings) {
    Bounds bounds;
    for (std::size_t at = 0; at < accounts.size(); ++at) {
        const Account& each = accounts[at];
        const auto amount = each.cap != nullptr ? each.cap->limit() : std::nullopt;
        if (!amount) continue;
        bounds.limits.push_back({each.name, each.period, *amount, each.pool});
        bounds.standings.push_back(standings[at]);
        bounds.caps.push_back(each.cap);
    }
    return bounds;
}

/// What a request would meet, and be told: the cap that is reached and resets last, or what others hold of one that is
/// nearly so.
bj::object explain_now(const Bounds& bounds, std::string_view blocked_message, Instant now) {
    if (const auto blocking = policy::last_to_reset(bounds.limits, bounds.standings, now)) {
        const bool for_good = blocking->utilization.amount == Money();  // as reached in the next period
        bj::object state{{"state", "blocked"}, {"spend_limit_id", bounds.caps[blocking->limit]->id}};
        state["until"] = for_good ? bj::value() : bj::value(to_timestamp(blocking->resets_at));
        state["message"] = policy::over_budget_words(*blocking, bounds.limits[blocking->limit], blocked_message);
        return state;
    }
    for (std::size_t at = 0; at < bounds.limits.size(); ++at) {
        const Money room = bounds.limits[at].amount - bounds.standings[at].spent;
        if (policy::grant(Money::nano(1), room, bounds.standings[at].held)) continue;
        return {{"state", "held"},
                {"spend_limit_id", bounds.caps[at]->id},
                {"why", "requests under way hold all that is left: it frees as they end"},
                {"message", policy::held_budget_words}};
    }
    return {{"state", "allowed"}};
}

/// Of them alone: which session and which agent would ask is not known.
std::vector<policy::Gauge> own_gauges(const policy::RulesPtr& rules, const policy::Policy* policy,
                                      const policy::Subject& subject) {
    const auto brakes = policy::brakes_for(rules, policy, subject);
    return brakes ? policy::gauges(*brakes, subject.id, "", "") : std::vector<policy::Gauge>{};
}

/// Whole requests and tokens, and cents: what a minute allows and what of it is used up.
bj::value explain_rates(const std::optional<GaugeFill>& fill) {
    if (!fill) return {};
    const auto& [gauge, reading] = *fill;
    const auto whole = [](double level) { return static_cast<std::int64_t>(std::ceil(level - 1e-6)); };
    const auto bound = [](auto limit, auto used) { return bj::object{{"limit", limit}, {"used", used}}; };
    bj::object rates{{"scope", "user"}};
    if (gauge.rates.requests)
        rates["requests_per_minute"] = bound(*gauge.rates.requests, whole(reading.level.requests));
    if (gauge.rates.tokens) rates["tokens_per_minute"] = bound(*gauge.rates.tokens, whole(reading.level.tokens));
    if (gauge.rates.cost)
        rates["cost_per_minute"] =
            bound(to_exact_cents_text(*gauge.rates.cost), to_exact_cents_text(Money::nano(whole(reading.level.nano))));
    if (gauge.rates.concurrent) rates["concurrent_requests"] = bound(*gauge.rates.concurrent, reading.under_way);
    return rates;
}

/// Where money would let them go on: whether their speed does.
void add_brake(bj::object& now, const std::optional<GaugeFill>& fill) {
    if (!fill || now["state"] != "allowed") return;
    const auto braked = policy::full(fill->gauge, fill->reading.level, fill->reading.under_way);
    if (!braked) return;
    now["state"] = "slowed";
    now["retry_after_seconds"] = std::chrono::ceil<std::chrono::seconds>(braked->wait).count();
    now["message"] = policy::braked_words(*braked, fill->gauge.rates);
}

}  // namespace

void ExplainRoute::mount(http::Router& router) {
    router.add({.method = "GET",
                .path = "/v1/organizations/explain",
                .handler = parts_.gate.guard(Right::read_settings, scope, this, &ExplainRoute::explain),
                .render = render_admin_error,
                .label = "explain"});
}

/// By id, or else by address.
Task<policy::Principal> ExplainRoute::find_person(std::string user) {
    const auto people = co_await parts_.rollups.principals();
    if (!people) co_return fail(people.error());
    if (const auto* person = find_by_id(*people, user)) co_return *person;
    if (user.find('@') == std::string::npos)
        co_return fail(bad_field("user", "nobody with this id was seen at work yet"));
    const auto person = find_by_email(*people, user, "user");
    if (!person) co_return fail(person.error());
    co_return **person;
}

/// That a service key brings itself; nobody else does.
Task<bj::object> ExplainRoute::find_limits(const policy::Principal& person) {
    const auto id = person.service ? auth::service_key_of(person.id) : std::nullopt;
    if (!id) co_return bj::object{};
    const auto document = co_await parts_.records.find(std::string(auth::service_key_record_kind), std::string(*id));
    if (!document) co_return fail(document.error());
    auto key = *document ? auth::parse_service_key(**document) : std::nullopt;
    co_return key ? std::move(key->limits) : bj::object{};
}

Task<bj::object> ExplainRoute::explain_money(policy::Principal person, Instant now) {
    const auto book = co_await caps_.everything();
    if (!book) co_return fail(book.error());
    const auto settings = parts_.settings();
    const auto mode = settings->group_limit_mode;
    const auto accounts = accounts_of(**book, subject_of(person), mode, now);
    std::vector<policy::Limit> limits;
    limits.reserve(accounts.size());
    for (const Account& account : accounts)
        limits.push_back({account.name, account.period, Money(), account.pool});
    const auto standings = co_await read_standings(parts_.standings, std::move(limits), now);
    if (!standings) co_return fail(standings.error());
    bj::array caps;
    bj::array pools;
    for (std::size_t at = 0; at < accounts.size(); ++at)
        (accounts[at].pool ? pools : caps).push_back(to_row(accounts[at], (*standings)[at], mode, now));
    co_return bj::object{{"caps", std::move(caps)},
                         {"pools", std::move(pools)},
                         {"now", explain_now(bounds_of(accounts, *standings), settings->blocked_message, now)}};
}

/// Nothing when there is no gauge.
Task<std::optional<GaugeFill>> ExplainRoute::read_fill(std::vector<policy::Gauge> gauges, Instant now) {
    if (gauges.empty()) co_return std::optional<GaugeFill>{};
    const auto readings = co_await parts_.readings(gauges, now);
    if (!readings) co_return fail(readings.error());
    co_return std::optional(GaugeFill{std::move(gauges.front()), readings->front()});
}

Task<http::Response> ExplainRoute::explain(http::Request& request) {
    const Query query(request);
    const auto user = query.find("user");
    if (!user) co_return fail(user.error());
    if (!*user || (*user)->empty()) co_return fail(bad_field("user", "is required: a user id or an e-mail address"));
    const auto model = query.find("model");
    if (!model) co_return fail(model.error());
    const auto person = co_await find_person(**user);
    if (!person) co_return fail(person.error());
    const Instant now = parts_.clock.now();
    auto money = co_await explain_money(*person, now);
    if (!money) co_return fail(money.error());
    const auto rules = parts_.rules();
    const auto limits = co_await find_limits(*person);
    if (!limits) co_return fail(limits.error());
    policy::Subject subject = subject_of(*person);
    subject.limits = &*limits;
    const auto match = rules->match(subject);
    const auto fill = co_await read_fill(own_gauges(rules, match.policy, subject), now);
    if (!fill) co_return fail(fill.error());
    add_brake((*money)["now"].as_object(), *fill);

    bj::object body{{"type", "explanation"}, {"actor", actor_of(*person)}};
    body["kind"] = kind_of(*person);
    body["groups"] = groups_of(*person);
    body["last_seen_at"] = to_timestamp(person->last_seen);
    body["policy"] = explain_policy(match);
    body["rate_limits"] = *limits;
    body["models"] = ids_of(rules->models_for(match.policy));
    body["model"] = *model ? bj::value(explain_model(rules, subject, **model)) : bj::value();
    body["rates"] = explain_rates(*fill);
    for (const auto& [name, value] : *money)
        body[name] = value;
    co_return reply(request, body);
}

}  // namespace gatehouse::admin

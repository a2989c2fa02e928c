// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/spend_summary.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "gateway/admin/parameters.h"
#include "gateway/admin/reply.h"
#include "gateway/base/timestamp.h"
#include "policy/bucket.h"
#include "policy/forecast.h"

namespace gatehouse::admin {
namespace {

namespace bj = boost::json;
using policy::Dimension;
using policy::Fact;
using policy::Grain;

constexpr std::chrono::days history{28};
constexpr auto parameters_known = std::to_array<std::string_view>({"month", "top"});
constexpr std::size_t month_size = 7;  // YYYY-MM

bj::object money(Money amount) {
    return {{"amount", to_exact_cents_text(amount)}, {"cost_nano", std::to_string(amount.nano())}};
}

bj::object to_json(const policy::Sum& sum) {
    bj::object object = money(sum.cost);
    object["requests"] = sum.requests;
    object["uncached_input_tokens"] = sum.usage.input;
    object["cache_creation"] = {{"ephemeral_1h_input_tokens", sum.usage.cache_write_1h},
                                {"ephemeral_5m_input_tokens", sum.usage.cache_write_5m}};
    object["cache_read_input_tokens"] = sum.usage.cache_read;
    object["output_tokens"] = sum.usage.output;
    object["server_tool_use"] = {{"web_search_requests", sum.usage.web_searches}};
    return object;
}

bj::object ranking(const std::vector<Fact>& facts, Dimension by, std::string_view name, std::size_t most,
                   const People& people) {
    const policy::Ranking found = policy::top(facts, by, most);
    bj::array results;
    for (const Fact& row : found.rows) {
        bj::object object;
        object[name] = policy::value_of(row, by);
        const auto person = by == Dimension::user ? people.find(row.who.user) : people.end();
        if (person != people.end()) {
            object["user_email"] = person->second.email;
            object["user_name"] = person->second.name;
        }
        object["amount"] = to_exact_cents_text(row.sum.cost);
        object["cost_nano"] = std::to_string(row.sum.cost.nano());
        object["requests"] = row.sum.requests;
        results.push_back(std::move(object));
    }
    return {{"results", std::move(results)}, {"rest", to_json(found.rest)}};
}

bj::value forecast_of(const SummaryQuery& query, const std::vector<Fact>& days, Instant now) {
    if (!query.is_open(now)) return {};
    policy::DailySpend spent;
    for (const Fact& fact : days)
        spent[fact.bucket] += fact.sum.cost;
    const policy::Forecast found = policy::forecast(spent, now);
    bj::object object = money(found.amount);
    object["method"] = policy::to_slug(found.method);
    object["days_of_history"] = found.days_of_history;
    return object;
}

std::vector<Fact> within(const std::vector<Fact>& facts, const policy::Span& span) {
    std::vector<Fact> inside;
    std::ranges::copy_if(facts, std::back_inserter(inside),
                         [&](const Fact& fact) { return fact.bucket >= span.begin && fact.bucket < span.end; });
    return inside;
}

}  // namespace

Result<SummaryQuery> parse_summary_query(std::string_view query, Instant now) {
    const auto parameters = Parameters::parse(query, parameters_known, {});
    if (!parameters) return fail(parameters.error());
    const auto most = parameters->whole("top", 1, 100, 10);
    if (!most) return fail(most.error());
    Instant month = now;
    if (parameters->has("month")) {
        const std::string text(parameters->value("month"));
        const auto first = text.size() == month_size ? parse_timestamp(text + "-01T00:00:00Z") : std::nullopt;
        if (!first) return fail(bad_field("month", "must be a month such as 2026-11"));
        if (*first > now) return fail(bad_field("month", "has not begun yet"));
        month = *first;
    }
    const auto span_of = [](Instant when) {
        return policy::Span{policy::bucket_begin(Grain::month, when), policy::bucket_end(Grain::month, when)};
    };
    SummaryQuery result;
    result.month = span_of(month);
    result.last_month = span_of(result.month.begin - std::chrono::days{1});
    result.most = static_cast<std::size_t>(*most);
    return result;
}

Instant first_day_of(const SummaryQuery& query, Instant now) {
    if (!query.is_open(now)) return query.last_month.begin;
    return std::min(query.last_month.begin, policy::bucket_begin(Grain::day, now) - history);
}

bj::object to_summary(const SummaryQuery& query, const SummaryFigures& figures, Instant now) {
    const auto& [month, days, people, book] = figures;
    const policy::Unallocated nobodys = policy::unallocated(month);
    bj::object top;
    top["users"] = ranking(month, Dimension::user, "user", query.most, people);
    top["groups"] = ranking(month, Dimension::group, "group", query.most, people);
    top["models"] = ranking(month, Dimension::model, "model", query.most, people);
    top["projects"] = ranking(month, Dimension::project, "project", query.most, people);
    bj::object summary;
    summary["type"] = "spend_summary";
    summary["month"] = to_timestamp(query.month.begin).substr(0, month_size);
    summary["as_of"] = to_timestamp(std::min(now, query.month.end));
    summary["currency"] = "USD";
    summary["month_to_date"] = to_json(policy::total(month));
    summary["last_month"] = to_json(policy::total(within(days, query.last_month)));
    summary["forecast"] = forecast_of(query, days, now);
    summary["top"] = std::move(top);
    summary["price_book"] = book->list().version;
    summary["unallocated"] = {{"no_group", to_json(nobodys.no_group)}, {"no_project", to_json(nobodys.no_project)}};
    return summary;
}

void SpendSummaryRoute::mount(http::Router& router) {
    router.add({.method = "GET",
                .path = "/v1/organizations/spend_summary",
                .handler = parts_.gate.guard(Right::read_spend, "spend_summary", this, &SpendSummaryRoute::handle),
                .render = render_admin_error,
                .label = "spend_summary"});
}

Task<http::Response> SpendSummaryRoute::handle(http::Request& request) {
    const Instant now = parts_.clock.now();
    const auto query = parse_summary_query(request.query(), now);
    if (!query) co_return fail(query.error());
    auto month = co_await parts_.rollups.cells(Grain::month, query->month.begin, query->month.end);
    if (!month) co_return fail(month.error());
    auto days = co_await parts_.rollups.totals(first_day_of(*query, now), query->month.end);
    if (!days) co_return fail(days.error());
    auto people = co_await parts_.rollups.principals();
    if (!people) co_return fail(people.error());
    std::string text = co_await run_blocking<std::string>(
        parts_.pool, [asked = *query, now, book = parts_.prices(), cells = std::move(*month), totals = std::move(*days),
                      known = std::move(*people)]() mutable {
            return bj::serialize(to_summary(asked,
                                            {policy::to_facts(std::move(cells)), policy::to_facts(std::move(totals)),
                                             to_people(std::move(known)), std::move(book)},
                                            now));
        });
    co_return reply_text(request, "application/json;charset=utf-8", std::move(text));
}

}  // namespace gatehouse::admin

// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/invoice_check.h"

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <map>
#include <memory>
#include <set>
#include <tuple>
#include <utility>

#include "gateway/admin/long_answer.h"
#include "gateway/admin/parameters.h"
#include "gateway/admin/reply.h"
#include "gateway/base/timestamp.h"

namespace gatehouse::admin {
namespace {

namespace bj = boost::json;

constexpr std::size_t most_bytes = std::size_t{8} << 20U;
constexpr std::chrono::days longest{366};

using DayAndModel = std::pair<Instant, std::string>;
using Costs = std::map<DayAndModel, Decimal>;

/// The id that was sent to the provider is what it bills by; the catalogue's where that is a deployment's name.
std::string our_model(const policy::Dimensions& who) {
    std::string model = billed_model(who.upstream_model);
    if (model.empty()) model = billed_model(who.model);
    return model.empty() ? who.model : model;
}

Costs our_costs(const std::vector<policy::Fact>& facts, const std::set<Instant>& days) {
    Costs costs;
    for (const policy::Fact& fact : facts)
        if (days.contains(fact.bucket)) costs[{fact.bucket, our_model(fact.who)}] += Decimal::of(fact.sum.cost);
    return costs;
}

std::string to_date(Instant day) {
    return to_timestamp(day).substr(0, 10);
}

bj::object amounts(Decimal theirs, Decimal ours) {
    return {{"theirs_usd", theirs.text()}, {"ours_usd", ours.text()}, {"difference_usd", (theirs - ours).text()}};
}

bj::array to_json(const std::vector<MatchedCost>& rows) {
    bj::array list;
    for (const MatchedCost& row : rows) {
        bj::object object{{"date", to_date(row.day)}, {"model", row.model}};
        for (auto& member : amounts(row.theirs, row.ours))
            object[member.key()] = std::move(member.value());
        list.push_back(std::move(object));
    }
    return list;
}

}  // namespace

Comparison compare(const Invoice& invoice, const std::vector<policy::Fact>& ours) {
    Costs left = our_costs(ours, {invoice.days.begin(), invoice.days.end()});
    Comparison result;
    for (const auto& [key, cost] : left)
        result.ours += cost;
    Costs both;
    std::map<std::tuple<Instant, std::string, std::string>, Decimal> strange;
    for (const InvoiceRow& row : invoice.rows) {
        result.theirs += row.amount;
        const DayAndModel key{row.day, row.model};
        if (!row.model.empty() && left.contains(key))
            both[key] += row.amount;
        else
            strange[{row.day, row.model, row.description}] += row.amount;
    }
    for (const auto& [key, amount] : strange)
        result.only_theirs.push_back({std::get<0>(key), std::get<1>(key), std::get<2>(key), amount});
    for (auto& [key, cost] : left) {
        const auto theirs = both.find(key);
        if (theirs == both.end())
            result.only_ours.push_back({key.first, key.second, {}, cost});
        else
            result.matched.push_back({key.first, key.second, theirs->second, cost});
    }
    return result;
}

bj::object to_json(const Invoice& invoice, const Comparison& comparison) {
    bj::array theirs;
    for (const InvoiceRow& row : comparison.only_theirs)
        theirs.push_back({{"date", to_date(row.day)},
                          {"model", row.model.empty() ? bj::value() : bj::value(row.model)},
                          {"description", row.description},
                          {"theirs_usd", row.amount.text()}});
    bj::object answer;
    answer["type"] = "invoice_check";
    answer["format"] = invoice.format;
    answer["currency"] = "USD";
    answer["first_date"] = to_date(invoice.days.front());
    answer["last_date"] = to_date(invoice.days.back());
    answer["total"] = amounts(comparison.theirs, comparison.ours);
    answer["results"] = to_json(comparison.matched);
    answer["unmatched"] = {{"theirs", std::move(theirs)}, {"ours", to_json(comparison.only_ours)}};
    answer["ignored_rows"] = invoice.ignored_rows;
    return answer;
}

void InvoiceCheckRoute::mount(http::Router& router) {
    http::StreamHandler check = [this](http::Request& request, http::BodyReader& body, http::Responder& client) {
        return handle(request, body, client);
    };
    router.add({.method = "POST",
                .path = "/v1/organizations/invoice_check",
                .handler = parts_.gate.guard_stream(Right::read_spend, "invoice_check", std::move(check)),
                .render = render_admin_error,
                .label = "invoice_check"});
}

/// The body is read only once we know who sends it: eight megabytes are nothing to hold for strangers.
Task<> InvoiceCheckRoute::handle(http::Request& request, http::BodyReader& body, http::Responder& client) {
    const auto parameters = Parameters::parse(request.query(), {}, std::array<std::string_view, 1>{"upstreams"});
    if (!parameters) co_return fail(parameters.error());
    const auto read = co_await body.read_into(request, most_bytes);
    if (!read) co_return fail(read.error());

    const auto file = std::make_shared<const http::Body>(std::move(request.body));
    const std::string type(request.headers.value("content-type"));
    auto invoice =
        co_await run_blocking<Result<Invoice>>(parts_.pool, [file, type] { return parse_invoice(type, file->view()); });
    if (!invoice) co_return fail(invoice.error());
    const Instant end = invoice->days.back() + std::chrono::days{1};
    if (end - invoice->days.front() > longest) co_return fail(bad_field("body", "covers more than 366 days"));

    auto cells = co_await parts_.rollups.totals(invoice->days.front(), end);
    if (!cells) co_return fail(cells.error());
    auto facts = policy::to_facts(std::move(*cells));
    if (auto upstreams = parameters->list("upstreams"); !upstreams.empty())
        policy::keep_only(facts, {{policy::Dimension::upstream, std::move(upstreams)}});
    std::string text =
        co_await run_blocking<std::string>(parts_.pool, [found = std::move(*invoice), ours = std::move(facts)] {
            return bj::serialize(to_json(found, compare(found, ours)));
        });
    LongAnswer answer(client, answer_headers(request, "application/json;charset=utf-8"));
    const auto added = co_await answer.add(std::move(text));
    if (!added) co_return fail(added.error());
    co_return co_await answer.finish();
}

}  // namespace gatehouse::admin

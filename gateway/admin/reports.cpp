// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/reports.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "gateway/admin/long_answer.h"
#include "gateway/admin/parameters.h"
#include "gateway/admin/reply.h"
#include "gateway/base/text.h"
#include "gateway/base/timestamp.h"

namespace gatehouse::admin {
namespace {

using policy::Dimension;
using policy::Fact;
using policy::Grain;
using Paper = std::shared_ptr<const ReportPaper>;

constexpr std::string_view json_type = "application/json;charset=utf-8";
constexpr std::string_view csv_type = "text/csv;charset=utf-8;header=present";
constexpr std::size_t most_focus_days = 31;

/// Filters a user by subject, or by an e-mail address that somebody is known by.
Result<> resolve_users(ReportQuery& query, const People& people) {
    const auto users = query.filter.find(Dimension::user);
    if (users == query.filter.end()) return {};
    for (std::string& user : users->second) {
        if (user.find('@') == std::string::npos || people.contains(user)) continue;
        const auto known = std::ranges::find_if(
            people, [&](const auto& entry) { return to_lower(entry.second.email) == to_lower(user); });
        if (known == people.end()) return fail(bad_field("users", "nobody is known as '" + printable(user, 100) + "'"));
        user = known->first;
    }
    return {};
}

bool names_an_address(const ReportQuery& query) {
    const auto users = query.filter.find(Dimension::user);
    return users != query.filter.end() &&
           std::ranges::any_of(users->second, [](const auto& user) { return user.contains('@'); });
}

std::vector<Fact> to_facts(BucketFigures figures, const ReportPaper& paper) {
    if (paper.book) return policy::to_facts(std::move(figures.cells), *paper.book);
    std::vector<Fact> facts = policy::to_facts(std::move(figures.cells));
    for (policy::SessionCell& session : figures.sessions)
        facts.push_back(policy::to_fact(std::move(session), paper.query.filter.at(Dimension::user).front()));
    return facts;
}

std::string write_bucket(const ReportPaper& paper, std::size_t index, BucketFigures figures) {
    std::vector<Fact> facts = to_facts(std::move(figures), paper);
    // Months of totals are read as days.
    for (Fact& fact : facts)
        fact.bucket = paper.query.buckets[index].begin;
    policy::keep_only(facts, paper.query.filter);
    std::string text;
    append_bucket(text, paper, index, policy::grouped(facts, paper.query.group_by));
    return text;
}

/// What all days of an export are written with.
struct FocusPaper {
    People people;
    Providers providers;
    policy::PriceBook list;  ///< the price list without the contract laid over it
};

/// In one order, whatever the store's was.
std::string write_focus_day(std::vector<policy::Cell> cells, const FocusPaper& paper) {
    std::string text;
    append_focus_day(text,
                     policy::grouped(policy::to_facts(std::move(cells), paper.list),
                                     {Dimension::user, Dimension::group, Dimension::model, Dimension::upstream,
                                      Dimension::upstream_model, Dimension::project, Dimension::service_key,
                                      Dimension::context_window, Dimension::speed}),
                     paper.people, paper.providers);
    return text;
}

std::string file_name(std::string_view what, const std::vector<policy::Span>& buckets) {
    std::string name(what);
    if (!buckets.empty()) name.append("-").append(to_timestamp(buckets.front().begin).substr(0, 10));
    return name.append(".csv");
}

Result<std::vector<policy::Span>> parse_focus_query(std::string_view query, Instant now) {
    constexpr auto known = std::to_array<std::string_view>({"starting_at", "ending_at"});
    const auto parameters = Parameters::parse(query, known, {});
    if (!parameters) return fail(parameters.error());
    const auto from = parameters->moment("starting_at");
    const auto until = parameters->moment("ending_at");
    if (!from) return fail(from.error());
    if (!until) return fail(until.error());
    if (!*from) return fail(bad_field("starting_at", "is required"));
    const Instant end = *until ? policy::bucket_begin(Grain::day, **until) : policy::bucket_end(Grain::day, now);
    auto days = policy::buckets(Grain::day, policy::bucket_begin(Grain::day, **from), end, most_focus_days + 1);
    if (days.empty()) return fail(bad_field("ending_at", "must be at least a day after starting_at"));
    if (days.size() > most_focus_days)
        return fail(bad_field("ending_at", "must be at most 31 days after starting_at: ask month by month"));
    return days;
}

}  // namespace

void ReportsRoute::mount(http::Router& router) {
    const auto add = [&](std::string path, std::string_view label, http::StreamHandler handler) {
        router.add({.method = "GET",
                    .path = std::move(path),
                    .handler = parts_.gate.guard_stream(Right::read_spend, label, std::move(handler)),
                    .render = render_admin_error,
                    .label = label});
    };
    add("/v1/organizations/usage_report/messages", "usage_report",
        [this](http::Request& request, http::BodyReader&, http::Responder& client) {
            return report(ReportKind::usage, request, client);
        });
    add("/v1/organizations/cost_report", "cost_report",
        [this](http::Request& request, http::BodyReader&, http::Responder& client) {
            return report(ReportKind::cost, request, client);
        });
    add("/v1/organizations/focus_export", "focus_export",
        [this](http::Request& request, http::BodyReader&, http::Responder& client) { return focus(request, client); });
}

/// What all buckets are written with.
Task<ReportPaper> ReportsRoute::prepare(ReportQuery query) {
    ReportPaper paper;
    paper.query = std::move(query);
    if (paper.query.recompute) paper.book = parts_.prices();
    const bool by_address = names_an_address(paper.query);
    if (!paper.query.groups_by(Dimension::user) && !by_address) co_return paper;
    const auto asked = paper.query.filter.find(Dimension::user);
    auto people = by_address || asked == paper.query.filter.end()
                      ? co_await parts_.rollups.principals()
                      : co_await parts_.rollups.find_principals(asked->second);
    if (!people) co_return fail(people.error());
    paper.people = to_people(std::move(*people));
    if (const auto resolved = resolve_users(paper.query, paper.people); !resolved) co_return fail(resolved.error());
    co_return paper;
}

Task<BucketFigures> ReportsRoute::read(Paper paper, policy::Span bucket) {
    const ReportQuery& query = paper->query;
    BucketFigures figures;
    if (source_of(query) == ReportSource::sessions) {
        auto sessions = co_await parts_.rollups.sessions(*only_user(query), bucket.begin, bucket.end);
        if (!sessions) co_return fail(sessions.error());
        figures.sessions = std::move(*sessions);
        co_return figures;
    }
    Result<std::vector<policy::Cell>> cells;
    if (source_of(query) == ReportSource::totals)
        cells = co_await parts_.rollups.totals(bucket.begin, bucket.end);
    else if (const std::string* user = only_user(query))
        cells = co_await parts_.rollups.cells_of(*user, query.grain, bucket.begin, bucket.end);
    else
        cells = co_await parts_.rollups.cells(query.grain, bucket.begin, bucket.end);
    if (!cells) co_return fail(cells.error());
    figures.cells = std::move(*cells);
    co_return figures;
}

Task<> ReportsRoute::report(ReportKind kind, http::Request& request, http::Responder& client) {
    auto query = parse_report_query(kind, request.query(), request.headers.value("accept"), parts_.clock.now());
    if (!query) co_return fail(query.error());
    auto prepared = co_await prepare(std::move(*query));
    if (!prepared) co_return fail(prepared.error());
    const Paper paper = std::make_shared<const ReportPaper>(std::move(*prepared));

    const std::string file =
        paper->query.csv ? file_name(kind == ReportKind::usage ? "usage" : "cost", paper->query.buckets) : "";
    http::Headers headers = answer_headers(request, paper->query.csv ? csv_type : json_type, file);
    if (paper->query.csv && paper->query.next) headers.add("x-next-page", page_token(*paper->query.next));
    LongAnswer answer(client, std::move(headers));
    std::string head;
    append_head(head, *paper);
    auto added = co_await answer.add(std::move(head));
    for (std::size_t index = 0; added && index < paper->query.buckets.size(); ++index) {
        auto figures = co_await read(paper, paper->query.buckets[index]);
        if (!figures) co_return fail(figures.error());
        std::string text =
            co_await run_blocking<std::string>(parts_.pool, [paper, index, found = std::move(*figures)]() mutable {
                return write_bucket(*paper, index, std::move(found));
            });
        added = co_await answer.add(std::move(text));
    }
    if (!added) co_return fail(added.error());
    std::string foot;
    append_foot(foot, *paper);
    added = co_await answer.add(std::move(foot));
    if (!added) co_return fail(added.error());
    co_return co_await answer.finish();
}

Task<> ReportsRoute::focus(http::Request& request, http::Responder& client) {
    const auto days = parse_focus_query(request.query(), parts_.clock.now());
    if (!days) co_return fail(days.error());
    auto people = co_await parts_.rollups.principals();
    if (!people) co_return fail(people.error());
    const auto paper = std::make_shared<const FocusPaper>(
        FocusPaper{to_people(std::move(*people)), parts_.providers(), policy::PriceBook(parts_.prices()->list())});

    http::Headers headers = answer_headers(request, csv_type, file_name("focus", *days));
    headers.add("x-focus-version", focus_version);
    LongAnswer answer(client, std::move(headers));
    std::string head;
    append_focus_head(head);
    auto added = co_await answer.add(std::move(head));
    for (std::size_t index = 0; added && index < days->size(); ++index) {
        auto cells = co_await parts_.rollups.cells(Grain::day, (*days)[index].begin, (*days)[index].end);
        if (!cells) co_return fail(cells.error());
        std::string text = co_await run_blocking<std::string>(
            parts_.pool,
            [paper, found = std::move(*cells)]() mutable { return write_focus_day(std::move(found), *paper); });
        added = co_await answer.add(std::move(text));
    }
    if (!added) co_return fail(added.error());
    co_return co_await answer.finish();
}

}  // namespace gatehouse::admin

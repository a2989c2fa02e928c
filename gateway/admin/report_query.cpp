// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/report_query.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "gateway/admin/parameters.h"
#include "gateway/admin/reply.h"
#include "gateway/base/crypto.h"
#include "gateway/base/text.h"
#include "gateway/base/timestamp.h"
#include "policy/catalogue.h"

namespace gatehouse::admin {
namespace {

using policy::Dimension;
using policy::Grain;

/// A value of group_by and what it groups by: nothing for what is the same for everything that we forward.
struct GroupName {
    std::string_view name;
    std::vector<Dimension> dimensions;
};

std::vector<GroupName> our_group_names() {
    return {{"user", {Dimension::user}},
            {"group", {Dimension::group}},
            {"model", {Dimension::model}},
            {"upstream", {Dimension::upstream}},
            {"upstream_model", {Dimension::upstream_model}},
            {"project", {Dimension::project}},
            {"service_key", {Dimension::service_key}},
            {"session", {Dimension::session}},
            {"agent", {Dimension::agent}},
            {"workspace_id", {Dimension::project}}};
}

const std::vector<GroupName>& group_names(ReportKind kind) {
    static const std::vector<GroupName> usage = [] {
        std::vector<GroupName> names = our_group_names();
        names.push_back({"account_id", {Dimension::user}});
        names.push_back({"api_key_id", {Dimension::service_key}});
        names.push_back({"context_window", {Dimension::context_window}});
        names.push_back({"speed", {Dimension::speed}});
        names.push_back({"service_tier", {}});
        names.push_back({"inference_geo", {}});
        names.push_back({"service_account_id", {}});
        return names;
    }();
    static const std::vector<GroupName> cost = [] {
        std::vector<GroupName> names = our_group_names();
        names.push_back({"description", {Dimension::model, Dimension::context_window, Dimension::speed}});
        return names;
    }();
    return kind == ReportKind::usage ? usage : cost;
}

struct FilterName {
    std::string_view name;
    Dimension dimension;
};

constexpr auto filter_names = std::to_array<FilterName>({{"users", Dimension::user},
                                                         {"account_ids", Dimension::user},
                                                         {"groups", Dimension::group},
                                                         {"models", Dimension::model},
                                                         {"upstreams", Dimension::upstream},
                                                         {"projects", Dimension::project},
                                                         {"workspace_ids", Dimension::project},
                                                         {"service_keys", Dimension::service_key},
                                                         {"api_key_ids", Dimension::service_key},
                                                         {"sessions", Dimension::session},
                                                         {"context_window", Dimension::context_window},
                                                         {"speeds", Dimension::speed}});

constexpr auto usage_parameters =
    std::to_array<std::string_view>({"starting_at", "ending_at", "bucket_width", "limit", "page", "format", "beta"});
constexpr auto cost_parameters = std::to_array<std::string_view>(
    {"starting_at", "ending_at", "bucket_width", "limit", "page", "format", "recompute", "beta"});

/// A width of buckets and how many of them one page may show.
struct Width {
    std::string_view name;
    Grain grain;
    std::int64_t usual;
    std::int64_t most;
};

constexpr auto widths =
    std::to_array<Width>({{"1h", Grain::hour, 24, 168}, {"1d", Grain::day, 7, 31}, {"1mo", Grain::month, 12, 24}});

Result<Width> read_width(const Parameters& parameters) {
    const std::string_view name = parameters.has("bucket_width") ? parameters.value("bucket_width") : "1d";
    if (name == "1m") return fail(bad_field("bucket_width", "minutes are not kept here: use 1h, 1d or 1mo (a month)"));
    const auto found = std::ranges::find(widths, name, &Width::name);
    if (found == widths.end()) return fail(bad_field("bucket_width", "must be 1h, 1d or 1mo (a month)"));
    return *found;
}

Result<> read_groups(const Parameters& parameters, ReportQuery& query) {
    const auto& names = group_names(query.kind);
    for (std::string& asked : parameters.list("group_by")) {
        const auto found = std::ranges::find(names, asked, &GroupName::name);
        if (found == names.end()) {
            std::vector<std::string_view> allowed;
            for (const GroupName& each : names)
                allowed.push_back(each.name);
            return fail(bad_field("group_by", "'" + printable(asked, 60) + "' is none of " + alternatives(allowed)));
        }
        for (const Dimension dimension : found->dimensions)
            if (!query.groups_by(dimension)) query.group_by.push_back(dimension);
        query.named.push_back(std::move(asked));
    }
    std::ranges::sort(query.group_by);
    return {};
}

/// Every spelling of a built-in model, so that a filter finds what the catalogue calls by its date.
std::vector<std::string> spellings_of(std::string model) {
    const auto index = policy::find_builtin(to_lower(model));
    if (!index) return {std::move(model)};
    const policy::Builtin& builtin = policy::builtins()[*index];
    return {std::string(builtin.id), std::string(builtin.dateless), std::move(model)};
}

void read_filter(const Parameters& parameters, ReportQuery& query) {
    for (const auto& [name, dimension] : filter_names) {
        for (std::string& value : parameters.list(name)) {
            auto& allowed = query.filter[dimension];
            if (dimension != Dimension::model) {
                allowed.push_back(std::move(value));
                continue;
            }
            for (std::string& spelling : spellings_of(std::move(value)))
                allowed.push_back(std::move(spelling));
        }
    }
}

Result<> read_format(const Parameters& parameters, std::string_view accept, ReportQuery& query) {
    const std::string_view format = parameters.value("format");
    if (!format.empty() && format != "csv" && format != "json") return fail(bad_field("format", "must be json or csv"));
    const bool prefers_csv = to_lower(accept).find("text/csv") != std::string::npos;
    query.csv = format == "csv" || (format.empty() && prefers_csv);
    auto recompute = parameters.flag("recompute");
    if (!recompute) return fail(recompute.error());
    query.recompute = *recompute;
    return {};
}

std::optional<Instant> parse_page(std::string_view token) {
    constexpr std::string_view prefix = "page_";
    if (!token.starts_with(prefix)) return std::nullopt;
    while (token.ends_with('='))
        token.remove_suffix(1);
    const auto text = from_base64url(token.substr(prefix.size()));
    return text ? parse_timestamp(*text) : std::nullopt;
}

/// The buckets of the page, within those that end by `ending_at`.
Result<> read_range(const Parameters& parameters, const Width& width, Instant now, ReportQuery& query) {
    const auto from = parameters.moment("starting_at");
    const auto until = parameters.moment("ending_at");
    const auto limit = parameters.whole("limit", 1, width.most, width.usual);
    if (!from) return fail(from.error());
    if (!*from) return fail(bad_field("starting_at", "is required"));
    if (!until) return fail(until.error());
    if (*until && **until <= **from) return fail(bad_field("ending_at", "must be after starting_at"));
    if (!limit) return fail(limit.error());

    const Instant end = *until ? policy::bucket_begin(width.grain, **until) : policy::bucket_end(width.grain, now);
    Instant begin = policy::bucket_begin(width.grain, **from);
    if (parameters.has("page")) {
        const auto page = parse_page(parameters.value("page"));
        if (!page || *page < begin || *page > end || policy::bucket_begin(width.grain, *page) != *page)
            return fail(bad_field("page", "is not a page of this report: use next_page of the answer before"));
        begin = *page;
    }
    query.buckets = policy::buckets(width.grain, begin, end, static_cast<std::size_t>(*limit));
    if (!query.buckets.empty() && query.buckets.back().end < end) query.next = query.buckets.back().end;
    return {};
}

bool is_about_sessions(const ReportQuery& query) {
    return query.groups_by(Dimension::session) || query.groups_by(Dimension::agent) ||
           query.filter.contains(Dimension::session);
}

/// Sessions are kept by user and day, and only with their models.
Result<> check_sessions(const ReportQuery& query) {
    if (!is_about_sessions(query)) return {};
    if (only_user(query) == nullptr)
        return fail(bad_field("group_by", "sessions and agents are shown for one user: name exactly one in users[]"));
    if (query.grain != Grain::day)
        return fail(bad_field("bucket_width", "must be 1d for sessions and agents: they are kept by day"));
    constexpr auto kept = std::to_array({Dimension::user, Dimension::model, Dimension::session, Dimension::agent});
    for (const Dimension dimension : query.group_by)
        if (std::ranges::find(kept, dimension) == kept.end())
            return fail(bad_field("group_by", "session and agent go with user and model only"));
    for (const auto& [dimension, values] : query.filter)
        if (std::ranges::find(kept, dimension) == kept.end())
            return fail(
                bad_field("group_by", "sessions and agents can be filtered by users[], models[] and sessions[]"));
    if (query.recompute)
        return fail(bad_field("recompute", "sessions and agents are kept without their upstream, which prices need"));
    return {};
}

/// Prices change at midnight, so what is kept by the month alone cannot be priced again.
Result<> check_recompute(const ReportQuery& query) {
    if (query.recompute && query.grain == Grain::month && source_of(query) == ReportSource::cells)
        return fail(bad_field("recompute", "needs bucket_width 1d or 1h where users or service keys are told apart"));
    return {};
}

}  // namespace

bool ReportQuery::asks_for(std::string_view name) const {
    return std::ranges::find(named, name) != named.end();
}

bool ReportQuery::groups_by(Dimension dimension) const {
    return std::ranges::find(group_by, dimension) != group_by.end();
}

const std::string* only_user(const ReportQuery& query) {
    const auto users = query.filter.find(Dimension::user);
    return users != query.filter.end() && users->second.size() == 1 ? &users->second.front() : nullptr;
}

ReportSource source_of(const ReportQuery& query) {
    if (is_about_sessions(query)) return ReportSource::sessions;
    if (query.grain == Grain::hour) return ReportSource::cells;
    for (const Dimension personal : {Dimension::user, Dimension::service_key})
        if (query.groups_by(personal) || query.filter.contains(personal)) return ReportSource::cells;
    return ReportSource::totals;
}

Result<ReportQuery> parse_report_query(ReportKind kind, std::string_view query, std::string_view accept, Instant now) {
    std::vector<std::string_view> lists{"group_by"};
    for (const FilterName& each : filter_names)
        lists.push_back(each.name);
    const std::span<const std::string_view> known = kind == ReportKind::usage
                                                        ? std::span<const std::string_view>(usage_parameters)
                                                        : std::span<const std::string_view>(cost_parameters);
    const auto parameters = Parameters::parse(query, known, lists);
    if (!parameters) return fail(parameters.error());
    const auto width = read_width(*parameters);
    if (!width) return fail(width.error());
    ReportQuery result;
    result.kind = kind;
    result.grain = width->grain;
    read_filter(*parameters, result);
    for (const auto& read :
         {read_groups(*parameters, result), read_format(*parameters, accept, result),
          read_range(*parameters, *width, now, result), check_sessions(result), check_recompute(result)})
        if (!read) return fail(read.error());
    return result;
}

std::string page_token(Instant begin) {
    return "page_" + to_base64url(to_timestamp(begin));
}

}  // namespace gatehouse::admin

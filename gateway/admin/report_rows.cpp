// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/report_rows.h"

#include <array>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <utility>

#include "gateway/admin/csv.h"
#include "gateway/base/json.h"
#include "gateway/base/timestamp.h"

namespace gatehouse::admin {
namespace {

namespace bj = boost::json;
using policy::Dimension;
using policy::Fact;

struct OwnName {
    std::string_view name;
    Dimension dimension;
};

/// Ours, in the order of CSV columns. The last two are the API's words already.
constexpr auto own_names = std::to_array<OwnName>({{"user", Dimension::user},
                                                   {"group", Dimension::group},
                                                   {"model", Dimension::model},
                                                   {"upstream", Dimension::upstream},
                                                   {"upstream_model", Dimension::upstream_model},
                                                   {"project", Dimension::project},
                                                   {"service_key", Dimension::service_key},
                                                   {"session", Dimension::session},
                                                   {"agent", Dimension::agent},
                                                   {"context_window", Dimension::context_window},
                                                   {"speed", Dimension::speed}});

const policy::Principal& person_of(const People& people, std::string_view user) {
    static const policy::Principal nobody;
    const auto found = people.find(user);
    return found == people.end() ? nobody : found->second;
}

/// The value of a dimension, or null where the report is not grouped by it or there is none.
bj::value grouped_value(const ReportPaper& paper, const Fact& row, Dimension dimension) {
    if (!paper.query.groups_by(dimension)) return {};
    return json::text_or_null(policy::value_of(row, dimension));
}

/// A word that is the same for everything that we forward, where it was asked for.
bj::value constant(const ReportPaper& paper, std::string_view name, std::string_view word) {
    return paper.query.asks_for(name) ? json::text_or_null(word) : bj::value();
}

void add_own(bj::object& object, const ReportPaper& paper, const Fact& row) {
    for (const auto& [name, dimension] : own_names) {
        if (!paper.query.groups_by(dimension)) continue;
        object[name] = json::text_or_null(policy::value_of(row, dimension));
        if (dimension != Dimension::user) continue;
        const policy::Principal& person = person_of(paper.people, row.who.user);
        object["user_email"] = json::text_or_null(person.email);
        object["user_name"] = json::text_or_null(person.name);
    }
    object["requests"] = row.sum.requests;
    object["cost_nano"] = std::to_string(row.sum.cost.nano());
}

bj::object usage_row(const ReportPaper& paper, const Fact& row) {
    const policy::Usage& usage = row.sum.usage;
    bj::object object;
    object["account_id"] = grouped_value(paper, row, Dimension::user);
    object["api_key_id"] = grouped_value(paper, row, Dimension::service_key);
    object["cache_creation"] = {{"ephemeral_1h_input_tokens", usage.cache_write_1h},
                                {"ephemeral_5m_input_tokens", usage.cache_write_5m}};
    object["cache_read_input_tokens"] = usage.cache_read;
    object["context_window"] = grouped_value(paper, row, Dimension::context_window);
    object["inference_geo"] = constant(paper, "inference_geo", "not_available");
    object["model"] = grouped_value(paper, row, Dimension::model);
    object["output_tokens"] = usage.output;
    object["server_tool_use"] = {{"web_search_requests", usage.web_searches}};
    object["service_account_id"] = nullptr;
    object["service_tier"] = constant(paper, "service_tier", "standard");
    object["uncached_input_tokens"] = usage.input;
    object["workspace_id"] = grouped_value(paper, row, Dimension::project);
    add_own(object, paper, row);
    return object;
}

std::string description_of(const Fact& row) {
    std::string text = row.who.model.empty() ? "Unnamed model" : row.who.model;
    text += " usage";
    if (policy::value_of(row, Dimension::context_window) != "0-200k") text += ", long context";
    if (policy::value_of(row, Dimension::speed) == "fast") text += ", fast mode";
    return text;
}

bj::object cost_row(const ReportPaper& paper, const Fact& row) {
    const bool described = paper.query.asks_for("description");
    bj::object object;
    object["amount"] = to_exact_cents_text(row.sum.cost);
    object["context_window"] = described ? grouped_value(paper, row, Dimension::context_window) : bj::value();
    object["cost_type"] = constant(paper, "description", "tokens");
    object["currency"] = "USD";
    object["description"] = described ? bj::value(description_of(row)) : bj::value();
    object["inference_geo"] = nullptr;
    object["model"] = grouped_value(paper, row, Dimension::model);
    object["service_tier"] = constant(paper, "description", "standard");
    object["token_type"] = nullptr;
    object["workspace_id"] = grouped_value(paper, row, Dimension::project);
    add_own(object, paper, row);
    if (paper.book) {
        object["recomputed_amount"] = to_exact_cents_text(row.sum.repriced);
        object["difference"] = to_exact_cents_text(row.sum.repriced - row.sum.cost);
    }
    return object;
}

void append_json(std::string& out, const ReportPaper& paper, std::size_t index, const std::vector<Fact>& rows) {
    const policy::Span& bucket = paper.query.buckets[index];
    if (index > 0) out.push_back(',');
    out.append(R"({"starting_at":")").append(to_timestamp(bucket.begin));
    out.append(R"(","ending_at":")").append(to_timestamp(bucket.end)).append(R"(","results":[)");
    for (std::size_t place = 0; place < rows.size(); ++place) {
        if (place > 0) out.push_back(',');
        out += bj::serialize(paper.query.kind == ReportKind::usage ? usage_row(paper, rows[place])
                                                                   : cost_row(paper, rows[place]));
    }
    out += "]}";
}

void append_csv_head(CsvWriter& csv, const ReportPaper& paper) {
    for (const std::string_view name : {"starting_at", "ending_at"})
        csv.text(name);
    for (const auto& [name, dimension] : own_names) {
        if (!paper.query.groups_by(dimension)) continue;
        csv.text(name);
        if (dimension != Dimension::user) continue;
        csv.text("user_email");
        csv.text("user_name");
    }
    for (const std::string_view name :
         {"requests", "uncached_input_tokens", "cache_creation_1h_input_tokens", "cache_creation_5m_input_tokens",
          "cache_read_input_tokens", "output_tokens", "web_search_requests", "currency", "cost_usd", "cost_nano"})
        csv.text(name);
    if (paper.book)
        for (const std::string_view name : {"recomputed_usd", "difference_usd", "price_book"})
            csv.text(name);
    csv.end_row();
}

void append_csv_row(CsvWriter& csv, const ReportPaper& paper, const policy::Span& bucket, const Fact& row) {
    csv.text(to_timestamp(bucket.begin));
    csv.text(to_timestamp(bucket.end));
    for (const auto& [name, dimension] : own_names) {
        if (!paper.query.groups_by(dimension)) continue;
        csv.text(policy::value_of(row, dimension));
        if (dimension != Dimension::user) continue;
        const policy::Principal& person = person_of(paper.people, row.who.user);
        csv.text(person.email);
        csv.text(person.name);
    }
    const policy::Usage& usage = row.sum.usage;
    for (const std::int64_t number : {row.sum.requests, usage.input, usage.cache_write_1h, usage.cache_write_5m,
                                      usage.cache_read, usage.output, usage.web_searches})
        csv.number(number);
    csv.text("USD");
    csv.number(to_dollars_text(row.sum.cost));
    csv.number(row.sum.cost.nano());
    if (paper.book) {
        csv.number(to_dollars_text(row.sum.repriced));
        csv.number(to_dollars_text(row.sum.repriced - row.sum.cost));
        csv.text(paper.book->list().version);
    }
    csv.end_row();
}

}  // namespace

People to_people(std::vector<policy::Principal> principals) {
    People people;
    for (policy::Principal& principal : principals)
        people.insert_or_assign(principal.id, std::move(principal));
    return people;
}

void append_head(std::string& out, const ReportPaper& paper) {
    if (!paper.query.csv) {
        out += R"({"data":[)";
        return;
    }
    CsvWriter csv(out);
    append_csv_head(csv, paper);
}

void append_bucket(std::string& out, const ReportPaper& paper, std::size_t index, const std::vector<Fact>& rows) {
    if (!paper.query.csv) return append_json(out, paper, index, rows);
    CsvWriter csv(out);
    for (const Fact& row : rows)
        append_csv_row(csv, paper, paper.query.buckets[index], row);
}

void append_foot(std::string& out, const ReportPaper& paper) {
    if (paper.query.csv) return;
    bj::object foot;
    foot["has_more"] = paper.query.next.has_value();
    foot["next_page"] = paper.query.next ? bj::value(page_token(*paper.query.next)) : bj::value();
    if (paper.book) foot["price_book"] = paper.book->list().version;
    out += "],";
    out += bj::serialize(foot).substr(1);
}

}  // namespace gatehouse::admin

// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/operations.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <utility>

#include "gateway/admin/parameters.h"
#include "gateway/admin/reply.h"
#include "gateway/base/json.h"
#include "gateway/base/money.h"

namespace gatehouse::admin {
namespace {

namespace bj = boost::json;
using observe::Activity;

constexpr std::string_view scope = "operations";
constexpr std::int64_t usual_page = 100;
constexpr std::int64_t largest_page = 500;
constexpr std::int64_t degraded_from = 20;  ///< one failure in so many requests
constexpr std::array<std::string_view, 6> statuses{"waiting",  "streaming", "succeeded",
                                                   "canceled", "refused",   "failed"};
constexpr std::array<std::string_view, 4> filters{"user", "model", "upstream", "limit"};
constexpr std::array<std::string_view, 1> lists{"status"};

bj::value or_null(const std::optional<std::chrono::milliseconds>& took) {
    return took ? bj::value(took->count()) : bj::value();
}

bj::object to_json(const observe::Durations& durations) {
    return {{"p50", or_null(durations.quantile(0.5))}, {"p95", or_null(durations.quantile(0.95))}};
}

bj::object to_json(const observe::UpstreamFailure& failure) {
    return {{"at", to_timestamp(failure.at)},
            {"http_status", failure.status == 0 ? bj::value() : bj::value(failure.status)},
            {"reason", json::text_or_null(failure.reason)}};
}

double failure_rate(const observe::UpstreamMinute& sum) {
    return sum.requests == 0 ? 0 : static_cast<double>(sum.failures) / static_cast<double>(sum.requests);
}

bj::object to_json(const UpstreamEntry& upstream, const observe::UpstreamSeen& seen, Instant now) {
    const observe::UpstreamMinute sum = seen.sum();
    bj::array minutes;
    Instant begin = std::chrono::floor<std::chrono::minutes>(now) - Activity::window + std::chrono::minutes(1);
    for (const observe::UpstreamMinute& minute : seen.minutes) {
        minutes.push_back({{"starting_at", to_timestamp(begin)},
                           {"requests", minute.requests},
                           {"failures", minute.failures},
                           {"first_byte_ms", to_json(minute.first_byte)}});
        begin += std::chrono::minutes(1);
    }
    bj::object row{{"type", "upstream"}, {"name", upstream.name}, {"provider", upstream.provider}};
    row["health"] = health_of(seen, now);
    row["requests"] = sum.requests;
    row["failures"] = sum.failures;
    row["failure_rate"] = failure_rate(sum);
    row["first_byte_ms"] = to_json(sum.first_byte);
    row["whole_answer_ms"] = to_json(sum.whole);
    row["last_success_at"] = json::or_null(seen.last_success);
    row["last_failure"] = seen.last_failure ? bj::value(to_json(*seen.last_failure)) : bj::value();
    row["minutes"] = std::move(minutes);
    return row;
}

bj::object to_json(const observe::RequestSeen& seen) {
    const observe::Entry& entry = seen.entry;
    const bool ended = seen.stage == observe::Stage::ended;
    bj::object row{{"type", "live_request"}, {"id", entry.request_id}, {"status", observe::status_of(seen)}};
    row["started_at"] = to_timestamp(seen.started_at);
    row["user"] = {{"id", entry.subject}, {"email", json::text_or_null(entry.email)}};
    row["service_key"] = json::text_or_null(entry.service_key);
    row["model"] = json::text_or_null(entry.model);
    row["upstream"] = json::text_or_null(entry.upstream);
    row["upstream_model"] = json::text_or_null(entry.upstream_model);
    row["session_id"] = json::text_or_null(entry.session_id);
    row["project"] = json::text_or_null(entry.project);
    row["streamed"] = entry.streamed;
    row["http_status"] = ended ? bj::value(entry.status) : bj::value();
    row["reason"] = json::text_or_null(entry.reason);
    row["input_tokens"] =
        ended ? bj::value(entry.input_tokens + entry.cache_read_tokens + entry.cache_write_tokens) : bj::value();
    row["output_tokens"] = entry.output_tokens;
    row["amount"] = entry.cost_nano ? bj::value(to_exact_cents_text(Money::nano(*entry.cost_nano))) : bj::value();
    row["cost_nano"] = entry.cost_nano ? bj::value(std::to_string(*entry.cost_nano)) : bj::value();
    row["milliseconds"] = entry.milliseconds;
    row["first_byte_milliseconds"] =
        entry.first_byte_milliseconds > 0 ? bj::value(entry.first_byte_milliseconds) : bj::value();
    return row;
}

Result<observe::RequestFilter> parse_filter(std::string_view query) {
    const auto parameters = Parameters::parse(query, filters, lists);
    if (!parameters) return fail(parameters.error());
    const auto limit = parameters->whole("limit", 1, largest_page, usual_page);
    if (!limit) return fail(limit.error());
    observe::RequestFilter filter;
    filter.user = parameters->value("user");
    filter.model = parameters->value("model");
    filter.upstream = parameters->value("upstream");
    filter.statuses = parameters->list("status");
    filter.limit = static_cast<std::size_t>(*limit);
    for (const std::string& status : filter.statuses)
        if (std::ranges::find(statuses, status) == statuses.end())
            return fail(bad_field("status", "must be " + alternatives(statuses)));
    return filter;
}

bj::object begin_answer(const Replica& replica, Instant now) {
    return {{"as_of", to_timestamp(now)},
            {"replica",
             {{"name", replica.name},
              {"process_id", replica.process_id},
              {"started_at", to_timestamp(replica.started_at)}}}};
}

}  // namespace

std::string_view health_of(const observe::UpstreamSeen& seen, Instant now) {
    const observe::UpstreamMinute sum = seen.sum();
    const bool failed_lately = seen.last_failure && seen.last_failure->at > now - Activity::window;
    if (sum.requests == 0 && !failed_lately) return "idle";
    if (failed_lately && (!seen.last_success || seen.last_failure->at > *seen.last_success)) return "failing";
    return sum.failures > 0 && sum.failures * degraded_from >= sum.requests ? "degraded" : "healthy";
}

void OperationsRoute::mount(http::Router& router) {
    const auto add = [&](std::string path, http::Guarded handler) {
        router.add({.method = "GET",
                    .path = std::move(path),
                    .handler = std::move(handler),
                    .render = render_admin_error,
                    .label = "operations"});
    };
    Gate& gate = parts_.gate;
    add("/v1/organizations/upstreams", gate.guard(Right::read_settings, scope, this, &OperationsRoute::upstreams));
    add("/v1/organizations/live_requests", gate.guard(Right::read_settings, scope, this, &OperationsRoute::requests));
}

Task<http::Response> OperationsRoute::upstreams(http::Request& request) {
    const auto parameters = Parameters::parse(request.query(), {}, {});
    if (!parameters) co_return fail(parameters.error());
    const Instant now = parts_.clock.now();
    bj::array data;
    for (const UpstreamEntry& upstream : parts_.upstreams())
        data.push_back(to_json(upstream, parts_.activity.upstream(upstream.name, now), now));
    bj::object body = begin_answer(parts_.replica, now);
    body["window_minutes"] = Activity::window.count();
    body["data"] = std::move(data);
    co_return reply(request, body);
}

Task<http::Response> OperationsRoute::requests(http::Request& request) {
    const auto filter = parse_filter(request.query());
    if (!filter) co_return fail(filter.error());
    const Instant now = parts_.clock.now();
    const auto seen = parts_.activity.requests(*filter, now);
    bj::array data;
    for (const observe::RequestSeen& each : seen.requests)
        data.push_back(to_json(each));
    bj::object body = begin_answer(parts_.replica, now);
    body["under_way"] = seen.under_way;
    body["data"] = std::move(data);
    co_return reply(request, body);
}

}  // namespace gatehouse::admin

// SPDX-License-Identifier: Apache-2.0
#include "gateway/messages/spend_answer.h"

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <chrono>

#include "gateway/base/timestamp.h"
#include "gateway/http/reply.h"
#include "policy/spend_words.h"

namespace gatehouse::messages {
namespace {

namespace bj = boost::json;

constexpr std::chrono::seconds held_pause{3};

std::string unix_text(Instant when) {
    return std::to_string(to_unix_seconds(when));
}

http::Response refusal(std::string_view type, std::string_view message) {
    bj::object body;
    body["type"] = "error";
    body["error"] = {{"type", type}, {"message", message}};
    return http::json(429, body);
}

std::string_view severity_of(const policy::Utilization& used) {
    if (used.is_past(95)) return "critical";
    return used.is_past(75) ? "warning" : "normal";
}

bj::object uncapped(Money spent) {
    bj::object row;
    row["limit"] = nullptr;
    row["used_credits"] = spent.whole_cents();
    row["utilization"] = nullptr;
    return row;
}

}  // namespace

// The names of the headers are Anthropic's own, which Claude Code reads.

void add_usage_headers(http::Headers& headers, const policy::Described& cap) {
    const policy::Utilization& used = cap.utilization;
    const bool warned = used.is_past(75);
    const std::string_view status = warned ? "allowed_warning" : "allowed";
    const std::string reset = unix_text(cap.resets_at);
    headers.add("anthropic-ratelimit-unified-status", status);
    headers.add("anthropic-ratelimit-unified-reset", reset);
    headers.add("anthropic-ratelimit-unified-representative-claim", "overage");
    headers.add("anthropic-ratelimit-unified-overage-status", status);
    headers.add("anthropic-ratelimit-unified-overage-reset", reset);
    headers.add("anthropic-ratelimit-unified-overage-utilization", used.to_text_below_one());
    if (warned)
        headers.add("anthropic-ratelimit-unified-overage-surpassed-threshold", used.is_past(95) ? "0.95" : "0.75");
}

http::Response refuse_over_budget(const policy::Described& cap, const policy::Limit& limit, Instant now,
                                  std::string_view blocked_message) {
    http::Response response = refusal("billing_error", policy::over_budget_words(cap, limit, blocked_message));
    const auto wait = std::chrono::ceil<std::chrono::seconds>(cap.resets_at - now);
    response.headers.add("retry-after", std::to_string(wait.count()));
    response.headers.add("x-should-retry", "false");
    const std::string reset = unix_text(cap.resets_at);
    response.headers.add("anthropic-ratelimit-unified-status", "rejected");
    response.headers.add("anthropic-ratelimit-unified-reset", reset);
    response.headers.add("anthropic-ratelimit-unified-overage-reset", reset);
    response.headers.add("anthropic-ratelimit-unified-overage-utilization", cap.utilization.to_text());
    response.headers.add("anthropic-ratelimit-unified-overage-surpassed-threshold", "1");
    response.headers.add("anthropic-ratelimit-unified-overage-period",
                         limit.pool ? "monthly" : policy::to_slug(limit.period));
    response.headers.add("anthropic-ratelimit-unified-overage-disabled-reason", "org_spend_cap_reached");
    if (limit.pool) response.headers.add("anthropic-ratelimit-unified-overage-scope", "group_pool");
    return response;
}

http::Response refuse_unknown_spend() {
    http::Response response = refusal("billing_error", "spend limit unavailable");
    response.headers.add("x-should-retry", "false");
    response.headers.add("anthropic-ratelimit-unified-overage-disabled-reason", "fetch_error");
    return response;
}

http::Response refuse_held_budget() {
    http::Response response = refusal("rate_limit_error", policy::held_budget_words);
    response.headers.add("retry-after", std::to_string(held_pause.count()));
    return response;
}

http::Response refuse_rate(const policy::Braked& braked, const policy::RateLimits& rates) {
    const auto wait = std::chrono::ceil<std::chrono::seconds>(braked.wait).count();
    http::Response response = refusal("rate_limit_error", policy::braked_words(braked, rates));
    response.headers.add("retry-after", std::to_string(wait));
    return response;
}

http::Response refuse_paused(const policy::PausedSession& paused, std::string_view access_page) {
    std::string message = "this session is paused: " + policy::why_paused(paused);
    message.append(" · if it is meant to go on, resume it at ").append(access_page);
    http::Response response = refusal("rate_limit_error", message);
    response.headers.add("x-should-retry", "false");
    return response;
}

bj::object capped_usage(const std::vector<UsageRow>& rows, const policy::Described& described) {
    const policy::Utilization& used = described.utilization;
    bj::object extra;
    extra["is_enabled"] = true;
    extra["monthly_limit"] = used.amount.whole_cents();
    extra["used_credits"] = used.spent.whole_cents();
    extra["utilization"] = used.percent();
    extra["currency"] = "USD";
    bj::array limits;
    for (const UsageRow& row : rows) {
        bj::object one;
        one["kind"] = "spend";
        one["group"] = policy::to_slug(row.period);
        one["percent"] = row.cap.utilization.percent();
        one["resets_at"] = to_timestamp(row.cap.resets_at);
        one["severity"] = severity_of(row.cap.utilization);
        one["is_active"] = row.cap.limit == described.limit;
        limits.push_back(std::move(one));
    }
    return {{"extra_usage", std::move(extra)}, {"limits", std::move(limits)}};
}

bj::object uncapped_usage(Money day, Money week, Money month) {
    bj::object extra;
    extra["is_enabled"] = true;
    extra["monthly_limit"] = nullptr;
    extra["used_credits"] = month.whole_cents();
    extra["utilization"] = nullptr;
    extra["currency"] = "USD";
    extra["daily"] = uncapped(day);
    extra["weekly"] = uncapped(week);
    return {{"extra_usage", std::move(extra)}, {"limits", bj::array()}};
}

}  // namespace gatehouse::messages

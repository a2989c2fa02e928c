// SPDX-License-Identifier: Apache-2.0
#include "policy/brake.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace gatehouse::policy {
namespace {

constexpr double minute = 60'000;

/// Lengths in front, so that no id can be mistaken for two.
std::string name_of(std::string_view scope, std::string_view user, std::string_view part) {
    std::string name(scope);
    return name.append(":").append(std::to_string(user.size())).append(":").append(user).append(":").append(part);
}

double less(double amount, double elapsed, double per_minute) {
    return std::max(0.0, amount - elapsed * per_minute / minute);
}

template <class Number>
double as_double(const std::optional<Number>& number) {
    return static_cast<double>(*number);
}

/// "1 request", "20 requests"
std::string counted(std::int64_t count, std::string_view noun) {
    return std::to_string(count).append(" ").append(noun).append(count == 1 ? "" : "s");
}

std::chrono::milliseconds time_for(double too_much, double per_minute) {
    const double wait = std::ceil(too_much * minute / per_minute);
    return std::chrono::milliseconds(static_cast<std::int64_t>(std::clamp(wait, 1.0, 1e15)));
}

}  // namespace

std::vector<Gauge> gauges(const Brakes& brakes, std::string_view user, std::string_view session,
                          std::string_view agent) {
    std::vector<Gauge> result;
    if (!brakes.user.is_empty()) result.push_back({BrakeScope::user, name_of("u", user, ""), brakes.user});
    if (!brakes.session.is_empty() && !session.empty())
        result.push_back({BrakeScope::session, name_of("s", user, session), brakes.session});
    if (!brakes.agent.is_empty() && !agent.empty())
        result.push_back({BrakeScope::agent, name_of("a", user, agent), brakes.agent});
    return result;
}

std::int64_t counted_tokens(const Usage& usage) {
    return std::max<std::int64_t>(usage.input, 0) + std::max<std::int64_t>(usage.output, 0) +
           std::max<std::int64_t>(usage.cache_write(), 0);
}

Level drained(const Level& level, const RateLimits& rates, Instant now) {
    const auto elapsed = static_cast<double>(std::max<std::int64_t>((now - level.at).count(), 0));
    Level result{.at = now};
    if (rates.requests) result.requests = less(level.requests, elapsed, as_double(rates.requests));
    if (rates.tokens) result.tokens = less(level.tokens, elapsed, as_double(rates.tokens));
    if (rates.cost) result.nano = less(level.nano, elapsed, static_cast<double>(rates.cost->nano()));
    return result;
}

std::optional<Braked> full(const Gauge& gauge, const Level& level, std::int64_t under_way) {
    std::optional<Braked> longest;
    const auto brake = [&](Measure measure, std::chrono::milliseconds wait) {
        if (!longest || wait > longest->wait) longest = Braked{gauge.scope, measure, wait};
    };
    const RateLimits& rates = gauge.rates;
    // A request is known to be one before it is sent; its tokens and its cost are not, and one too large for a minute
    // must pass some time.
    if (rates.requests && level.requests + 1 > as_double(rates.requests) + 1e-6)
        brake(Measure::requests, time_for(level.requests + 1 - as_double(rates.requests), as_double(rates.requests)));
    if (rates.tokens && level.tokens >= as_double(rates.tokens))
        brake(Measure::tokens, time_for(level.tokens - as_double(rates.tokens), as_double(rates.tokens)));
    if (rates.cost) {
        const auto most = static_cast<double>(rates.cost->nano());
        if (level.nano >= most) brake(Measure::cost, time_for(level.nano - most, most));
    }
    if (rates.concurrent && under_way >= *rates.concurrent) brake(Measure::concurrent, concurrency_pause);
    return longest;
}

std::string braked_words(const Braked& braked, const RateLimits& rates) {
    const auto wait = std::chrono::ceil<std::chrono::seconds>(braked.wait).count();
    std::string words = "rate limit reached: " + describe(rates, braked.measure);
    switch (braked.scope) {
        case BrakeScope::user:
            words.append(" for you");
            break;
        case BrakeScope::session:
            words.append(" for one session");
            break;
        case BrakeScope::agent:
            words.append(" for one agent");
            break;
    }
    return words.append(" · try again in ").append(counted(wait, "second"));
}

std::string why_paused(const PausedSession& paused) {
    const bool costly = paused.rule.cost && paused.cost >= *paused.rule.cost;
    const std::string done =
        costly ? "it cost " + to_price_text(paused.cost) : "it made " + counted(paused.requests, "request");
    const std::string bound =
        costly ? to_price_text(*paused.rule.cost) : std::to_string(paused.rule.requests.value_or(0));
    return done + " within " + counted(paused.rule.within.count(), "minute") + ", and its policy pauses sessions at " +
           bound;
}

std::string describe(const RateLimits& rates, Measure measure) {
    switch (measure) {
        case Measure::requests:
            return counted(rates.requests.value_or(0), "request") + " per minute";
        case Measure::tokens:
            return counted(rates.tokens.value_or(0), "token") + " per minute";
        case Measure::cost:
            return "$" + to_dollars_text(rates.cost.value_or(Money())) + " per minute";
        case Measure::concurrent:
            return counted(rates.concurrent.value_or(0), "request") + " at the same time";
    }
    return "";
}

}  // namespace gatehouse::policy

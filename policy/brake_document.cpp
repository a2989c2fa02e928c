// SPDX-License-Identifier: Apache-2.0
#include "policy/brake_document.h"

#include <boost/json/value.hpp>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

namespace gatehouse::policy {
namespace {

namespace bj = boost::json;

constexpr std::int64_t most_count = 1'000'000'000;
constexpr std::int64_t most_dollars = 1'000'000;
constexpr std::int64_t most_minutes = 24 * 60;

/// As a double, exact where a double is; nothing when it is no number at all.
std::optional<double> number_of(const bj::value& value) {
    if (value.is_int64()) return static_cast<double>(value.get_int64());
    if (value.is_uint64()) return static_cast<double>(value.get_uint64());
    if (value.is_double()) return value.get_double();
    if (!value.is_string()) return std::nullopt;
    const std::string_view text = value.get_string();
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

class Reader {
  public:
    explicit Reader(std::vector<Problem>& problems) : problems_(problems) {}

    Brakes limits(const bj::object& limits, const std::string& path) {
        Brakes brakes;
        for (const auto& entry : limits) {
            const std::string here = path + "." + std::string(entry.key());
            if (entry.key() == "user")
                rates(entry.value(), here, brakes.user);
            else if (entry.key() == "session")
                rates(entry.value(), here, brakes.session);
            else if (entry.key() == "agent")
                rates(entry.value(), here, brakes.agent);
            else if (entry.key() == "pause_session")
                pause(entry.value(), here, brakes.pause);
            else
                report(here, "is not a limit: user, session, agent and pause_session are");
        }
        return brakes;
    }

  private:
    void report(const std::string& path, std::string message) { problems_.push_back({path, std::move(message)}); }

    void rates(const bj::value& value, const std::string& path, RateLimits& into) {
        if (value.is_null()) return;
        if (!value.is_object()) return report(path, "must be an object of limits");
        for (const auto& entry : value.get_object()) {
            const std::string here = path + "." + std::string(entry.key());
            if (entry.key() == "requests_per_minute")
                count(entry.value(), here, most_count, into.requests);
            else if (entry.key() == "tokens_per_minute")
                count(entry.value(), here, most_count, into.tokens);
            else if (entry.key() == "concurrent_requests")
                count(entry.value(), here, most_count, into.concurrent);
            else if (entry.key() == "dollars_per_minute")
                dollars(entry.value(), here, into.cost);
            else
                report(here,
                       "is not a limit: requests_per_minute, tokens_per_minute, concurrent_requests and "
                       "dollars_per_minute are");
        }
    }

    void pause(const bj::value& value, const std::string& path, std::optional<PauseRule>& into) {
        if (value.is_null()) return;
        if (!value.is_object()) return report(path, "must be an object of `dollars`, `requests` and `minutes`");
        PauseRule rule;
        const std::size_t before = problems_.size();
        std::optional<std::int64_t> minutes;
        for (const auto& entry : value.get_object()) {
            const std::string here = path + "." + std::string(entry.key());
            if (entry.key() == "dollars")
                dollars(entry.value(), here, rule.cost);
            else if (entry.key() == "requests")
                count(entry.value(), here, most_count, rule.requests);
            else if (entry.key() == "minutes")
                count(entry.value(), here, most_minutes, minutes);
            else
                report(here, "is not a member of this rule: dollars, requests and minutes are");
        }
        if (minutes) rule.within = std::chrono::minutes(*minutes);
        if (rule.cost || rule.requests)
            into = rule;
        else if (problems_.size() == before && !lifts(value.get_object()))
            report(path, "must say `dollars`, `requests` or both");
    }

    /// Every bound that it names is null: laid over a base that had them, nothing is left of the rule.
    static bool lifts(const bj::object& rule) { return rule.contains("dollars") || rule.contains("requests"); }

    void count(const bj::value& value, const std::string& path, std::int64_t most, std::optional<std::int64_t>& into) {
        if (value.is_null()) return;
        if (!value.is_int64() || value.get_int64() < 1 || value.get_int64() > most)
            return report(path, "must be a whole number from 1 to " + std::to_string(most) + ", or null for no limit");
        into = value.get_int64();
    }

    void dollars(const bj::value& value, const std::string& path, std::optional<Money>& into) {
        if (value.is_null()) return;
        const auto number = number_of(value);
        const double nano = number ? std::round(*number * static_cast<double>(Money::nano_per_dollar)) : 0;
        if (nano < 1 || nano > static_cast<double>(most_dollars) * static_cast<double>(Money::nano_per_dollar))
            return report(path, "must be an amount of dollars above 0 and up to " + std::to_string(most_dollars) +
                                    ", or null for no limit");
        into = Money::nano(static_cast<std::int64_t>(nano));
    }

    std::vector<Problem>& problems_;
};

}  // namespace

Brakes read_brakes(const bj::object& limits, const std::string& path, std::vector<Problem>& problems) {
    return Reader(problems).limits(limits, path);
}

bj::object merge_limits(const bj::object& base, const bj::object& specific) {
    bj::object merged = base;
    for (const auto& entry : specific) {
        bj::value& there = merged[entry.key()];
        if (!there.is_object() || !entry.value().is_object()) {
            there = entry.value();
            continue;
        }
        for (const auto& figure : entry.value().get_object())
            there.get_object()[figure.key()] = figure.value();
    }
    return merged;
}

}  // namespace gatehouse::policy

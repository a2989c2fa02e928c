// SPDX-License-Identifier: Apache-2.0
#include "policy/alert.h"

#include <algorithm>
#include <utility>

namespace gatehouse::policy {

std::string_view to_slug(AlertKind kind) {
    switch (kind) {
        case AlertKind::threshold:
            return "spend.threshold";
        case AlertKind::spike:
            return "spend.spike";
    }
    return "";
}

std::optional<AlertKind> parse_alert_kind(std::string_view slug) {
    for (const AlertKind kind : {AlertKind::threshold, AlertKind::spike})
        if (to_slug(kind) == slug) return kind;
    return std::nullopt;
}

std::vector<std::int64_t> reached(const std::vector<std::int64_t>& thresholds, Money spent, Money limit) {
    std::vector<std::int64_t> result;
    if (limit <= Money()) return result;
    for (const std::int64_t percent : thresholds)
        // Saturates at the top: a limit that large is reached by nobody.
        if (spent * 100 >= limit * percent && spent < Money::most()) result.push_back(percent);
    return result;
}

std::optional<Money> usual_if_spike(const SpikeRule& rule, Money today, const std::vector<Money>& days_before) {
    Money sum;
    std::int64_t active = 0;
    for (const Money day : days_before) {
        if (day <= Money()) continue;
        sum += day;
        ++active;
    }
    if (active < SpikeRule::least_active_days || today < rule.minimum) return std::nullopt;
    const Money usual = Money::nano(sum.nano() / active);
    if (today * 100 < usual * rule.hundredths) return std::nullopt;
    return usual;
}

std::string threshold_key(const std::string& account, Period period, Instant now, std::int64_t percent) {
    return "threshold\n" + account + "\n" + period_key(period, now) + "\n" + std::to_string(percent);
}

std::string spike_key(const std::string& account, Instant now) {
    return "spike\n" + account + "\n" + period_key(Period::daily, now);
}

std::chrono::seconds remembered(Period period) {
    // Longer than what is left of it, and than a clock that is off.
    switch (period) {
        case Period::daily:
            return std::chrono::days{2};
        case Period::weekly:
            return std::chrono::days{9};
        case Period::monthly:
            return std::chrono::days{33};
    }
    return {};
}

}  // namespace gatehouse::policy

// SPDX-License-Identifier: Apache-2.0
// Alerts: what is worth telling about somebody's spend: that it has come to a share of a cap, or that today is far from
// their usual day. Decides which, and by which name each is remembered so that it is told once. Pure; called by
// notify/watcher.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/money.h"
#include "policy/limit.h"
#include "policy/principal.h"

namespace gatehouse::policy {

/// A day that costs so many times a user's usual day, and not little.
struct SpikeRule {
    std::int64_t hundredths = 300;               ///< of their usual day: 300 is three times
    Money minimum = Money::dollars(10);          ///< less is never one
    static constexpr int days = 7;               ///< that their usual day is taken from
    static constexpr int least_active_days = 3;  ///< of those; with fewer there is no usual day

    bool operator==(const SpikeRule&) const = default;
};

struct AlertRules {
    std::vector<std::int64_t> thresholds{75, 95, 100};  ///< percents of a cap, ascending
    std::optional<SpikeRule> spike = SpikeRule{};

    bool operator==(const AlertRules&) const = default;
};

enum class AlertKind : std::uint8_t { threshold, spike };
/// "spend.threshold", "spend.spike"
std::string_view to_slug(AlertKind kind);
std::optional<AlertKind> parse_alert_kind(std::string_view slug);

struct Alert {
    AlertKind kind = AlertKind::threshold;
    Principal who;      ///< whose account it is; nobody of a pool
    std::string group;  ///< whose shared budget it is; empty: a person's account
    Instant at;
    Money spent;
    // of a threshold
    std::string cap_id;
    Period period = Period::daily;
    std::int64_t percent = 0;
    Money limit;
    Instant resets_at;
    // of a spike
    Money usual;  ///< their usual day
};

/// The thresholds that are reached, ascending. A cap of nothing has none: it is reached before anybody spends.
std::vector<std::int64_t> reached(const std::vector<std::int64_t>& thresholds, Money spent, Money limit);

/// Their usual day when `today` is a spike: the mean of the days before (latest first) on which they spent anything.
std::optional<Money> usual_if_spike(const SpikeRule& rule, Money today, const std::vector<Money>& days_before);

/// One name for one threshold of one account in one period, whatever the cap is by then.
std::string threshold_key(const std::string& account, Period period, Instant now, std::int64_t percent);
std::string spike_key(const std::string& account, Instant now);
/// How long that name must be remembered.
std::chrono::seconds remembered(Period period);

}  // namespace gatehouse::policy

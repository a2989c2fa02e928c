// SPDX-License-Identifier: Apache-2.0
#include "policy/period.h"

#include <chrono>

namespace gatehouse::policy {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

sys_days first_day(Period period, Instant now) {
    const sys_days today = std::chrono::floor<days>(now);
    switch (period) {
        case Period::daily:
            return today;
        case Period::weekly:
            return today - (std::chrono::weekday{today} - std::chrono::Monday);
        case Period::monthly: {
            const year_month_day date{today};
            return sys_days{date.year() / date.month() / 1};
        }
    }
    return today;
}

/// At least two digits.
std::string padded(unsigned number) {
    return (number < 10 ? "0" : "") + std::to_string(number);
}

}  // namespace

std::string_view to_slug(Period period) {
    switch (period) {
        case Period::daily:
            return "daily";
        case Period::weekly:
            return "weekly";
        case Period::monthly:
            return "monthly";
    }
    return "monthly";
}

std::optional<Period> parse_period(std::string_view slug) {
    for (const Period period : every_period)
        if (to_slug(period) == slug) return period;
    return std::nullopt;
}

Instant period_begin(Period period, Instant now) {
    return first_day(period, now);
}

Instant period_end(Period period, Instant now) {
    const sys_days first = first_day(period, now);
    switch (period) {
        case Period::daily:
            return first + days{1};
        case Period::weekly:
            return first + days{7};
        case Period::monthly: {
            const year_month_day date{first};
            return sys_days{(date.year() / date.month() + std::chrono::months{1}) / 1};
        }
    }
    return first;
}

std::string period_key(Period period, Instant now) {
    const year_month_day date{first_day(period, now)};
    std::string key(to_slug(period).substr(0, 1));
    key += std::to_string(static_cast<int>(date.year()));
    key += padded(static_cast<unsigned>(date.month()));
    if (period != Period::monthly) key += padded(static_cast<unsigned>(date.day()));
    return key;
}

}  // namespace gatehouse::policy

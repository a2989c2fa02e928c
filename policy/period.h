// SPDX-License-Identifier: Apache-2.0
// Period: the calendar windows that caps are counted in. All in UTC, as the contract has it: a day from midnight, a
// week from Monday, a month from its first. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/base/clock.h"

namespace gatehouse::policy {

enum class Period : std::uint8_t { daily, weekly, monthly };

/// Shortest first: the order in which rows are shown and ties are broken.
inline constexpr std::array<Period, 3> every_period{Period::daily, Period::weekly, Period::monthly};

/// "daily", "weekly", "monthly".
std::string_view to_slug(Period period);
std::optional<Period> parse_period(std::string_view slug);

Instant period_begin(Period period, Instant now);
/// The first instant that belongs to the next one: when a cap of this period resets.
Instant period_end(Period period, Instant now);
/// Names the window in stores: "d20261125", "w20261123" (its Monday), "m202611".
std::string period_key(Period period, Instant now);

}  // namespace gatehouse::policy

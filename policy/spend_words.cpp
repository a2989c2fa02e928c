// SPDX-License-Identifier: Apache-2.0
#include "policy/spend_words.h"

#include <array>
#include <chrono>

#include "policy/period.h"

namespace gatehouse::policy {
namespace {

/// "Nov 26 00:00 UTC": caps reset at midnight.
std::string reset_text(Instant when) {
    constexpr auto months = std::to_array<std::string_view>(
        {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"});
    const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(when)};
    std::string text(months.at(static_cast<unsigned>(date.month()) - 1));
    return text.append(" ").append(std::to_string(static_cast<unsigned>(date.day()))).append(" 00:00 UTC");
}

}  // namespace

std::string over_budget_words(const Described& cap, const Limit& limit, std::string_view blocked_message) {
    std::string words = "spend limit reached";
    // What is capped at nothing does not come back with a new day.
    if (limit.amount > Money())
        words.append(" · ")
            .append(to_slug(limit.period))
            .append(limit.pool ? " budget of your group" : " cap")
            .append(" resets ")
            .append(reset_text(cap.resets_at));
    if (!blocked_message.empty()) words.append(" · ").append(blocked_message);
    return words;
}

}  // namespace gatehouse::policy

// SPDX-License-Identifier: Apache-2.0
// How full a caller's caps are, and which one they are told about: the fullest while they may go on, the one that
// resets last once they are blocked. Exact integer arithmetic throughout. Pure; spend_words.h words it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/clock.h"
#include "policy/limit.h"

namespace gatehouse::policy {

/// Spend against a limit. Of a limit of zero everything is used.
struct Utilization {
    Money spent;
    Money amount;

    /// Whole percents, rounded half up; may pass 100.
    std::int64_t percent() const;
    /// Strictly more than that many percents.
    bool is_past(std::int64_t percents) const;
    /// "0", "0.1", "0.82", "1.25": two decimals, rounded half up, without trailing zeros.
    std::string to_text() const;
    /// The same, at most "0.99": for who is still allowed.
    std::string to_text_below_one() const;
    bool is_reached() const { return spent >= amount; }
    bool operator<(const Utilization& other) const;
};

/// The cap that one answer describes.
struct Described {
    std::size_t limit = 0;  ///< index into the limits
    Utilization utilization;
    Instant resets_at;
};

/// The fullest of the caller's own limits (pools are others' business too), the shortest period at equal fullness;
/// nothing when there are only pools.
std::optional<Described> fullest(const std::vector<Limit>& limits, const std::vector<Standing>& standings, Instant now);
/// Of the limits that are reached the one that resets last; at the same time a person's own before a pool. Nothing
/// when none is reached.
std::optional<Described> last_to_reset(const std::vector<Limit>& limits, const std::vector<Standing>& standings,
                                       Instant now);

}  // namespace gatehouse::policy

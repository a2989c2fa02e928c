// SPDX-License-Identifier: Apache-2.0
// Increase requests: a developer asks for a higher cap and may take that back, an admin approves (with a cap of their
// own, for good or for a while) or denies; one that nobody decides lapses. Kept as records (records.h) by
// admin/increase_desk. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/result.h"
#include "policy/cap.h"
#include "policy/limit.h"
#include "policy/period.h"
#include "policy/principal.h"

namespace gatehouse::policy {

inline constexpr std::string_view increase_record_kind = "increase_request";
/// One record for each person, by increase_history_id.
inline constexpr std::string_view increase_history_record_kind = "increase_history";
/// A request that nobody decided for that long lapses.
inline constexpr std::chrono::days increase_patience{30};
/// Asking again after each answer, or after taking it back, must not flood those who decide.
inline constexpr std::size_t most_increases_a_day = 10;

enum class IncreaseStatus : std::uint8_t {
    pending,
    approved,
    denied,
    withdrawn,  ///< by who had asked
    expired,    ///< never stored: status_at() says so
};
/// The name in this list.
std::string_view to_slug(IncreaseStatus status);
std::optional<IncreaseStatus> parse_increase_status(std::string_view slug);

struct IncreaseRequest {
    std::string id;  ///< "slir_" and 32 hex digits
    Principal who;   ///< as they were when they asked
    Period period = Period::monthly;
    IncreaseStatus status = IncreaseStatus::pending;
    std::string reason;                 ///< their words
    std::optional<std::string> wished;  ///< cents in digits; nothing: they left it open
    std::optional<Cap> about;           ///< the cap that held then, or the pool; nothing: not known
    Instant created_at;
    std::optional<Instant> resolved_at;
    std::string resolved_by;             ///< an actor of the audit trail; empty while it is pending
    std::optional<std::string> granted;  ///< cents in digits
    std::optional<Period> granted_period;
    std::optional<Instant> granted_until;  ///< nothing: for good
    std::string note;                      ///< the admin's words to them; may be empty
};

std::string to_document(const IncreaseRequest& request);
/// Nothing when it is not such a document.
std::optional<IncreaseRequest> parse_increase(std::string_view document);
/// What it is now: a pending one lapses by the clock.
IncreaseStatus status_at(const IncreaseRequest& request, Instant now);

/// What one person asked for lately, oldest first: it keeps them to one open request a period and to so many a day, and
/// finds their own among everybody's.
struct IncreaseHistory {
    struct Entry {
        std::string id;
        Period period = Period::monthly;
        Instant created_at;
        bool open = true;  ///< nobody has decided, nor taken it back
    };
    std::vector<Entry> entries;
};

std::string increase_history_id(std::string_view user);
std::string to_document(const IncreaseHistory& history);
/// Empty when it is not such a document.
IncreaseHistory parse_increase_history(std::string_view document);
/// Faults: conflict (one is open for that period), rate_limited (too many within a day).
Result<> may_ask(const IncreaseHistory& history, Period period, Instant now);
/// With that request at its end; what is older than the latest few is forgotten.
void remember(IncreaseHistory& history, const IncreaseRequest& request);
void close(IncreaseHistory& history, std::string_view id);

/// The period that a request is about when nobody says: of the limits that are reached the one that resets last, else
/// that of the fullest. Nothing: no limit applies to them.
std::optional<Period> period_to_raise(const std::vector<Limit>& limits, const std::vector<Standing>& standings,
                                      Instant now);

/// A cap that is reached, and whether an own cap of that period would come in its place.
struct Obstacle {
    const Cap* cap = nullptr;  ///< points into the book
    bool lifted = false;
    std::string_view why;  ///< why it would not, or on what condition it would; may be empty
};

/// What blocks somebody: their effective caps and the pools of their groups that are reached. `limits` are the book's
/// for them, `standings` how those stand, index for index. `period` is that of the increase.
std::vector<Obstacle> obstacles(const CapBook& book, const Subject& who, GroupLimitMode mode,
                                const std::vector<Limit>& limits, const std::vector<Standing>& standings, Period period,
                                Instant now);

/// Whole dollars, or dollars and cents, as people type them ("500", "500.5", "$1,200.00"), in cents; nothing when it is
/// anything else.
std::optional<std::string> parse_dollars(std::string_view text);

}  // namespace gatehouse::policy

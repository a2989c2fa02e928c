// SPDX-License-Identifier: Apache-2.0
// Increase requests: a developer asks for a higher cap, an admin approves (with a cap of their own, for good or for a
// while) or denies. Kept as records (records.h) by admin/increase_desk. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/clock.h"
#include "policy/limit.h"
#include "policy/period.h"
#include "policy/principal.h"

namespace gatehouse::policy {

inline constexpr std::string_view increase_record_kind = "increase_request";
/// Records of this kind say which request of a person and period is open, by open_increase_id: there is at most one.
inline constexpr std::string_view open_increase_record_kind = "increase_request_open";

enum class IncreaseStatus : std::uint8_t { pending, approved, denied };
/// "pending", "approved", "denied"
std::string_view to_slug(IncreaseStatus status);
std::optional<IncreaseStatus> parse_increase_status(std::string_view slug);

struct IncreaseRequest {
    std::string id;  ///< "slir_" and 32 hex digits
    Principal who;   ///< as they were when they asked
    Period period = Period::monthly;
    IncreaseStatus status = IncreaseStatus::pending;
    std::string reason;                 ///< their words
    std::optional<std::string> wished;  ///< cents in digits; nothing: they left it open
    Instant created_at;
    std::optional<Instant> resolved_at;
    std::string resolved_by;               ///< an actor of the audit trail; empty while it is pending
    std::optional<std::string> granted;    ///< cents in digits
    std::optional<Instant> granted_until;  ///< nothing: for good
    std::string note;                      ///< the admin's words to them; may be empty
};

std::string to_document(const IncreaseRequest& request);
/// Nothing when it is not such a document.
std::optional<IncreaseRequest> parse_increase(std::string_view document);
/// The id under which somebody's open request for a period is found.
std::string open_increase_id(std::string_view user, Period period);

/// The period that a request is about when nobody says: of the limits that are reached the one that resets last, else
/// that of the fullest. Nothing: no limit applies to them.
std::optional<Period> period_to_raise(const std::vector<Limit>& limits, const std::vector<Standing>& standings,
                                      Instant now);

/// Whole dollars, or dollars and cents, as people type them ("500", "500.5", "$1,200.00"), in cents; nothing when it is
/// anything else.
std::optional<std::string> parse_dollars(std::string_view text);

}  // namespace gatehouse::policy

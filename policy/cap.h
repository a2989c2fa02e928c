// SPDX-License-Identifier: Apache-2.0
// Caps: what an admin allowed a user, a group, the organization or a group together to spend in a period, and which of
// them holds for a caller. CapBook is the immutable snapshot that a request takes; cap.cpp decides, purely. Kept as
// records of kind "spend_limit" (records.h), written by admin/spend_limits.
#pragma once

#include <boost/json/object.hpp>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/money.h"
#include "policy/limit.h"
#include "policy/period.h"
#include "policy/records.h"
#include "policy/rules.h"

namespace gatehouse::policy {

inline constexpr std::string_view cap_record_kind = "spend_limit";

enum class ScopeKind : std::uint8_t {
    user,          ///< one person, by subject
    rbac_group,    ///< each member of a group, on their own account
    organization,  ///< everyone, on their own account
    group_pool,    ///< the members of a group together, on one account
};

std::string_view to_slug(ScopeKind kind);
std::optional<ScopeKind> parse_scope_kind(std::string_view slug);

struct Scope {
    ScopeKind kind = ScopeKind::organization;
    std::string id;  ///< subject or group; empty for the organization

    auto operator<=>(const Scope&) const = default;
};

struct Cap {
    std::string id;  ///< "spl_" and 32 hex digits
    Scope scope;
    std::optional<std::string> amount;  ///< cents in digits, without leading zeros; nothing: unlimited
    Period period = Period::monthly;
    Instant created_at;
    Instant updated_at;
    /// A temporary cap (a granted increase) counts until then and is as if deleted from then on; nothing: for good.
    std::optional<Instant> expires_at;

    /// Nothing: unlimited.
    std::optional<Money> limit() const;
    bool operator==(const Cap&) const = default;
};

/// How several group caps of one period combine.
enum class GroupLimitMode : std::uint8_t { min, max };

/// The cap that holds for one account in one period. `cap` points into the book.
struct EffectiveCap {
    Period period = Period::monthly;
    const Cap* cap = nullptr;  ///< null: uncapped
};

/// What became of a cap that names a caller.
enum class Outcome : std::uint8_t {
    holds,
    expired,               ///< it was temporary
    covered_by_temporary,  ///< another cap of its scope and period comes first while that lasts
    another_group,         ///< several groups have one: `mode` took the other
    nearer_scope,          ///< a user's own cap comes before a group's, a group's before the organization's
};

std::string_view to_slug(Outcome outcome);

struct Contender {
    const Cap* cap = nullptr;  ///< points into the book
    Outcome outcome = Outcome::holds;
};

class CapBook {
  public:
    explicit CapBook(std::vector<Cap> caps);

    /// In order of creation.
    std::span<const Cap> caps() const { return caps_; }
    const Cap* find(std::string_view id) const;
    bool empty() const { return caps_.empty(); }
    /// The book as it would be with that cap in it, instead of the one with its id.
    CapBook with(const Cap& cap) const;

    /// The cap of a scope that counts now: the temporary one while there is one, else the permanent one, else null.
    const Cap* in_force(ScopeKind kind, std::string_view id, Period period, Instant now) const;

    /// Per period, shortest first: the user's own cap, else of their groups' caps the least (or greatest) one, else the
    /// organization's, else none. A cap without an amount is a decision too: it ends the search, and is the greatest of
    /// all. Pools are not among them.
    std::vector<EffectiveCap> effective(const Subject& subject, GroupLimitMode mode, Instant now) const;
    /// Every cap of that period that names the caller, and what became of it: the one that holds first, the others from
    /// the nearest scope to the widest.
    std::vector<Contender> contest(const Subject& subject, GroupLimitMode mode, Period period, Instant now) const;
    /// The pools of the caller's groups that have one, each group once, by group and then by period.
    std::vector<const Cap*> pools(const Subject& subject, Instant now) const;
    /// Everything that a request of this caller is checked against: the effective caps that are not unlimited, on the
    /// user's account, then the pools of their groups.
    std::vector<Limit> limits(const Subject& subject, GroupLimitMode mode, Instant now) const;
    /// The accounts that a caller's charges go to: their own, and one for each of their groups that has a pool.
    std::vector<std::string> accounts(const Subject& subject, Instant now) const;

  private:
    const Cap* winner(const Subject& subject, GroupLimitMode mode, Period period, Instant now) const;
    std::span<const std::uint32_t> of_scope(ScopeKind kind, std::string_view id, Period period) const;

    std::vector<Cap> caps_;
    bool has_pools_ = false;               ///< asked on every request, and most companies have none
    std::vector<std::uint32_t> by_scope_;  ///< indexes into caps_, ordered by scope and period, then as caps_
};

using CapBookPtr = std::shared_ptr<const CapBook>;

/// The document that is stored and shown: `{"type":"spend_limit","id",…}`. `scope` of a group is
/// `{"type":"rbac_group","rbac_group_id":…}`, of a pool `{"type":"group_pool","rbac_group_id":…}`.
boost::json::object to_json(const Cap& cap);
std::string to_document(const Cap& cap);
/// Nothing when it is not such a document.
std::optional<Cap> parse_cap(std::string_view document);
/// The book of what is stored. A document that is no cap is logged and left out.
CapBookPtr read_caps(const Documents& documents);
/// The id of the cap for that scope and period, "spl_" and 32 hex digits. It follows from them, so that two admins who
/// set one at the same moment mean the same; a temporary cap stands beside the permanent one and has its own.
std::string cap_id(const Scope& scope, Period period, bool temporary);
/// A cap's amount as it is kept: one to 18 digits, leading zeros dropped; nothing when it is anything else.
std::optional<std::string> parse_cents(std::string_view text);
/// What such an amount is worth; saturates far above any real one.
Money money_of_cents(std::string_view cents);

}  // namespace gatehouse::policy

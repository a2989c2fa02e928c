// SPDX-License-Identifier: Apache-2.0
#include "policy/cap.h"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <numeric>
#include <tuple>
#include <utility>

#include "gateway/base/crypto.h"
#include "gateway/base/json.h"
#include "gateway/base/log.h"
#include "gateway/base/timestamp.h"
#include "policy/charge.h"

namespace gatehouse::policy {
namespace {

constexpr std::array<ScopeKind, 4> every_scope{ScopeKind::user, ScopeKind::rbac_group, ScopeKind::organization,
                                               ScopeKind::group_pool};
constexpr std::size_t most_digits = 18;

bool is_expired(const Cap& cap, Instant now) {
    return cap.expires_at && *cap.expires_at <= now;
}

/// Whether `left` is a smaller bound; without an amount it is none at all, and the greatest.
bool is_below(const Cap& left, const Cap& right) {
    const auto bound = left.limit();
    if (!bound) return false;
    const auto other = right.limit();
    return !other || *bound < *other;
}

/// Each group once: an identity provider may name one twice, and its pool must not be charged twice.
std::vector<std::string_view> distinct_groups(const Subject& subject) {
    std::vector<std::string_view> groups;
    for (const std::string& group : subject.groups)
        if (std::ranges::find(groups, group) == groups.end()) groups.push_back(group);
    return groups;
}

/// The member of `scope` that names who it is for; empty for the organization.
std::string_view id_member(ScopeKind kind) {
    switch (kind) {
        case ScopeKind::user:
            return "user_id";
        case ScopeKind::rbac_group:
        case ScopeKind::group_pool:
            return "rbac_group_id";
        case ScopeKind::organization:
            return {};
    }
    return {};
}

std::optional<Scope> parse_scope(const boost::json::value& document) {
    const auto* value = json::find(document, "scope");
    if (value == nullptr) return std::nullopt;
    const auto kind = parse_scope_kind(json::find_string(*value, "type").value_or(""));
    if (!kind) return std::nullopt;
    if (id_member(*kind).empty()) return Scope{*kind, {}};
    const auto id = json::find_string(*value, id_member(*kind));
    if (!id || id->empty()) return std::nullopt;
    return Scope{*kind, std::string(*id)};
}

std::optional<Instant> find_timestamp(const boost::json::value& document, std::string_view key) {
    return parse_timestamp(json::find_string(document, key).value_or(""));
}

}  // namespace

std::string_view to_slug(ScopeKind kind) {
    switch (kind) {
        case ScopeKind::user:
            return "user";
        case ScopeKind::rbac_group:
            return "rbac_group";
        case ScopeKind::organization:
            return "organization";
        case ScopeKind::group_pool:
            return "group_pool";
    }
    return "organization";
}

std::optional<ScopeKind> parse_scope_kind(std::string_view slug) {
    for (const ScopeKind kind : every_scope)
        if (to_slug(kind) == slug) return kind;
    return std::nullopt;
}

std::string_view to_slug(Outcome outcome) {
    switch (outcome) {
        case Outcome::holds:
            return "holds";
        case Outcome::expired:
            return "expired";
        case Outcome::covered_by_temporary:
            return "covered_by_temporary";
        case Outcome::another_group:
            return "another_group";
        case Outcome::nearer_scope:
            return "nearer_scope";
    }
    return "holds";
}

std::optional<Money> Cap::limit() const {
    return amount ? std::optional(money_of_cents(*amount)) : std::nullopt;
}

CapBook::CapBook(std::vector<Cap> caps) : caps_(std::move(caps)) {
    std::ranges::sort(caps_, {}, [](const Cap& cap) { return std::tie(cap.created_at, cap.id); });
    by_scope_.resize(caps_.size());
    std::iota(by_scope_.begin(), by_scope_.end(), 0U);
    std::ranges::sort(by_scope_, {}, [this](std::uint32_t index) {
        const Cap& cap = caps_[index];
        return std::tuple(cap.scope.kind, std::string_view(cap.scope.id), cap.period, index);
    });
    has_pools_ = std::ranges::any_of(caps_, [](const Cap& cap) { return cap.scope.kind == ScopeKind::group_pool; });
}

const Cap* CapBook::find(std::string_view id) const {
    const auto found = std::ranges::find(caps_, id, &Cap::id);
    return found == caps_.end() ? nullptr : &*found;
}

CapBook CapBook::with(const Cap& cap) const {
    std::vector<Cap> caps;
    for (const Cap& each : caps_)
        if (each.id != cap.id) caps.push_back(each);
    caps.push_back(cap);
    return CapBook(std::move(caps));
}

std::span<const std::uint32_t> CapBook::of_scope(ScopeKind kind, std::string_view id, Period period) const {
    const auto found =
        std::ranges::equal_range(by_scope_, std::tuple(kind, id, period), {}, [this](std::uint32_t index) {
            const Cap& cap = caps_[index];
            return std::tuple(cap.scope.kind, std::string_view(cap.scope.id), cap.period);
        });
    return {found.begin(), found.end()};
}

const Cap* CapBook::in_force(ScopeKind kind, std::string_view id, Period period, Instant now) const {
    const Cap* chosen = nullptr;
    for (const std::uint32_t index : of_scope(kind, id, period)) {
        const Cap& cap = caps_[index];
        if (is_expired(cap, now)) continue;
        // Of two equals the later one counts.
        if (chosen == nullptr || cap.expires_at || !chosen->expires_at) chosen = &cap;
    }
    return chosen;
}

const Cap* CapBook::winner(const Subject& subject, GroupLimitMode mode, Period period, Instant now) const {
    if (const Cap* own = in_force(ScopeKind::user, subject.id, period, now)) return own;
    const Cap* chosen = nullptr;
    for (const std::string& group : subject.groups) {
        const Cap* cap = in_force(ScopeKind::rbac_group, group, period, now);
        if (cap == nullptr) continue;
        const bool better =
            chosen == nullptr || (mode == GroupLimitMode::min ? is_below(*cap, *chosen) : is_below(*chosen, *cap));
        if (better) chosen = cap;
    }
    return chosen != nullptr ? chosen : in_force(ScopeKind::organization, {}, period, now);
}

std::vector<EffectiveCap> CapBook::effective(const Subject& subject, GroupLimitMode mode, Instant now) const {
    std::vector<EffectiveCap> caps;
    caps.reserve(every_period.size());
    for (const Period period : every_period)
        caps.push_back({period, winner(subject, mode, period, now)});
    return caps;
}

std::vector<Contender> CapBook::contest(const Subject& subject, GroupLimitMode mode, Period period, Instant now) const {
    const Cap* const winning = winner(subject, mode, period, now);
    std::vector<Contender> all;
    const auto add = [&](ScopeKind kind, std::string_view id) {
        const Cap* const in_scope = in_force(kind, id, period, now);
        for (const std::uint32_t index : of_scope(kind, id, period)) {
            const Cap& cap = caps_[index];
            if (&cap == winning)
                all.insert(all.begin(), {&cap, Outcome::holds});
            else if (is_expired(cap, now))
                all.push_back({&cap, Outcome::expired});
            else if (&cap != in_scope)
                all.push_back({&cap, Outcome::covered_by_temporary});
            else
                all.push_back({&cap, winning->scope.kind == kind ? Outcome::another_group : Outcome::nearer_scope});
        }
    };
    add(ScopeKind::user, subject.id);
    for (const std::string_view group : distinct_groups(subject))
        add(ScopeKind::rbac_group, group);
    add(ScopeKind::organization, {});
    return all;
}

std::vector<const Cap*> CapBook::pools(const Subject& subject, Instant now) const {
    std::vector<const Cap*> pools;
    if (!has_pools_) return pools;
    for (const std::string_view group : distinct_groups(subject))
        for (const Period period : every_period)
            if (const Cap* pool = in_force(ScopeKind::group_pool, group, period, now)) pools.push_back(pool);
    return pools;
}

std::vector<Limit> CapBook::limits(const Subject& subject, GroupLimitMode mode, Instant now) const {
    std::vector<Limit> limits;
    if (caps_.empty()) return limits;
    limits.reserve(every_period.size());
    for (const EffectiveCap& effective_cap : effective(subject, mode, now)) {
        const auto amount = effective_cap.cap == nullptr ? std::nullopt : effective_cap.cap->limit();
        if (amount) limits.push_back({user_account(subject.id), effective_cap.period, *amount, false});
    }
    for (const Cap* pool : pools(subject, now))
        if (const auto amount = pool->limit())
            limits.push_back({pool_account(pool->scope.id), pool->period, *amount, true});
    return limits;
}

std::vector<std::string> CapBook::accounts(const Subject& subject, Instant now) const {
    std::vector<std::string> accounts{user_account(subject.id)};
    for (const Cap* pool : pools(subject, now)) {
        std::string account = pool_account(pool->scope.id);
        if (account != accounts.back()) accounts.push_back(std::move(account));
    }
    return accounts;
}

boost::json::object to_json(const Cap& cap) {
    boost::json::object scope{{"type", to_slug(cap.scope.kind)}};
    if (const auto member = id_member(cap.scope.kind); !member.empty()) scope[member] = cap.scope.id;
    boost::json::object document;
    document["type"] = "spend_limit";
    document["id"] = cap.id;
    document["created_at"] = to_timestamp(cap.created_at);
    document["updated_at"] = to_timestamp(cap.updated_at);
    document["scope"] = std::move(scope);
    document["amount"] = cap.amount ? boost::json::value(*cap.amount) : boost::json::value();
    document["currency"] = "USD";
    document["period"] = to_slug(cap.period);
    if (cap.expires_at) document["expires_at"] = to_timestamp(*cap.expires_at);
    return document;
}

std::string to_document(const Cap& cap) {
    return boost::json::serialize(to_json(cap));
}

std::optional<Cap> parse_cap(std::string_view document) {
    const auto value = json::parse(document);
    if (!value || json::find_string(*value, "type") != "spend_limit") return std::nullopt;
    if (json::find_string(*value, "currency") != "USD") return std::nullopt;
    const auto id = json::find_string(*value, "id");
    auto scope = parse_scope(*value);
    const auto period = parse_period(json::find_string(*value, "period").value_or(""));
    const auto created_at = find_timestamp(*value, "created_at");
    const auto updated_at = find_timestamp(*value, "updated_at");
    if (!id || !scope || !period || !created_at || !updated_at) return std::nullopt;
    Cap cap{std::string(*id), std::move(*scope), {}, *period, *created_at, *updated_at, {}};
    const auto* amount = json::find(*value, "amount");
    if (amount == nullptr) return std::nullopt;
    if (!amount->is_null()) {
        cap.amount = parse_cents(json::find_string(*value, "amount").value_or(""));
        if (!cap.amount) return std::nullopt;
    }
    if (json::find(*value, "expires_at") != nullptr) {
        cap.expires_at = find_timestamp(*value, "expires_at");
        if (!cap.expires_at) return std::nullopt;
    }
    return cap;
}

CapBookPtr read_caps(const Documents& documents) {
    std::vector<Cap> caps;
    for (const auto& [id, document] : documents) {
        auto cap = parse_cap(document);
        if (cap)
            caps.push_back(std::move(*cap));
        else
            log::error("a stored spend limit cannot be read and is not enforced", {{"id", id}});
    }
    return std::make_shared<const CapBook>(std::move(caps));
}

std::string cap_id(const Scope& scope, Period period, bool temporary) {
    std::string meaning(to_slug(scope.kind));
    meaning.append("\n").append(to_slug(period)).append(temporary ? "\ntemporary\n" : "\npermanent\n");
    return "spl_" + to_hex(sha256(meaning.append(scope.id))).substr(0, 32);
}

std::optional<std::string> parse_cents(std::string_view text) {
    const bool digits = std::ranges::all_of(text, [](char letter) { return letter >= '0' && letter <= '9'; });
    if (text.empty() || text.size() > most_digits || !digits) return std::nullopt;
    text.remove_prefix(std::min(text.find_first_not_of('0'), text.size() - 1));
    return std::string(text);
}

Money money_of_cents(std::string_view cents) {
    std::int64_t count = 0;
    const auto read = std::from_chars(cents.data(), cents.data() + cents.size(), count);
    return read.ec == std::errc() ? Money::cents(count) : Money::most();
}

}  // namespace gatehouse::policy

// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/cap_order.h"

#include <boost/json/value.hpp>
#include <utility>

#include "gateway/admin/reply.h"
#include "gateway/base/text.h"
#include "gateway/base/timestamp.h"

namespace gatehouse::admin {
namespace {

namespace bj = boost::json;

constexpr std::size_t longest_name = 256;
constexpr std::size_t longest_reason = 1'000;

/// A member that must be a string that could be somebody's or a group's name.
Result<std::string> read_name(const bj::object& from, std::string_view key, std::string_view path) {
    const bj::value* member = from.if_contains(key);
    if (member == nullptr) return fail(bad_field(path, "is required"));
    if (!member->is_string()) return fail(bad_field(path, "must be a string"));
    const std::string_view name = member->get_string();
    if (name.empty()) return fail(bad_field(path, "must not be empty"));
    if (name.size() > longest_name) return fail(bad_field(path, "must have at most 256 bytes"));
    if (has_control(name)) return fail(bad_field(path, "must not hold control characters"));
    return std::string(name);
}

Result<> read_user(const bj::object& scope, CapOrder& order) {
    const bool by_email = scope.contains("user_email");
    if (by_email && scope.contains("user_id"))
        return fail(bad_field("scope.user_email", "stands instead of user_id, not beside it"));
    auto name =
        by_email ? read_name(scope, "user_email", "scope.user_email") : read_name(scope, "user_id", "scope.user_id");
    if (!name) return fail(name.error());
    (by_email ? order.user_email : order.scope.id) = std::move(*name);
    return {};
}

Result<> read_scope(const bj::object& body, CapOrder& order) {
    const bj::value* scope = body.if_contains("scope");
    if (scope == nullptr) return fail(bad_field("scope", "is required"));
    if (!scope->is_object()) return fail(bad_field("scope", "must be an object"));
    const bj::object& members = scope->get_object();
    const bj::value* type = members.if_contains("type");
    const auto kind = type != nullptr && type->is_string() ? policy::parse_scope_kind(type->get_string())
                                                           : std::optional<policy::ScopeKind>{};
    if (!kind) return fail(bad_field("scope.type", "must be one of user, rbac_group, organization, group_pool"));
    order.scope.kind = *kind;
    if (*kind == policy::ScopeKind::organization) return {};
    if (*kind == policy::ScopeKind::user) return read_user(members, order);
    auto group = read_name(members, "rbac_group_id", "scope.rbac_group_id");
    if (!group) return fail(group.error());
    order.scope.id = std::move(*group);
    return {};
}

Result<> read_amount(const bj::object& body, CapOrder& order) {
    const bj::value* amount = body.if_contains("amount");
    if (amount == nullptr) return fail(bad_field("amount", "is required; null is unlimited"));
    if (amount->is_null()) return {};
    if (amount->is_string()) order.amount = policy::parse_cents(amount->get_string());
    if (!order.amount) return fail(bad_field("amount", "must be null or a string of 1 to 18 digits, in whole cents"));
    return {};
}

Result<> read_expiry(const bj::object& body, CapOrder& order, Instant now) {
    const bj::value* until = body.if_contains("expires_at");
    if (until == nullptr || until->is_null()) return {};
    if (until->is_string()) order.expires_at = parse_timestamp(until->get_string());
    if (!order.expires_at) return fail(bad_field("expires_at", "must be null or a time such as 2027-01-31T00:00:00Z"));
    if (*order.expires_at <= now) return fail(bad_field("expires_at", "must be in the future"));
    return {};
}

Result<> read_rest(const bj::object& body, CapOrder& order) {
    if (const bj::value* currency = body.if_contains("currency");
        currency != nullptr && !(currency->is_string() && currency->get_string() == "USD"))
        return fail(bad_field("currency", "must be USD"));
    if (const bj::value* period = body.if_contains("period")) {
        const auto known =
            period->is_string() ? policy::parse_period(period->get_string()) : std::optional<policy::Period>{};
        if (!known) return fail(bad_field("period", "must be one of daily, weekly, monthly"));
        order.period = *known;
    }
    const bj::value* reason = body.if_contains("reason");
    if (reason == nullptr || reason->is_null()) return {};
    if (!reason->is_string()) return fail(bad_field("reason", "must be a string"));
    order.reason = std::string_view(reason->get_string());
    if (order.reason.size() > longest_reason) return fail(bad_field("reason", "must have at most 1000 bytes"));
    return {};
}

}  // namespace

Result<CapOrder> parse_cap_order(const bj::object& body, Instant now) {
    CapOrder order;
    if (const auto read = read_scope(body, order); !read) return fail(read.error());
    if (const auto read = read_amount(body, order); !read) return fail(read.error());
    if (const auto read = read_rest(body, order); !read) return fail(read.error());
    if (const auto read = read_expiry(body, order, now); !read) return fail(read.error());
    return order;
}

}  // namespace gatehouse::admin

// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/service_key_order.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <string_view>
#include <utility>

#include "gateway/admin/reply.h"
#include "gateway/base/cidr.h"
#include "gateway/base/text.h"
#include "gateway/base/timestamp.h"
#include "policy/brake_document.h"
#include "policy/cap.h"

namespace gatehouse::admin {
namespace {

namespace bj = boost::json;
using std::chrono::days;

constexpr std::size_t longest_name = 100;
constexpr std::size_t longest_words = 256;
constexpr std::size_t longest_reason = 1'000;
constexpr std::size_t longest_list = 100;
constexpr days usual_life{90};
constexpr days longest_life{3'653};
constexpr std::chrono::seconds usual_overlap = days{1};
constexpr std::chrono::seconds longest_overlap = days{30};

Result<std::string> to_words(const bj::value& value, std::string_view path, std::size_t longest) {
    if (!value.is_string()) return fail(bad_field(path, "must be a string"));
    const std::string_view words = value.get_string();
    if (trim(words).empty()) return fail(bad_field(path, "must not be empty"));
    if (words.size() > longest) return fail(bad_field(path, "must have at most " + std::to_string(longest) + " bytes"));
    if (has_control(words)) return fail(bad_field(path, "must not hold control characters"));
    return std::string(words);
}

Result<> read_words(const bj::object& body, std::string_view key, std::size_t longest,
                    std::optional<std::string>& into) {
    const bj::value* value = body.if_contains(key);
    if (value == nullptr) return {};
    auto words = to_words(*value, key, longest);
    if (!words) return fail(words.error());
    into = std::move(*words);
    return {};
}

Result<> read_list(const bj::object& body, std::string_view key, std::optional<std::vector<std::string>>& into) {
    const bj::value* value = body.if_contains(key);
    if (value == nullptr) return {};
    if (!value->is_array()) return fail(bad_field(key, "must be a list of strings"));
    if (value->get_array().size() > longest_list) return fail(bad_field(key, "must have at most 100 entries"));
    std::vector<std::string> list;
    for (const bj::value& each : value->get_array()) {
        const std::string path = std::string(key).append("[").append(std::to_string(list.size())).append("]");
        auto words = to_words(each, path, longest_words);
        if (!words) return fail(words.error());
        if (std::ranges::find(list, *words) != list.end()) return fail(bad_field(path, "is given twice"));
        list.push_back(std::move(*words));
    }
    into = std::move(list);
    return {};
}

Result<> check_ranges(const ServiceKeyOrder& order) {
    if (!order.allowed_cidrs) return {};
    for (std::size_t index = 0; index < order.allowed_cidrs->size(); ++index)
        if (!Cidr::parse(order.allowed_cidrs->at(index)))
            return fail(bad_field("allowed_cidrs[" + std::to_string(index) + "]",
                                  "must be an address or a range such as 10.0.0.0/8 or 2001:db8::/32"));
    return {};
}

Result<> read_expiry(const bj::object& body, Instant now, ServiceKeyOrder& order) {
    const bj::value* value = body.if_contains("expires_at");
    if (value == nullptr) return {};
    order.says_expiry = true;
    if (value->is_null()) return {};
    if (value->is_string()) order.expires_at = parse_timestamp(value->get_string());
    if (!order.expires_at)
        return fail(bad_field("expires_at", "must be a time such as 2027-01-31T00:00:00Z, or null for never"));
    if (*order.expires_at <= now) return fail(bad_field("expires_at", "must be in the future"));
    if (*order.expires_at > now + longest_life)
        return fail(bad_field("expires_at", "must be within ten years; null is never"));
    return {};
}

Result<> read_flag(const bj::object& body, std::string_view key, std::optional<bool>& into) {
    const bj::value* value = body.if_contains(key);
    if (value == nullptr) return {};
    if (!value->is_bool()) return fail(bad_field(key, "must be true or false"));
    into = value->get_bool();
    return {};
}

/// Null takes them away.
Result<> read_rate_limits(const bj::object& body, std::optional<bj::object>& into) {
    const bj::value* value = body.if_contains("rate_limits");
    if (value == nullptr) return {};
    if (!value->is_object() && !value->is_null())
        return fail(bad_field("rate_limits", "must be an object of user, session, agent and pause_session, or null"));
    bj::object limits = value->is_object() ? value->get_object() : bj::object{};
    std::vector<policy::Problem> problems;
    policy::read_brakes(limits, "rate_limits", problems);
    if (!problems.empty()) return fail(bad_field(problems.front().path, problems.front().message));
    into = std::move(limits);
    return {};
}

Result<> read_reason(const bj::object& body, std::string& into) {
    std::optional<std::string> reason;
    if (const auto read = read_words(body, "reason", longest_reason, reason); !read) return fail(read.error());
    into = std::move(reason).value_or("");
    return {};
}

Result<ServiceKeyLimit> to_limit(const bj::value& value, const std::string& path) {
    if (!value.is_object()) return fail(bad_field(path, "must be an object of amount and period"));
    const bj::object& members = value.get_object();
    if (const auto known = check_members(members, {"amount", "period"}, path + "."); !known) return fail(known.error());
    ServiceKeyLimit limit;
    const bj::value* amount = members.if_contains("amount");
    if (amount == nullptr) return fail(bad_field(path + ".amount", "is required; null is unlimited"));
    if (amount->is_string()) limit.amount = policy::parse_cents(amount->get_string());
    if (!limit.amount && !amount->is_null())
        return fail(bad_field(path + ".amount", "must be null or a string of 1 to 18 digits, in whole cents"));
    const bj::value* period = members.if_contains("period");
    if (period == nullptr) return limit;
    const auto known =
        period->is_string() ? policy::parse_period(period->get_string()) : std::optional<policy::Period>{};
    if (!known) return fail(bad_field(path + ".period", "must be one of daily, weekly, monthly"));
    limit.period = *known;
    return limit;
}

Result<> read_limits(const bj::object& body, std::vector<ServiceKeyLimit>& into) {
    const bj::value* value = body.if_contains("limits");
    if (value == nullptr) return {};
    if (!value->is_array()) return fail(bad_field("limits", "must be a list of objects of amount and period"));
    for (const bj::value& each : value->get_array()) {
        const std::string path = "limits[" + std::to_string(into.size()) + "]";
        const auto limit = to_limit(each, path);
        if (!limit) return fail(limit.error());
        if (std::ranges::find(into, limit->period, &ServiceKeyLimit::period) != into.end())
            return fail(bad_field(path + ".period", "is given twice"));
        into.push_back(*limit);
    }
    return {};
}

/// What a new key and a change have in common.
Result<ServiceKeyOrder> read_order(const bj::object& body, Instant now) {
    ServiceKeyOrder order;
    if (const auto read = read_words(body, "name", longest_name, order.name); !read) return fail(read.error());
    if (const auto read = read_words(body, "owner", longest_words, order.owner); !read) return fail(read.error());
    if (const auto read = read_list(body, "groups", order.groups); !read) return fail(read.error());
    if (const auto read = read_list(body, "allowed_cidrs", order.allowed_cidrs); !read) return fail(read.error());
    if (const auto sound = check_ranges(order); !sound) return fail(sound.error());
    if (const auto read = read_expiry(body, now, order); !read) return fail(read.error());
    if (const auto read = read_rate_limits(body, order.rate_limits); !read) return fail(read.error());
    if (const auto read = read_reason(body, order.reason); !read) return fail(read.error());
    return order;
}

}  // namespace

Result<ServiceKeyOrder> parse_new_service_key(const bj::object& body, Instant now) {
    const auto known = check_members(
        body, {"name", "owner", "groups", "allowed_cidrs", "expires_at", "limits", "rate_limits", "reason"});
    if (!known) return fail(known.error());
    auto order = read_order(body, now);
    if (!order) return fail(order.error());
    if (!order->name) return fail(bad_field("name", "is required"));
    if (!order->owner) return fail(bad_field("owner", "is required: who answers for this key?"));
    if (!order->groups) return fail(bad_field("groups", "is required; an empty list gives what everybody may use"));
    if (const auto read = read_limits(body, order->limits); !read) return fail(read.error());
    if (!std::exchange(order->says_expiry, true)) order->expires_at = now + usual_life;
    return std::move(*order);
}

Result<ServiceKeyOrder> parse_service_key_change(const bj::object& body, Instant now) {
    if (body.contains("limits"))
        return fail(bad_field("limits", "of a present key are set at /v1/organizations/spend_limits"));
    const auto known = check_members(
        body, {"name", "owner", "groups", "allowed_cidrs", "expires_at", "rate_limits", "disabled", "reason"});
    if (!known) return fail(known.error());
    auto order = read_order(body, now);
    if (!order) return fail(order.error());
    if (const auto read = read_flag(body, "disabled", order->disabled); !read) return fail(read.error());
    if (!order->name && !order->owner && !order->groups && !order->allowed_cidrs && !order->says_expiry &&
        !order->rate_limits && !order->disabled)
        return fail(Error::bad_request(
            Reason::malformed_request,
            "nothing to change: give one of name, owner, groups, allowed_cidrs, expires_at, rate_limits, disabled"));
    return std::move(*order);
}

Result<RotationOrder> parse_rotation(const bj::object& body) {
    if (const auto known = check_members(body, {"overlap_seconds", "reason"}); !known) return fail(known.error());
    RotationOrder order{.overlap = usual_overlap};
    if (const auto read = read_reason(body, order.reason); !read) return fail(read.error());
    const bj::value* value = body.if_contains("overlap_seconds");
    if (value == nullptr) return order;
    const std::int64_t seconds = value->is_int64() ? value->get_int64() : -1;
    if (seconds < 0 || seconds > longest_overlap.count())
        return fail(bad_field("overlap_seconds", "must be a whole number from 0 to 2592000 (30 days)"));
    order.overlap = std::chrono::seconds(seconds);
    return order;
}

void apply(const ServiceKeyOrder& order, auth::ServiceKey& key) {
    if (order.name) key.name = *order.name;
    if (order.owner) key.owner = *order.owner;
    if (order.groups) key.groups = *order.groups;
    if (order.allowed_cidrs) key.allowed_cidrs = *order.allowed_cidrs;
    if (order.says_expiry) key.expires_at = order.expires_at;
    if (order.rate_limits) key.limits = *order.rate_limits;
    if (order.disabled) key.disabled = *order.disabled;
}

}  // namespace gatehouse::admin

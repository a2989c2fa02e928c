// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/increase_order.h"

#include <algorithm>
#include <boost/json/value.hpp>
#include <utility>

#include "gateway/admin/reply.h"
#include "gateway/base/text.h"
#include "gateway/base/timestamp.h"
#include "policy/cap.h"

namespace gatehouse::admin {
namespace {

namespace bj = boost::json;

constexpr std::size_t usual_page = 20;
constexpr std::size_t longest_words = 1'000;

Result<std::string> read_words(const bj::object& body, std::string_view key, bool required) {
    const bj::value* value = body.if_contains(key);
    if ((value == nullptr || value->is_null()) && !required) return std::string();
    if (value == nullptr || !value->is_string() || trim(value->get_string()).empty())
        return fail(bad_field(key, required ? "is required: why do you need more?" : "must be a string"));
    if (value->get_string().size() > longest_words) return fail(bad_field(key, "must have at most 1000 bytes"));
    return std::string(value->get_string());
}

Result<std::optional<policy::Period>> read_period(const bj::object& body) {
    const bj::value* value = body.if_contains("period");
    if (value == nullptr || value->is_null()) return std::nullopt;
    const auto period =
        value->is_string() ? policy::parse_period(value->get_string()) : std::optional<policy::Period>{};
    if (!period) return fail(bad_field("period", "must be one of daily, weekly, monthly"));
    return period;
}

Result<std::optional<std::string>> read_amount(const bj::object& body) {
    const bj::value* value = body.if_contains("amount");
    if (value == nullptr || value->is_null()) return std::nullopt;
    auto amount = value->is_string() ? policy::parse_cents(value->get_string()) : std::nullopt;
    if (!amount) return fail(bad_field("amount", "must be a string of 1 to 18 digits, in whole cents"));
    return amount;
}

Result<std::optional<Instant>> read_expiry(const bj::object& body, Instant now) {
    const bj::value* value = body.if_contains("expires_at");
    if (value == nullptr || value->is_null()) return std::nullopt;
    const auto until = value->is_string() ? parse_timestamp(value->get_string()) : std::nullopt;
    if (!until) return fail(bad_field("expires_at", "must be null or a time such as 2027-01-31T00:00:00Z"));
    if (*until <= now) return fail(bad_field("expires_at", "must be in the future"));
    return until;
}

}  // namespace

bool IncreaseListing::fits_status(const policy::IncreaseRequest& request, Instant now) const {
    const auto present = policy::status_at(request, now);
    return statuses.empty() || std::ranges::find(statuses, present) != statuses.end();
}

bool IncreaseListing::fits(const policy::IncreaseRequest& request, Instant now) const {
    return fits_status(request, now) && (users.empty() || std::ranges::find(users, request.who.id) != users.end());
}

Result<IncreaseAsk> parse_increase_ask(const bj::object& body) {
    if (const auto known = check_members(body, {"reason", "amount", "period"}); !known) return fail(known.error());
    auto reason = read_words(body, "reason", true);
    if (!reason) return fail(reason.error());
    const auto period = read_period(body);
    if (!period) return fail(period.error());
    auto amount = read_amount(body);
    if (!amount) return fail(amount.error());
    return IncreaseAsk{*period, std::move(*amount), std::move(*reason)};
}

Result<IncreaseGrant> parse_increase_grant(const bj::object& body, Instant now) {
    auto amount = read_amount(body);
    if (!amount) return fail(amount.error());
    if (!*amount) return fail(bad_field("amount", "is required: the new cap, in whole cents"));
    const auto period = read_period(body);
    if (!period) return fail(period.error());
    const auto until = read_expiry(body, now);
    if (!until) return fail(until.error());
    auto note = read_words(body, "note", false);
    if (!note) return fail(note.error());
    return IncreaseGrant{std::move(**amount), *period, *until, std::move(*note)};
}

Result<std::string> parse_increase_note(const bj::object& body) {
    return read_words(body, "note", false);
}

Result<IncreaseListing> parse_increase_listing(const Query& query) {
    IncreaseListing listing;
    for (const std::string& text : query.all("status[]")) {
        const auto status = policy::parse_increase_status(text);
        if (!status) return fail(bad_field("status[]", "must be one of pending, approved, denied, withdrawn, expired"));
        listing.statuses.push_back(*status);
    }
    listing.users = query.all("actor_ids[]");
    const auto limit = query.limit(usual_page);
    if (!limit) return fail(limit.error());
    listing.limit = *limit;
    const auto page = query.find("page");
    if (!page) return fail(page.error());
    if (!*page) return listing;
    const auto after = parse_page_token(**page);
    if (!after) return fail(bad_field("page", "is not a page of this list"));
    listing.after = *after;
    return listing;
}

}  // namespace gatehouse::admin

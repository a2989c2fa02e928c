// SPDX-License-Identifier: Apache-2.0
#include "policy/increase.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "gateway/base/crypto.h"
#include "gateway/base/json.h"
#include "gateway/base/text.h"
#include "gateway/base/timestamp.h"
#include "policy/cap.h"
#include "policy/utilization.h"

namespace gatehouse::policy {
namespace {

namespace bj = boost::json;

constexpr std::array every_status{IncreaseStatus::pending, IncreaseStatus::approved, IncreaseStatus::denied};

void add_optional(bj::object& document, std::string_view key, const std::optional<std::string>& value) {
    if (value) document[key] = *value;
}

void add_optional(bj::object& document, std::string_view key, const std::optional<Instant>& value) {
    if (value) document[key] = to_timestamp(*value);
}

std::string text_of(const bj::object& document, std::string_view key) {
    return std::string(json::find_string(document, key).value_or(""));
}

std::optional<std::string> optional_text(const bj::object& document, std::string_view key) {
    const auto found = json::find_string(document, key);
    return found ? std::optional<std::string>(*found) : std::nullopt;
}

std::optional<Instant> moment_of(const bj::object& document, std::string_view key) {
    const auto found = json::find_string(document, key);
    return found ? parse_timestamp(*found) : std::nullopt;
}

bj::object to_json(const Principal& who) {
    return {{"id", who.id},
            {"email", who.email},
            {"name", who.name},
            {"groups", bj::array(who.groups.begin(), who.groups.end())}};
}

Principal parse_principal(const bj::object& document) {
    Principal who{.id = text_of(document, "id"),
                  .email = text_of(document, "email"),
                  .name = text_of(document, "name"),
                  .groups = {},
                  .service = false,
                  .last_seen = {}};
    const bj::value* groups = document.if_contains("groups");
    if (groups == nullptr || !groups->is_array()) return who;
    for (const bj::value& group : groups->get_array())
        if (group.is_string()) who.groups.emplace_back(std::string_view(group.get_string()));
    return who;
}

}  // namespace

std::string_view to_slug(IncreaseStatus status) {
    switch (status) {
        case IncreaseStatus::pending:
            return "pending";
        case IncreaseStatus::approved:
            return "approved";
        case IncreaseStatus::denied:
            return "denied";
    }
    return "";
}

std::optional<IncreaseStatus> parse_increase_status(std::string_view slug) {
    const auto* found = std::ranges::find(every_status, slug, [](IncreaseStatus status) { return to_slug(status); });
    return found == every_status.end() ? std::nullopt : std::optional(*found);
}

std::string to_document(const IncreaseRequest& request) {
    bj::object document{{"type", "spend_limit_increase_request"},
                        {"id", request.id},
                        {"who", to_json(request.who)},
                        {"period", to_slug(request.period)},
                        {"status", to_slug(request.status)},
                        {"reason", request.reason},
                        {"created_at", to_timestamp(request.created_at)},
                        {"resolved_by", request.resolved_by},
                        {"note", request.note}};
    add_optional(document, "wished", request.wished);
    add_optional(document, "resolved_at", request.resolved_at);
    add_optional(document, "granted", request.granted);
    add_optional(document, "granted_until", request.granted_until);
    return bj::serialize(document);
}

std::optional<IncreaseRequest> parse_increase(std::string_view text) {
    const auto value = json::parse(text);
    if (!value || json::find_string(*value, "type") != "spend_limit_increase_request") return std::nullopt;
    const bj::object& document = value->get_object();
    const bj::value* who = document.if_contains("who");
    const auto period = parse_period(text_of(document, "period"));
    const auto status = parse_increase_status(text_of(document, "status"));
    const auto created_at = moment_of(document, "created_at");
    if (who == nullptr || !who->is_object() || !period || !status || !created_at) return std::nullopt;
    return IncreaseRequest{.id = text_of(document, "id"),
                           .who = parse_principal(who->get_object()),
                           .period = *period,
                           .status = *status,
                           .reason = text_of(document, "reason"),
                           .wished = optional_text(document, "wished"),
                           .created_at = *created_at,
                           .resolved_at = moment_of(document, "resolved_at"),
                           .resolved_by = text_of(document, "resolved_by"),
                           .granted = optional_text(document, "granted"),
                           .granted_until = moment_of(document, "granted_until"),
                           .note = text_of(document, "note")};
}

std::string open_increase_id(std::string_view user, Period period) {
    std::string meaning(to_slug(period));
    return to_hex(sha256(meaning.append("\n").append(user))).substr(0, 32);
}

std::optional<Period> period_to_raise(const std::vector<Limit>& limits, const std::vector<Standing>& standings,
                                      Instant now) {
    auto described = last_to_reset(limits, standings, now);
    if (!described) described = fullest(limits, standings, now);
    if (described) return limits[described->limit].period;
    return limits.empty() ? std::nullopt : std::optional(limits.front().period);
}

std::optional<std::string> parse_dollars(std::string_view text) {
    text = trim(text);
    if (text.starts_with('$')) text.remove_prefix(1);
    std::string digits;
    std::size_t places = 0;
    bool pointed = false;
    for (const char letter : text) {
        if (letter == ',' && !pointed && !digits.empty()) continue;
        if (letter == '.' && !pointed && !digits.empty()) {
            pointed = true;
            continue;
        }
        if (letter < '0' || letter > '9') return std::nullopt;
        digits.push_back(letter);
        if (pointed) ++places;
    }
    if (places > 2 || digits.empty()) return std::nullopt;
    digits.append(2 - places, '0');
    return parse_cents(digits);
}

}  // namespace gatehouse::policy

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
#include "policy/charge.h"
#include "policy/utilization.h"

namespace gatehouse::policy {
namespace {

namespace bj = boost::json;

constexpr std::array every_status{IncreaseStatus::pending, IncreaseStatus::approved, IncreaseStatus::denied,
                                  IncreaseStatus::withdrawn, IncreaseStatus::expired};
/// More than a day's worth, and what a person cares to look back at.
constexpr std::size_t most_remembered = 50;

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
        case IncreaseStatus::withdrawn:
            return "withdrawn";
        case IncreaseStatus::expired:
            return "expired";
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
    if (request.about) document["about"] = to_json(*request.about);
    add_optional(document, "granted", request.granted);
    if (request.granted_period) document["granted_period"] = to_slug(*request.granted_period);
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
    const bj::value* about = document.if_contains("about");
    if (who == nullptr || !who->is_object() || !period || !status || !created_at) return std::nullopt;
    return IncreaseRequest{.id = text_of(document, "id"),
                           .who = parse_principal(who->get_object()),
                           .period = *period,
                           .status = *status,
                           .reason = text_of(document, "reason"),
                           .wished = optional_text(document, "wished"),
                           .about = about == nullptr ? std::nullopt : parse_cap(bj::serialize(*about)),
                           .created_at = *created_at,
                           .resolved_at = moment_of(document, "resolved_at"),
                           .resolved_by = text_of(document, "resolved_by"),
                           .granted = optional_text(document, "granted"),
                           .granted_period = parse_period(text_of(document, "granted_period")),
                           .granted_until = moment_of(document, "granted_until"),
                           .note = text_of(document, "note")};
}

IncreaseStatus status_at(const IncreaseRequest& request, Instant now) {
    const bool lapsed = request.status == IncreaseStatus::pending && now - request.created_at >= increase_patience;
    return lapsed ? IncreaseStatus::expired : request.status;
}

std::string increase_history_id(std::string_view user) {
    return to_hex(sha256(user)).substr(0, 32);
}

std::string to_document(const IncreaseHistory& history) {
    bj::array entries;
    for (const auto& [id, period, created_at, open] : history.entries)
        entries.push_back(
            {{"id", id}, {"period", to_slug(period)}, {"created_at", to_timestamp(created_at)}, {"open", open}});
    return bj::serialize(entries);
}

IncreaseHistory parse_increase_history(std::string_view document) {
    IncreaseHistory history;
    const auto value = json::parse(document);
    if (!value || !value->is_array()) return history;
    for (const bj::value& entry : value->get_array()) {
        const auto id = json::find_string(entry, "id");
        const auto period = parse_period(json::find_string(entry, "period").value_or(""));
        const auto created_at = parse_timestamp(json::find_string(entry, "created_at").value_or(""));
        const auto open = json::find_bool(entry, "open");
        if (id && period && created_at && open)
            history.entries.push_back({std::string(*id), *period, *created_at, *open});
    }
    return history;
}

Result<> may_ask(const IncreaseHistory& history, Period period, Instant now) {
    std::vector<Instant> today;
    for (const auto& entry : history.entries) {
        const Instant lapses = entry.created_at + increase_patience;
        if (entry.open && entry.period == period && now < lapses)
            return fail(
                Error::conflict(Reason::already_exists, "you have asked for a higher " + std::string(to_slug(period)) +
                                                            " spend limit already: that request is still open"));
        if (now - entry.created_at < std::chrono::days{1}) today.push_back(entry.created_at);
    }
    if (today.size() < most_increases_a_day) return {};
    const Instant again = today[today.size() - most_increases_a_day] + std::chrono::days{1};
    return fail(Error::rate_limited(Reason::too_many_attempts,
                                    "you have asked " + std::to_string(most_increases_a_day) +
                                        " times within a day: ask again tomorrow, or talk to an administrator",
                                    std::chrono::ceil<std::chrono::seconds>(again - now)));
}

void remember(IncreaseHistory& history, const IncreaseRequest& request) {
    auto& entries = history.entries;
    entries.push_back({request.id, request.period, request.created_at, request.status == IncreaseStatus::pending});
    if (entries.size() > most_remembered) entries.erase(entries.begin());
}

void close(IncreaseHistory& history, std::string_view id) {
    for (auto& entry : history.entries)
        if (entry.id == id) entry.open = false;
}

std::optional<Period> period_to_raise(const std::vector<Limit>& limits, const std::vector<Standing>& standings,
                                      Instant now) {
    auto described = last_to_reset(limits, standings, now);
    if (!described) described = fullest(limits, standings, now);
    if (described) return limits[described->limit].period;
    return limits.empty() ? std::nullopt : std::optional(limits.front().period);
}

std::vector<Obstacle> obstacles(const CapBook& book, const Subject& who, GroupLimitMode mode,
                                const std::vector<Limit>& limits, const std::vector<Standing>& standings, Period period,
                                Instant now) {
    std::vector<Obstacle> found;
    const auto is_full = [&](const std::string& account, Period of) {
        for (std::size_t at = 0; at < limits.size(); ++at)
            if (limits[at].account == account && limits[at].period == of)
                return standings[at].spent >= limits[at].amount;
        return false;
    };
    for (const auto& [of, cap] : book.effective(who, mode, now)) {
        if (cap == nullptr || !is_full(user_account(who.id), of)) continue;
        const bool own_for_a_while = cap->scope.kind == ScopeKind::user && cap->expires_at.has_value();
        Obstacle obstacle{cap, of == period, {}};
        if (of != period)
            obstacle.why = "it is of another period: approve with that period";
        else if (own_for_a_while)
            obstacle.why = "it is temporary: until it ends only an approval with expires_at takes its place";
        found.push_back(obstacle);
    }
    for (const Cap* pool : book.pools(who, now))
        if (is_full(pool_account(pool->scope.id), pool->period))
            found.push_back({pool, false, "it is a budget that a group shares, whatever own caps are: raise the pool"});
    return found;
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

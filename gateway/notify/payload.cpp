// SPDX-License-Identifier: Apache-2.0
#include "gateway/notify/payload.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "gateway/base/crypto.h"
#include "gateway/base/json.h"
#include "gateway/base/timestamp.h"

namespace gatehouse::notify {
namespace {

namespace bj = boost::json;
using policy::Alert;

/// What people call them.
std::string name_of(const Alert& alert) {
    if (!alert.group.empty()) return "The group " + alert.group;
    const policy::Principal& who = alert.who;
    if (who.name.empty()) return who.email.empty() ? who.id : who.email;
    return who.email.empty() ? who.name : who.name + " (" + who.email + ")";
}

std::string_view this_period(policy::Period period) {
    switch (period) {
        case policy::Period::daily:
            return "today";
        case policy::Period::weekly:
            return "this week";
        case policy::Period::monthly:
            return "this month";
    }
    return "";
}

/// `2026-12-01 00:00 UTC`
std::string shown(Instant when) {
    std::string text = to_timestamp(when).substr(0, 16);
    text[10] = ' ';
    return text + " UTC";
}

/// It was settled late: what it is about is over.
bool is_past(const Alert& alert) {
    return alert.resets_at <= alert.at;
}

std::string_view noun_of(policy::Period period) {
    switch (period) {
        case policy::Period::daily:
            return "day";
        case policy::Period::weekly:
            return "week";
        case policy::Period::monthly:
            return "month";
    }
    return "";
}

std::string threshold_text(const Alert& alert) {
    std::string text = name_of(alert) + " has spent " + to_price_text(alert.spent) + " of " +
                       (alert.group.empty() ? "" : "its shared ") + to_price_text(alert.limit) + " ";
    const std::string share = " (" + std::to_string(alert.percent) + " % reached).";
    if (is_past(alert))
        return text.append("in the ").append(noun_of(alert.period)) + " that ended " + shown(alert.resets_at) + share;
    text.append(this_period(alert.period)).append(share);
    if (alert.percent >= 100) return text + " Requests are refused until " + shown(alert.resets_at) + ".";
    return text + " It begins anew " + shown(alert.resets_at) + ".";
}

/// "4.1"
std::string ratio(Money today, Money usual) {
    const std::int64_t tenths = usual > Money() ? (today * 10).nano() / usual.nano() : 0;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

std::string spike_text(const Alert& alert) {
    return name_of(alert) + " has spent " + to_price_text(alert.spent) +
           (is_past(alert) ? " on " + to_timestamp(alert.resets_at - std::chrono::hours(1)).substr(0, 10) : " today") +
           ", " + ratio(alert.spent, alert.usual) + " times their usual day (" + to_price_text(alert.usual) + ").";
}

bj::object scope_of(const Alert& alert) {
    if (!alert.group.empty()) return {{"type", "group_pool"}, {"rbac_group_id", alert.group}};
    return {{"type", "user"}, {"user_id", alert.who.id}};
}

bj::value actor_of(const Alert& alert) {
    if (!alert.group.empty()) return {};
    return policy::actor_of(alert.who);
}

std::string text_of(const bj::object& event) {
    return std::string(json::find_string(event, "text").value_or(""));
}

/// In Slack's mrkdwn three characters have a meaning of their own.
std::string slack_text(std::string_view text) {
    std::string result;
    for (const char letter : text) {
        if (letter == '&')
            result += "&amp;";
        else if (letter == '<')
            result += "&lt;";
        else if (letter == '>')
            result += "&gt;";
        else
            result.push_back(letter);
    }
    return result;
}

std::string teams_body(const bj::object& event) {
    bj::object block{{"type", "TextBlock"}, {"text", text_of(event)}, {"wrap", true}};
    bj::object card{{"$schema", "http://adaptivecards.io/schemas/adaptive-card.json"},
                    {"type", "AdaptiveCard"},
                    {"version", "1.4"},
                    {"body", bj::array{std::move(block)}}};
    bj::object attachment{{"contentType", "application/vnd.microsoft.card.adaptive"}, {"content", std::move(card)}};
    return bj::serialize(bj::object{{"type", "message"}, {"attachments", bj::array{std::move(attachment)}}});
}

}  // namespace

std::string event_id(std::string_view key) {
    return "evt_" + to_hex(sha256(key)).substr(0, 32);
}

bj::object to_event(const Alert& alert, std::string_view id) {
    bj::object event{{"type", policy::to_slug(alert.kind)}, {"id", id}, {"created_at", to_timestamp(alert.at)}};
    const bool threshold = alert.kind == policy::AlertKind::threshold;
    event["text"] = threshold ? threshold_text(alert) : spike_text(alert);
    event["scope"] = scope_of(alert);
    event["actor"] = actor_of(alert);
    event["currency"] = "USD";
    event["spent"] = to_cents_text(alert.spent);
    event["period"] = policy::to_slug(alert.period);
    if (threshold) {
        event["threshold"] = alert.percent;
        event["amount"] = to_cents_text(alert.limit);
        event["resets_at"] = to_timestamp(alert.resets_at);
        event["spend_limit_id"] = alert.cap_id;
    } else {
        event["usual"] = to_cents_text(alert.usual);
    }
    return event;
}

std::string to_body(Template body, const bj::object& event) {
    switch (body) {
        case Template::json:
            return bj::serialize(event);
        case Template::slack:
            return bj::serialize(bj::object{{"text", slack_text(text_of(event))}});
        case Template::teams:
            return teams_body(event);
    }
    return {};
}

std::string sign(const Secret& secret, std::string_view id, long long timestamp, std::string_view body) {
    std::string signed_text(id);
    signed_text.append(".").append(std::to_string(timestamp)).append(".").append(body);
    return "v1," + to_base64(hmac_sha256(secret.reveal(), signed_text));
}

}  // namespace gatehouse::notify

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "gateway/base/crypto.h"
#include "gateway/settings/sections.h"

namespace gatehouse::settings {
namespace {

constexpr std::string_view secret_prefix = "whsec_";
constexpr std::size_t least_secret = 24;  // bytes; Standard Webhooks 1.0, "Signature scheme"
constexpr std::size_t most_secret = 64;
constexpr std::size_t longest_name = 60;
constexpr std::size_t most_webhooks = 20;
constexpr long long most_percent = 1'000;

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= longest_name && std::ranges::all_of(text, [](char letter) {
        return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
               (letter >= 'A' && letter <= 'Z') || letter == '-' || letter == '_' || letter == '.';
    });
}

/// The raw key of `whsec_<base64>`.
std::optional<std::string> read_key(std::string_view text) {
    if (!text.starts_with(secret_prefix)) return std::nullopt;
    std::string encoded(text.substr(secret_prefix.size()));
    std::ranges::replace(encoded, '+', '-');
    std::ranges::replace(encoded, '/', '_');
    while (encoded.ends_with('='))
        encoded.pop_back();
    auto key = from_base64url(encoded);
    if (!key || key->size() < least_secret || key->size() > most_secret) return std::nullopt;
    return key;
}

notify::Template to_template(std::string_view word) {
    if (word == "slack") return notify::Template::slack;
    return word == "teams" ? notify::Template::teams : notify::Template::json;
}

void read_events(Section& section, notify::Webhook& webhook) {
    const auto names = section.texts("events");
    for (std::size_t index = 0; names && index < names->size(); ++index) {
        if ((*names)[index].empty()) continue;
        const auto kind = policy::parse_alert_kind((*names)[index]);
        if (kind)
            webhook.events.push_back(*kind);
        else
            section.refuse_item("events", index, "must be one of spend.threshold, spend.spike");
    }
}

void read_url(Section& section, const Context& context, notify::Webhook& webhook) {
    if (!section.has("url")) section.refuse("url", "is required");
    const auto url = section.url("url");
    if (!url) return;
    if (!url->secure && !url->is_loopback())
        section.refuse("url", "must begin with https:// (http:// only for a receiver on this machine)");
    else
        check_target(section, "url", *url, context);
    webhook.url = *url;
}

notify::Webhook read_webhook(Section& section, const Context& context, std::set<std::string>& names) {
    notify::Webhook webhook;
    webhook.name = section.required_text("name").value_or("");
    if (!webhook.name.empty() && !is_name(webhook.name))
        section.refuse("name", "must have at most 60 letters, digits, dots, dashes and underscores");
    if (!webhook.name.empty() && !names.insert(webhook.name).second)
        section.refuse("name", "is the name of another webhook already");
    read_url(section, context, webhook);
    webhook.body = to_template(section.word("template", {"json", "slack", "teams"}).value_or("json"));
    read_events(section, webhook);
    const auto secret = section.text("secret");
    const auto key = secret ? read_key(*secret) : std::nullopt;
    if (key) webhook.secret = Secret(*key);
    if (secret && !key)
        section.refuse("secret",
                       "must be whsec_ and 24 to 64 random bytes in base64: echo \"whsec_$(openssl rand -base64 32)\"");
    if (!section.has("secret") && webhook.body == notify::Template::json)
        section.refuse("secret",
                       "is required, so that the receiver can tell that it was us: see docs/notifications.md");
    section.finish();
    return webhook;
}

void read_thresholds(Section& section, notify::NotificationSettings& settings) {
    const YamlNode* list = section.find("thresholds");
    if (list == nullptr) return;
    if (list->kind != YamlNode::Kind::sequence)
        return section.refuse("thresholds", "must be a list of percentages; an empty one is none");
    std::vector<std::int64_t> percents;
    for (std::size_t index = 0; index < list->items.size(); ++index) {
        const std::string& text = list->items[index].text;
        const bool digits = !text.empty() && text.size() <= 4 &&
                            std::ranges::all_of(text, [](char letter) { return letter >= '0' && letter <= '9'; });
        const long long percent = digits ? std::stoll(text) : 0;
        if (percent < 1 || percent > most_percent)
            section.refuse_item("thresholds", index, "must be a whole percentage from 1 to 1000");
        else
            percents.push_back(percent);
    }
    std::ranges::sort(percents);
    percents.erase(std::ranges::unique(percents).begin(), percents.end());
    settings.rules.thresholds = std::move(percents);
}

void read_spike(Section& notifications, notify::NotificationSettings& settings) {
    if (!notifications.has("spike")) return;
    Section spike = notifications.section("spike");
    if (spike.flag("enabled").value_or(true)) {
        policy::SpikeRule rule;
        rule.hundredths = spike.positive_decimal("factor", 2, 1'000).value_or(rule.hundredths);
        if (rule.hundredths <= 100) spike.refuse("factor", "must be more than 1: times somebody's usual day");
        if (const auto minimum = spike.positive_decimal("minimum_dollars", 9, 1'000'000))
            rule.minimum = Money::nano(*minimum);
        settings.rules.spike = rule;
    } else {
        settings.rules.spike.reset();
    }
    spike.finish();
}

void read_retry(Section& notifications, notify::NotificationSettings& settings) {
    Section retry = notifications.section("retry");
    settings.first_retry =
        std::chrono::seconds(retry.whole("first_seconds", 1, 3'600).value_or(settings.first_retry.count()));
    settings.give_up_after = std::chrono::hours(retry.whole("give_up_hours", 1, 24 * 14).value_or(24));
    retry.finish();
}

}  // namespace

void read_notifications(Section& file, const Context& context, Settings& settings) {
    Section notifications = file.section("notifications");
    if (!notifications.present()) return;
    if (!file.has("admin"))
        notifications.refuse("", "needs an admin block: without one there are no caps to tell about");
    auto made = std::make_shared<notify::NotificationSettings>();
    read_thresholds(notifications, *made);
    read_spike(notifications, *made);
    read_retry(notifications, *made);
    std::set<std::string> names;
    for (Section& webhook : notifications.sections("webhooks"))
        if (webhook.present()) made->webhooks.push_back(read_webhook(webhook, context, names));
    if (!notifications.has("webhooks")) notifications.refuse("webhooks", "is required: whom should anybody tell?");
    if (made->webhooks.size() > most_webhooks) notifications.refuse("webhooks", "must be at most 20");
    notifications.finish();
    settings.notifications = std::move(made);
}

}  // namespace gatehouse::settings

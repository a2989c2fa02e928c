// SPDX-License-Identifier: Apache-2.0
#include "gateway/notify/deliverer.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "gateway/base/json.h"
#include "gateway/base/log.h"
#include "gateway/notify/payload.h"

namespace gatehouse::notify {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t most_at_once = 2;
constexpr int most_rounds = 20;
constexpr milliseconds patience{5'000};
/// Longer than `most_at_once` deliveries that all time out.
constexpr seconds lease{25};
constexpr seconds longest_pause{3'600};
constexpr int gone = 410;
/// What other gateways raise and deliver changes the count too; a metric is not worth a question every second.
constexpr seconds between_counts{15};

/// `Retry-After` in seconds (RFC 9110, section 10.2.3); a date is as good as nothing, our own pause does.
seconds asked_pause(const http::Headers& headers) {
    const std::string_view text = headers.value("retry-after");
    long long number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number < 0) return seconds{0};
    return std::min(seconds(number), longest_pause);
}

const Webhook* find_webhook(const NotificationSettings& settings, const std::string& name) {
    const auto found = std::ranges::find(settings.webhooks, name, &Webhook::name);
    return found == settings.webhooks.end() ? nullptr : &*found;
}

}  // namespace

/// What came of one attempt.
struct Deliverer::Outcome {
    int status = 0;      ///< 0: no answer
    seconds asked{0};    ///< that we wait
    std::string detail;  ///< for the log
    bool delivered() const { return status >= 200 && status < 300; }
};

std::optional<Instant> next_attempt(const NotificationSettings& settings, Instant since, int failed, seconds asked,
                                    unsigned char chance, Instant now) {
    if (now - since >= settings.give_up_after) return std::nullopt;
    constexpr int most_doublings = 20;
    const auto doubled = settings.first_retry * (std::int64_t{1} << std::clamp(failed - 1, 0, most_doublings));
    const milliseconds pause = std::min<seconds>(doubled, longest_pause);
    // From four to six fifths.
    const milliseconds spread = pause * (4 * 255 + 2 * static_cast<int>(chance)) / (5 * 255);
    return now + std::max<milliseconds>(spread, asked);
}

Task<Deliverer::Outcome> Deliverer::post(const Webhook& webhook, const policy::Delivery& delivery) {
    const auto event = json::parse(delivery.event);
    if (!event || !event->is_object()) co_return fail(Error::internal("an owed event cannot be read"));
    const std::string body = to_body(webhook.body, event->get_object());
    const long long timestamp = to_unix_seconds(parts_.clock.now());
    http::Outbound outbound{.url = webhook.url,
                            .method = "POST",
                            .target = webhook.url.target(),
                            .head_timeout = patience,
                            .idle_timeout = patience};
    outbound.headers.add("content-type", "application/json");
    outbound.headers.add("user-agent", parts_.user_agent);
    outbound.headers.add("webhook-id", delivery.event_id);
    outbound.headers.add("webhook-timestamp", std::to_string(timestamp));
    if (!webhook.secret.empty())
        outbound.headers.add("webhook-signature", sign(webhook.secret, delivery.event_id, timestamp, body));
    outbound.body.push_back(body);
    auto reply = co_await parts_.client.send(outbound);
    if (!reply) co_return Outcome{0, seconds{0}, describe(reply.error())};
    co_return Outcome{reply->status, asked_pause(reply->headers), "status " + std::to_string(reply->status)};
}

Task<> Deliverer::give_up(const policy::Delivery& delivery, std::string why) {
    parts_.metrics.webhook(delivery.to, "given_up");
    log::error("an alert was not delivered and is given up", {{"webhook", delivery.to},
                                                              {"event_id", delivery.event_id},
                                                              {"attempts", delivery.attempts},
                                                              {"why", std::move(why)}});
    co_return co_await parts_.outbox.settle(delivery.event_id, delivery.to);
}

Task<> Deliverer::deliver_one(policy::Delivery delivery) {
    const auto settings = parts_.settings();
    const Webhook* const webhook = find_webhook(*settings, delivery.to);
    if (webhook == nullptr) co_return co_await give_up(delivery, "no webhook of this name is configured any more");
    const auto outcome = co_await post(*webhook, delivery);
    if (!outcome) co_return co_await give_up(delivery, describe(outcome.error()));
    if (outcome->delivered()) {
        parts_.metrics.webhook(delivery.to, "delivered");
        co_return co_await parts_.outbox.settle(delivery.event_id, delivery.to);
    }
    delivery.attempts += 1;
    if (outcome->status == gone) co_return co_await give_up(delivery, "the receiver answered 410 Gone");
    const auto chance = static_cast<unsigned char>(parts_.random.bytes(1)[0]);
    const auto again =
        next_attempt(*settings, delivery.since, delivery.attempts, outcome->asked, chance, parts_.clock.now());
    if (!again) co_return co_await give_up(delivery, outcome->detail);
    parts_.metrics.webhook(delivery.to, "failed");
    log::warn("an alert could not be delivered: it is tried again", {{"webhook", delivery.to},
                                                                     {"event_id", delivery.event_id},
                                                                     {"attempts", delivery.attempts},
                                                                     {"why", outcome->detail}});
    co_return co_await parts_.outbox.retry(delivery.event_id, delivery.to, *again);
}

Task<> Deliverer::count_owed(bool worked) {
    const Instant now = parts_.clock.now();
    if (!worked && now - counted_ < between_counts) co_return Result<>{};
    const auto owed = co_await parts_.outbox.owed();
    if (!owed) co_return fail(owed.error());
    counted_ = now;
    parts_.metrics.webhooks_owed(*owed);
    co_return Result<>{};
}

Task<> Deliverer::deliver() {
    if (parts_.settings()->webhooks.empty()) co_return Result<>{};
    bool worked = false;
    for (int round = 0; round < most_rounds; ++round) {
        auto due = co_await parts_.outbox.take_due(parts_.clock.now(), lease, most_at_once);
        if (!due) co_return fail(due.error());
        if (due->empty()) break;
        worked = true;
        for (policy::Delivery& delivery : *due) {
            const auto done = co_await deliver_one(std::move(delivery));
            if (!done) co_return fail(done.error());
        }
    }
    co_return co_await count_owed(worked);
}

}  // namespace gatehouse::notify

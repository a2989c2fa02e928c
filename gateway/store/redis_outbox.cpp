// SPDX-License-Identifier: Apache-2.0
#include "gateway/store/redis_outbox.h"

#include <charconv>
#include <optional>
#include <utility>

#include "gateway/base/crypto.h"
#include "gateway/store/record.h"
#include "gateway/store/rollup_keys.h"
#include "gateway/store/scripts.h"

namespace gatehouse::store {
namespace {

constexpr std::string_view due_key = "gh:{outbox}:due:all";
/// Longer than anybody tries to deliver.
constexpr std::chrono::days body_life{30};

std::string claim_key(std::string_view key) {
    return "gh:{outbox}:claim:" + to_base64url(sha256(key));
}

/// Names of webhooks have no blanks; event ids neither.
std::string delivery_name(std::string_view event_id, std::string_view to) {
    return std::string(event_id).append(" ").append(to);
}

std::string body_key(std::string_view delivery) {
    return "gh:{outbox}:body:" + to_base64url(sha256(delivery));
}

std::int64_t number_of(std::string_view text) {
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

/// As touched_name wrote it.
policy::Touched parse_touched(std::string_view name) {
    const std::size_t blank = name.rfind(' ');
    const std::int64_t days = blank == std::string_view::npos ? 0 : number_of(name.substr(blank + 1));
    return {std::string(name.substr(0, blank)), Instant{std::chrono::days(days)}, 0};
}

/// Of HMGET event, attempts, since; nothing when the body is gone.
std::optional<policy::Delivery> to_delivery(std::string_view name, const Reply& body) {
    const std::size_t blank = name.find(' ');
    if (blank == std::string_view::npos || body.items.size() != 3 || body.items[0].is_nil()) return std::nullopt;
    return policy::Delivery{.event_id = std::string(name.substr(0, blank)),
                            .to = std::string(name.substr(blank + 1)),
                            .event = body.items[0].text,
                            .attempts = static_cast<int>(number_of(body.items[1].text)),
                            .since = Instant{std::chrono::milliseconds(number_of(body.items[2].text))}};
}

}  // namespace

Task<std::vector<policy::Touched>> RedisOutbox::touched(std::size_t most) {
    const auto reply =
        co_await redis_.send({"ZRANGE", std::string(touched_key), "0", std::to_string(most - 1), "WITHSCORES"});
    if (!reply) co_return fail(reply.error());
    std::vector<policy::Touched> accounts;
    for (std::size_t at = 0; at + 1 < reply->items.size(); at += 2) {
        auto one = parse_touched(reply->items[at].text);
        one.mark = number_of(reply->items[at + 1].text);
        accounts.push_back(std::move(one));
    }
    co_return accounts;
}

Task<> RedisOutbox::looked_at(std::vector<policy::Touched> accounts) {
    if (accounts.empty()) co_return Result<>{};
    std::vector<std::string> arguments;
    for (policy::Touched& each : accounts) {
        arguments.push_back(touched_name(each.account, each.day));
        arguments.push_back(std::to_string(each.mark));
    }
    std::vector<std::string> keys{std::string(touched_key)};
    const auto done = co_await redis_.run(scripts::look_at, std::move(keys), std::move(arguments));
    if (!done) co_return fail(done.error());
    co_return Result<>{};
}

Task<std::vector<Money>> RedisOutbox::days_before(std::string account, Instant day, int days) {
    std::vector<Command> commands;
    for (int back = 1; back <= days; ++back)
        commands.push_back({"HGET", spent_key(policy::Period::daily, day - std::chrono::days(back)), account});
    const auto replies = co_await redis_.send_all(std::move(commands));
    if (!replies) co_return fail(replies.error());
    std::vector<Money> spent;
    for (const Reply& each : *replies)
        spent.push_back(Money::nano(number_of(each.text)));
    co_return spent;
}

Task<bool> RedisOutbox::offer(policy::Notice notice, Instant now) {
    std::vector<std::string> keys{claim_key(notice.key), std::string(due_key)};
    std::vector<std::string> arguments{std::to_string(notice.remembered.count()),
                                       std::to_string(std::chrono::seconds(body_life).count()), to_text(now), notice.id,
                                       std::move(notice.event)};
    for (std::string& webhook : notice.to) {
        keys.push_back(body_key(delivery_name(notice.id, webhook)));
        arguments.push_back(std::move(webhook));
    }
    const auto reply = co_await redis_.run(scripts::offer, std::move(keys), std::move(arguments));
    if (!reply) co_return fail(reply.error());
    co_return reply->integer == 1;
}

Task<std::vector<policy::Delivery>> RedisOutbox::take_due(Instant now, std::chrono::seconds lease, std::size_t most) {
    std::vector<std::string> keys{std::string(due_key)};
    std::vector<std::string> arguments{to_text(now), to_text(now + lease), std::to_string(most)};
    const auto due = co_await redis_.run(scripts::take_due, std::move(keys), std::move(arguments));
    if (!due) co_return fail(due.error());
    std::vector<policy::Delivery> deliveries;
    if (due->items.empty()) co_return deliveries;
    std::vector<Command> commands;
    for (const Reply& name : due->items)
        commands.push_back({"HMGET", body_key(name.text), "event", "attempts", "since"});
    const auto bodies = co_await redis_.send_all(std::move(commands));
    if (!bodies) co_return fail(bodies.error());
    Command gone{"ZREM", std::string(due_key)};
    for (std::size_t at = 0; at < bodies->size(); ++at) {
        auto delivery = to_delivery(due->items[at].text, (*bodies)[at]);
        if (delivery)
            deliveries.push_back(std::move(*delivery));
        else
            gone.push_back(due->items[at].text);
    }
    if (gone.size() == 2) co_return deliveries;
    const auto dropped = co_await redis_.send(std::move(gone));
    if (!dropped) co_return fail(dropped.error());
    co_return deliveries;
}

Task<> RedisOutbox::settle(std::string event_id, std::string to) {
    const std::string name = delivery_name(event_id, to);
    std::vector<Command> commands;
    commands.push_back({"ZREM", std::string(due_key), name});
    commands.push_back({"DEL", body_key(name)});
    const auto done = co_await redis_.send_all(std::move(commands));
    if (!done) co_return fail(done.error());
    co_return Result<>{};
}

Task<> RedisOutbox::retry(std::string event_id, std::string to, Instant at) {
    const std::string name = delivery_name(event_id, to);
    std::vector<std::string> keys{body_key(name), std::string(due_key)};
    std::vector<std::string> arguments{to_text(at), name};
    const auto done = co_await redis_.run(scripts::retry_delivery, std::move(keys), std::move(arguments));
    if (!done) co_return fail(done.error());
    co_return Result<>{};
}

Task<std::int64_t> RedisOutbox::owed() {
    const auto reply = co_await redis_.send({"ZCARD", std::string(due_key)});
    if (!reply) co_return fail(reply.error());
    co_return reply->integer;
}

}  // namespace gatehouse::store

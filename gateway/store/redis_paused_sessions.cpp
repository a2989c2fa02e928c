// SPDX-License-Identifier: Apache-2.0
#include "gateway/store/redis_paused_sessions.h"

#include <algorithm>
#include <utility>

#include "gateway/store/paused_record.h"
#include "gateway/store/record.h"
#include "gateway/store/rollup_keys.h"

namespace gatehouse::store {
namespace {

/// Of HGETALL: session and record in turn.
void append(const Reply& reply, std::vector<policy::PausedSession>& into) {
    for (std::size_t at = 0; at + 1 < reply.items.size(); at += 2) {
        auto paused = parse_paused(reply.items[at + 1].text);
        if (!paused) continue;
        paused->session = reply.items[at].text;
        into.push_back(std::move(*paused));
    }
}

void sort(std::vector<policy::PausedSession>& sessions) {
    std::ranges::sort(sessions, [](const policy::PausedSession& left, const policy::PausedSession& right) {
        return std::tie(left.since, left.user, left.session) < std::tie(right.since, right.user, right.session);
    });
}

}  // namespace

Task<std::vector<policy::PausedSession>> RedisPausedSessions::of(std::string user) {
    const auto reply = co_await redis_.send({"HGETALL", paused_key(user)});
    if (!reply) co_return fail(reply.error());
    std::vector<policy::PausedSession> sessions;
    append(*reply, sessions);
    sort(sessions);
    co_return sessions;
}

Task<std::vector<policy::PausedSession>> RedisPausedSessions::all() {
    const std::string now = to_text(clock_.now());
    std::vector<Command> first;
    first.push_back({"ZREMRANGEBYSCORE", std::string(paused_users_key), "-inf", now});
    first.push_back({"ZRANGE", std::string(paused_users_key), "0", "-1"});
    const auto users = co_await redis_.send_all(std::move(first));
    if (!users) co_return fail(users.error());
    std::vector<policy::PausedSession> sessions;
    std::vector<Command> commands;
    for (const Reply& user : users->at(1).items)
        commands.push_back({"HGETALL", paused_key(user.text)});
    if (commands.empty()) co_return sessions;
    const auto replies = co_await redis_.send_all(std::move(commands));
    if (!replies) co_return fail(replies.error());
    for (const Reply& reply : *replies)
        append(reply, sessions);
    sort(sessions);
    co_return sessions;
}

Task<bool> RedisPausedSessions::resume(std::string user, std::string session) {
    const auto reply = co_await redis_.send({"HDEL", paused_key(user), std::move(session)});
    if (!reply) co_return fail(reply.error());
    co_return reply->integer == 1;
}

}  // namespace gatehouse::store

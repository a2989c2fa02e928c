// SPDX-License-Identifier: Apache-2.0
#include "gateway/store/revocation_feed.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <string>
#include <utility>

#include "gateway/base/log.h"
#include "gateway/store/backoff.h"
#include "gateway/store/loop.h"
#include "gateway/store/redis.h"
#include "gateway/store/redis_records.h"

namespace gatehouse::store {
namespace {

namespace asio = boost::asio;
using SteadyClock = std::chrono::steady_clock;
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

/// `subscribe <channel> <count>`, `message <channel> <payload>`, `pong <payload>` (RESP2 publish/subscribe).
bool is_push(const Reply& reply, std::string_view kind, std::size_t size) {
    return reply.kind == Reply::Kind::list && reply.items.size() == size && reply.items[0].text == kind;
}

}  // namespace

struct RevocationFeed::State {
    State(asio::any_io_executor on, RedisSettings where, auth::RevocationListener& told,
          policy::ChangeListener* told_of_changes, RedisPatience how_long)
        : executor(std::move(on)),
          settings(std::move(where)),
          listener(told),
          changes(told_of_changes),
          patience(how_long),
          backoff(how_long.first_pause, how_long.longest_pause) {}

    static asio::awaitable<void> keep_subscribed(std::shared_ptr<State> self);
    static asio::awaitable<void> keep_alive(std::shared_ptr<State> self);
    asio::awaitable<Error> listen(std::shared_ptr<RedisConnection> on);
    void take(const Reply& message);
    void went_up();
    void went_down(const Error& error);
    void stop();

    asio::any_io_executor executor;
    RedisSettings settings;
    auth::RevocationListener& listener;
    policy::ChangeListener* changes;
    RedisPatience patience;
    Backoff backoff;
    std::shared_ptr<RedisConnection> connection;
    SteadyClock::time_point heard;  ///< when anything last arrived on it
    bool stopped = false;
    bool up = false;
    bool told_down = false;
    Loop subscribing{executor};
    Loop pinging{executor};
};

asio::awaitable<void> RevocationFeed::State::keep_subscribed(std::shared_ptr<State> self) {
    Result<net::TlsClientContextPtr> tls;
    if (self->settings.tls) tls = net::make_tls_client_context("");
    while (!self->stopped) {
        Error error;
        if (!tls) {
            error = tls.error();
        } else {
            const auto opened = co_await RedisConnection::open(self->settings, *tls, self->patience.connect);
            if (self->stopped) co_return;
            error = opened ? Error{} : opened.error();
            if (opened) error = co_await self->listen(*opened);
        }
        if (self->stopped) co_return;
        self->went_down(error);
        asio::steady_timer pause(self->executor, self->backoff.next());
        co_await pause.async_wait(as_result);
    }
}

asio::awaitable<Error> RevocationFeed::State::listen(std::shared_ptr<RedisConnection> on) {
    std::string bytes;
    append_command(bytes, Command{"SUBSCRIBE", std::string(revocation_channel), std::string(changes_channel)});
    const auto written = co_await on->write(bytes);
    if (!written) co_return written.error();
    connection = on;
    heard = SteadyClock::now();
    for (;;) {
        const auto reply = co_await on->read();
        if (stopped) co_return Error{};
        if (!reply) co_return reply.error();
        heard = SteadyClock::now();
        if (is_push(*reply, "message", 3))
            take(*reply);
        else if (is_push(*reply, "subscribe", 3) && reply->items[1].text == changes_channel)
            went_up();
        else if (is_push(*reply, "subscribe", 3))
            continue;  // the other channel's follows
        else if (reply->is_error())
            co_return refusal_of(*reply);
    }
}

/// Pings, and closes the connection when nothing came back: a peer that vanished without a FIN, or that hangs, must
/// not be taken for one that has nothing to say.
asio::awaitable<void> RevocationFeed::State::keep_alive(std::shared_ptr<State> self) {
    asio::steady_timer tick(self->executor);
    std::string ping;
    append_command(ping, Command{"PING"});
    while (!self->stopped) {
        tick.expires_after(self->patience.ping_every);
        co_await tick.async_wait(as_result);
        const auto over = self->connection;
        if (!over) continue;
        if (SteadyClock::now() - self->heard > self->patience.silence) {
            over->close();
            continue;
        }
        const auto written = co_await over->write(ping);
        if (!written) over->close();
    }
}

void RevocationFeed::State::take(const Reply& message) {
    if (message.items[1].text == revocation_channel)
        listener.on_revoked(message.items[2].text);
    else if (changes != nullptr)
        changes->on_changed(message.items[2].text);
}

void RevocationFeed::State::went_up() {
    up = true;
    told_down = false;
    backoff.reset();
    log::info("the revocation feed is up");
    listener.on_feed_up();
    if (changes != nullptr) changes->on_changes_up();
}

void RevocationFeed::State::went_down(const Error& error) {
    if (connection) connection->close();
    connection = nullptr;
    up = false;
    if (std::exchange(told_down, true)) return;
    log::warn("the revocation feed is down", {{"detail", describe(error)}});
    listener.on_feed_down();
    if (changes != nullptr) changes->on_changes_down();
}

void RevocationFeed::State::stop() {
    if (std::exchange(stopped, true)) return;
    up = false;
    if (connection) connection->close();
    connection = nullptr;
    subscribing.stop();
    pinging.stop();
}

RevocationFeed::RevocationFeed(asio::any_io_executor executor, RedisSettings settings,
                               auth::RevocationListener& listener, policy::ChangeListener* changes,
                               RedisPatience patience)
    : state_(std::make_shared<State>(std::move(executor), std::move(settings), listener, changes, patience)) {
    state_->subscribing.start(State::keep_subscribed(state_));
    state_->pinging.start(State::keep_alive(state_));
}

RevocationFeed::~RevocationFeed() {
    stop();
}

bool RevocationFeed::is_up() const {
    return state_->up;
}

void RevocationFeed::stop() {
    state_->stop();
}

}  // namespace gatehouse::store

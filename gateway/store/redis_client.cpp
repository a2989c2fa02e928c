// SPDX-License-Identifier: Apache-2.0
#include "gateway/store/redis_client.h"

#include <algorithm>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <iterator>
#include <utility>

#include "gateway/base/log.h"
#include "gateway/store/backoff.h"
#include "gateway/store/loop.h"

namespace gatehouse::store {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using SteadyClock = std::chrono::steady_clock;
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

/// A connection that broke sooner than this counts as a failed attempt: a server that accepts and drops must not make
/// us spin.
constexpr std::chrono::seconds settled{1};

using Replies = std::vector<Reply>;

/// When a caller that is cancelled gets its answer.
enum class Leaving : std::uint8_t { at_once, when_answered };

/// One place in the queue of expected replies. When the caller is cancelled the place stays, or every later reply
/// would go to the wrong caller; only nobody is told.
class Waiter {
  public:
    using Handler = asio::any_completion_handler<void(Result<Replies>)>;

    Waiter(Handler handler, asio::any_io_executor executor, std::size_t expected, SteadyClock::time_point due)
        : due_(due), expected_(expected), handler_(std::move(handler)), executor_(std::move(executor)) {}

    /// True when this was the last one.
    bool take(Reply reply) {
        replies_.push_back(std::move(reply));
        if (replies_.size() < expected_) return false;
        finish(std::move(replies_));
        return true;
    }
    void finish(Result<Replies> result) {
        if (!handler_) return;
        // Posted, never called from here: the caller may do anything, stopping the client included.
        asio::post(executor_, [handler = std::exchange(handler_, nullptr), result = std::move(result)]() mutable {
            std::move(handler)(std::move(result));
        });
    }
    SteadyClock::time_point due() const { return due_; }

  private:
    SteadyClock::time_point due_;
    std::size_t expected_;
    Replies replies_;
    Handler handler_;
    asio::any_io_executor executor_;
};

}  // namespace

struct RedisClient::State : std::enable_shared_from_this<State> {
    State(asio::any_io_executor on, RedisSettings where, observe::Metrics* counted, RedisPatience how_long)
        : executor(std::move(on)),
          settings(std::move(where)),
          metrics(counted),
          patience(how_long),
          backoff(how_long.first_pause, how_long.longest_pause),
          wake(executor, SteadyClock::time_point::max()),
          watch(executor) {}

    // ---- what callers do

    static Task<Replies> exchange(std::shared_ptr<State> self, std::string bytes, std::size_t expected,
                                  Leaving leaving = Leaving::at_once);
    static Task<Reply> run(std::shared_ptr<State> self, Script script, std::vector<std::string> keys,
                           std::vector<std::string> arguments, Leaving leaving);
    asio::awaitable<Result<Replies>> submit(std::string bytes, std::size_t expected, Leaving leaving);
    Result<> admit() const;
    Result<Reply> settle(Result<Reply> reply) const;

    // ---- the connection's life

    static asio::awaitable<void> keep_connected(std::shared_ptr<State> self);
    static asio::awaitable<void> keep_writing(std::shared_ptr<State> self);
    asio::awaitable<void> read_replies(std::shared_ptr<RedisConnection> connection);
    void went_up(std::shared_ptr<RedisConnection> opened);
    void went_down(const Error& error);
    void fail_all(const Error& error);
    void stop();

    // ---- the deadline

    void arm_watch();
    void look_at_deadline();

    asio::any_io_executor executor;
    RedisSettings settings;
    observe::Metrics* metrics;
    RedisPatience patience;
    Backoff backoff;
    Result<net::TlsClientContextPtr> tls;

    std::shared_ptr<RedisConnection> connection;  ///< null: not up
    std::uint64_t connections = 0;                ///< so far
    std::string outbox;
    std::deque<std::shared_ptr<Waiter>> waiting;  ///< in the order of their commands in outbox and on the wire
    asio::steady_timer wake;                      ///< cancelled when there is something to write
    asio::steady_timer watch;
    bool watching = false;
    bool stopped = false;
    bool known_away = false;  ///< a whole attempt to connect failed: commands need not wait for the next
    Error last_error = unreachable("not connected yet");
    Loop connecting{executor};
    Loop writing{executor};
};

// ---- what callers do

Result<> RedisClient::State::admit() const {
    if (stopped) return fail(unreachable("the Redis client is stopped"));
    if (!connection && known_away) return fail(last_error);
    if (waiting.size() >= patience.queue) return fail(unreachable("too many Redis commands are under way"));
    return {};
}

asio::awaitable<Result<Replies>> RedisClient::State::submit(std::string bytes, std::size_t expected, Leaving leaving) {
    auto initiate = [this, expected, leaving](auto handler, const std::string& out) {
        auto caller = asio::prefer(asio::any_io_executor(asio::get_associated_executor(handler, executor)),
                                   asio::execution::outstanding_work.tracked);
        auto slot = asio::get_associated_cancellation_slot(handler);
        const auto due = SteadyClock::now() + patience.command;
        auto waiter = std::make_shared<Waiter>(std::move(handler), std::move(caller), expected, due);
        if (leaving == Leaving::at_once && slot.is_connected())
            slot.assign([weak = std::weak_ptr(waiter)](asio::cancellation_type) {
                if (const auto place = weak.lock()) place->finish(fail(Error::client_gone()));
            });
        outbox += out;
        waiting.push_back(std::move(waiter));
        arm_watch();
        wake.cancel();
    };
    return asio::async_initiate<const asio::use_awaitable_t<>&, void(Result<Replies>)>(
        std::move(initiate), asio::use_awaitable, std::move(bytes));
}

Task<Replies> RedisClient::State::exchange(std::shared_ptr<State> self, std::string bytes, std::size_t expected,
                                           Leaving leaving) {
    const auto admitted = self->admit();
    if (!admitted) co_return fail(admitted.error());
    co_return co_await self->submit(std::move(bytes), expected, leaving);
}

Task<Reply> RedisClient::State::run(std::shared_ptr<State> self, Script script, std::vector<std::string> keys,
                                    std::vector<std::string> arguments, Leaving leaving) {
    Command command{"EVALSHA", std::string(script.sha1), std::to_string(keys.size())};
    std::ranges::move(keys, std::back_inserter(command));
    std::ranges::move(arguments, std::back_inserter(command));
    std::string bytes;
    append_command(bytes, command);
    auto replies = co_await exchange(self, std::move(bytes), 1, leaving);
    if (replies && replies->front().is_error() && replies->front().text.starts_with("NOSCRIPT")) {
        command[0] = "EVAL";
        command[1] = script.text;
        bytes.clear();
        append_command(bytes, command);
        replies = co_await exchange(self, std::move(bytes), 1, leaving);
    }
    if (!replies) co_return self->settle(fail(replies.error()));
    co_return self->settle(std::move(replies->front()));
}

/// What the caller gets to see, counted when it is the store's failure.
Result<Reply> RedisClient::State::settle(Result<Reply> reply) const {
    if (reply && reply->is_error()) reply = fail(refusal_of(*reply));
    if (!reply && metrics && reply.error().fault == Fault::unavailable)
        metrics->store_failed(to_slug(reply.error().reason));
    return reply;
}

// ---- the connection's life

asio::awaitable<void> RedisClient::State::keep_connected(std::shared_ptr<State> self) {
    if (self->settings.tls) self->tls = net::make_tls_client_context("");
    while (!self->stopped) {
        Result<std::shared_ptr<RedisConnection>> opened = fail(Error{});
        if (!self->tls)
            opened = fail(self->tls.error());
        else
            opened = co_await RedisConnection::open(self->settings, *self->tls, self->patience.connect);
        if (self->stopped) co_return;
        const auto since = SteadyClock::now();
        if (opened) {
            self->went_up(*opened);
            co_await self->read_replies(*opened);
            if (self->stopped) co_return;
            // The first reconnect comes at once, so that a restart of Redis is hardly noticed.
            if (SteadyClock::now() - since >= settled) {
                self->backoff.reset();
                continue;
            }
        } else {
            self->went_down(opened.error());
        }
        self->known_away = true;
        asio::steady_timer pause(self->executor, self->backoff.next());
        co_await pause.async_wait(as_result);
    }
}

asio::awaitable<void> RedisClient::State::read_replies(std::shared_ptr<RedisConnection> from) {
    for (;;) {
        auto reply = co_await from->read();
        if (connection != from) co_return;
        if (!reply) {
            went_down(reply.error());
            co_return;
        }
        if (waiting.empty()) {
            went_down(unreachable("Redis sent a reply that nobody asked for"));
            co_return;
        }
        // After a fail-over the server we are connected to may have become a replica: find the new one.
        const bool demoted = reply->is_error() && reply->text.starts_with("READONLY");
        const auto waiter = waiting.front();
        if (waiter->take(std::move(*reply))) waiting.pop_front();
        if (demoted) {
            went_down(unreachable("Redis has become a read-only replica"));
            co_return;
        }
    }
}

asio::awaitable<void> RedisClient::State::keep_writing(std::shared_ptr<State> self) {
    std::string batch;
    while (!self->stopped) {
        if (!self->connection || self->outbox.empty()) {
            co_await self->wake.async_wait(as_result);
            continue;
        }
        batch.clear();
        batch.swap(self->outbox);
        const auto to = self->connection;
        const auto written = co_await to->write(batch);
        if (!written && self->connection == to) self->went_down(written.error());
    }
}

void RedisClient::State::went_up(std::shared_ptr<RedisConnection> opened) {
    if (known_away) log::info("the store is reachable again");
    known_away = false;
    ++connections;
    connection = std::move(opened);
    if (metrics) metrics->store_up(true);
    wake.cancel();
}

void RedisClient::State::went_down(const Error& error) {
    if (connection || last_error.detail != error.detail)
        log::warn("the store is unreachable", {{"detail", describe(error)}});
    if (connection) connection->close();
    connection = nullptr;
    last_error = error;
    if (metrics) metrics->store_up(false);
    fail_all(error);
}

void RedisClient::State::fail_all(const Error& error) {
    outbox.clear();
    const auto failed = std::exchange(waiting, {});
    for (const auto& waiter : failed)
        waiter->finish(fail(error));
}

void RedisClient::State::stop() {
    if (std::exchange(stopped, true)) return;
    if (connection) connection->close();
    connection = nullptr;
    fail_all(unreachable("the Redis client is stopped"));
    watch.cancel();
    wake.cancel();
    connecting.stop();
    writing.stop();
}

// ---- the deadline: one timer for the whole queue, because replies come in order and all wait equally long

void RedisClient::State::arm_watch() {
    if (watching || waiting.empty()) return;
    watching = true;
    watch.expires_at(waiting.front()->due());
    watch.async_wait([weak = weak_from_this()](error_code error) {
        const auto self = weak.lock();
        if (!self || error) return;
        self->watching = false;
        self->look_at_deadline();
    });
}

void RedisClient::State::look_at_deadline() {
    if (stopped) return;
    if (waiting.empty() || waiting.front()->due() > SteadyClock::now()) return arm_watch();
    const auto late = unreachable("Redis did not answer in time");
    if (connection)
        went_down(late);
    else
        fail_all(late);
}

// ---- RedisClient

RedisClient::RedisClient(asio::any_io_executor executor, RedisSettings settings, observe::Metrics* metrics,
                         RedisPatience patience)
    : state_(std::make_shared<State>(std::move(executor), std::move(settings), metrics, patience)) {
    state_->connecting.start(State::keep_connected(state_));
    state_->writing.start(State::keep_writing(state_));
}

RedisClient::~RedisClient() {
    stop();
}

void RedisClient::stop() {
    state_->stop();
}

bool RedisClient::is_up() const {
    return state_->connection != nullptr;
}

std::uint64_t RedisClient::connections() const {
    return state_->connections;
}

Task<Reply> RedisClient::send(Command command) {
    const auto state = state_;
    std::string bytes;
    append_command(bytes, command);
    auto replies = co_await State::exchange(state, std::move(bytes), 1);
    if (!replies) co_return state->settle(fail(replies.error()));
    co_return state->settle(std::move(replies->front()));
}

Task<std::vector<Reply>> RedisClient::send_all(std::vector<Command> commands) {
    const auto state = state_;
    if (commands.empty()) co_return std::vector<Reply>{};
    std::string bytes;
    for (const Command& command : commands)
        append_command(bytes, command);
    auto replies = co_await State::exchange(state, std::move(bytes), commands.size());
    if (!replies) co_return fail(state->settle(fail(replies.error())).error());
    for (const Reply& reply : *replies)
        if (reply.is_error()) co_return fail(state->settle(reply).error());
    co_return replies;
}

Task<Reply> RedisClient::run(Script script, std::vector<std::string> keys, std::vector<std::string> arguments) {
    return State::run(state_, script, std::move(keys), std::move(arguments), Leaving::at_once);
}

Task<Reply> RedisClient::run_to_end(Script script, std::vector<std::string> keys, std::vector<std::string> arguments) {
    return State::run(state_, script, std::move(keys), std::move(arguments), Leaving::when_answered);
}

}  // namespace gatehouse::store

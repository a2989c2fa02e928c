// SPDX-License-Identifier: Apache-2.0
#include "gateway/store/redis.h"

#include <hiredis/read.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <new>
#include <utility>

namespace gatehouse::store {
namespace {

namespace asio = boost::asio;

// ---- replies: hiredis builds ours directly through these five functions, so nothing is copied twice. They are called
// from C, so nothing may be thrown out of them; null means "out of memory" to hiredis.

/// Where the reader's present value goes: the root is made, a child has its place in the parent's list already.
Reply* place(const redisReadTask* task) {
    if (!task->parent) return new (std::nothrow) Reply;
    auto* parent = static_cast<Reply*>(task->parent->obj);
    return &parent->items[static_cast<std::size_t>(task->idx)];
}

void* make_text(const redisReadTask* task, char* text, std::size_t size) {
    auto* reply = place(task);
    if (!reply) return nullptr;
    reply->kind = task->type == REDIS_REPLY_ERROR    ? Reply::Kind::error
                  : task->type == REDIS_REPLY_STATUS ? Reply::Kind::status
                                                     : Reply::Kind::text;
    try {
        reply->text.assign(text, size);
    } catch (const std::bad_alloc&) {
        if (!task->parent) delete reply;
        return nullptr;
    }
    return reply;
}

void* make_list(const redisReadTask* task, int size) {
    auto* reply = place(task);
    if (!reply) return nullptr;
    reply->kind = Reply::Kind::list;
    try {
        reply->items.resize(static_cast<std::size_t>(size));
    } catch (const std::exception&) {
        if (!task->parent) delete reply;
        return nullptr;
    }
    return reply;
}

void* make_integer(const redisReadTask* task, long long value) {
    auto* reply = place(task);
    if (!reply) return nullptr;
    reply->kind = Reply::Kind::integer;
    reply->integer = value;
    return reply;
}

void* make_nil(const redisReadTask* task) {
    return place(task);
}

void free_reply(void* reply) {
    delete static_cast<Reply*>(reply);
}

redisReplyObjectFunctions reply_functions = {make_text, make_list, make_integer, make_nil, free_reply};

/// A sign-in refusal names what to look at; the server's text never repeats the password.
Error sign_in_refused(const Reply& reply) {
    Error error = refusal_of(reply);
    error.detail = "Redis refused the sign-in, check user, password and database of store.redis_url: " + reply.text;
    return error;
}

bool begins(const Reply& reply, std::string_view word) {
    return reply.is_error() && reply.text.starts_with(word);
}

}  // namespace

void append_command(std::string& out, std::span<const std::string> words) {
    out += '*';
    out += std::to_string(words.size());
    out += "\r\n";
    for (const std::string& word : words) {
        out += '$';
        out += std::to_string(word.size());
        out += "\r\n";
        out += word;
        out += "\r\n";
    }
}

Error refusal_of(const Reply& reply) {
    constexpr std::size_t longest = 200;
    return Error::unavailable(Reason::store_refused, "the store refused the operation", reply.text.substr(0, longest));
}

Error unreachable(std::string detail) {
    return Error::unavailable(Reason::store_unreachable, "the store is unreachable", std::move(detail));
}

struct ReplyReader::State {
    struct Free {
        void operator()(redisReader* freed) const { redisReaderFree(freed); }
    };
    std::unique_ptr<redisReader, Free> reader{redisReaderCreateWithFunctions(&reply_functions)};
};

ReplyReader::ReplyReader() : state_(std::make_unique<State>()) {
    if (!state_->reader) throw std::bad_alloc();
    // Otherwise hiredis frees and reallocates its buffer whenever it is empty and above 16 KiB.
    state_->reader->maxbuf = 0;
}
ReplyReader::ReplyReader(ReplyReader&&) noexcept = default;
ReplyReader& ReplyReader::operator=(ReplyReader&&) noexcept = default;
ReplyReader::~ReplyReader() = default;

void ReplyReader::feed(std::string_view bytes) {
    redisReaderFeed(state_->reader.get(), bytes.data(), bytes.size());
}

Result<bool> ReplyReader::next(Reply& into) {
    void* made = nullptr;
    if (redisReaderGetReply(state_->reader.get(), &made) != 0)
        return fail(unreachable(std::string("not a Redis reply: ") + state_->reader->errstr));
    if (!made) return false;
    const std::unique_ptr<Reply> reply(static_cast<Reply*>(made));
    into = std::move(*reply);
    return true;
}

Task<Reply> RedisConnection::read() {
    Reply reply;
    for (;;) {
        const auto complete = reader_.next(reply);
        if (!complete) co_return fail(complete.error());
        if (*complete) co_return reply;
        const auto moved = co_await stream_->read_some(asio::buffer(buffer_));
        if (moved.error) co_return fail(unreachable("Redis closed the connection: " + moved.error.message()));
        reader_.feed({buffer_.data(), moved.size});
    }
}

Task<> RedisConnection::write(std::string_view bytes) {
    const std::array<asio::const_buffer, 1> buffers{asio::buffer(bytes)};
    const auto moved = co_await stream_->write(buffers);
    if (moved.error) co_return fail(unreachable("cannot write to Redis: " + moved.error.message()));
    co_return Result<>{};
}

Task<> RedisConnection::greet(std::shared_ptr<RedisConnection> self, RedisSettings settings) {
    std::vector<Command> greeting;
    if (!settings.password.empty() && settings.user.empty()) greeting.push_back({"AUTH", settings.password.reveal()});
    if (!settings.user.empty()) greeting.push_back({"AUTH", settings.user, settings.password.reveal()});
    if (settings.database != 0) greeting.push_back({"SELECT", std::to_string(settings.database)});
    greeting.push_back({"CLIENT", "SETNAME", "gatehouse"});
    greeting.push_back({"PING"});

    std::string bytes;
    for (const Command& command : greeting)
        append_command(bytes, command);
    const auto written = co_await self->write(bytes);
    if (!written) co_return fail(written.error());
    for (const Command& command : greeting) {
        const auto reply = co_await self->read();
        if (!reply) co_return fail(reply.error());
        // An operator's ACL may forbid naming the connection or PING: neither is needed.
        const bool optional = command[0] == "CLIENT" || command[0] == "PING";
        if (optional && begins(*reply, "NOPERM")) continue;
        if (begins(*reply, "LOADING")) co_return fail(unreachable("Redis is still loading its data"));
        if (reply->is_error()) co_return fail(sign_in_refused(*reply));
    }
    co_return Result<>{};
}

Task<std::shared_ptr<RedisConnection>> RedisConnection::open(RedisSettings settings, net::TlsClientContextPtr tls,
                                                             std::chrono::milliseconds timeout) {
    // The operator's own address: a Redis on loopback or link-local is no attack, so the guard stays off.
    net::ConnectOptions options{timeout, settings.tls ? std::move(tls) : nullptr, false, true};
    Result<net::StreamPtr> stream;
    if (settings.socket.empty())
        stream = co_await net::connect_tcp(settings.host, settings.port, options);
    else
        stream = co_await net::connect_unix(settings.socket, timeout);
    if (!stream) co_return fail(unreachable("cannot connect to Redis: " + describe(stream.error())));

    auto connection = std::make_shared<RedisConnection>(std::move(*stream));
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer limit(executor, timeout);
    limit.async_wait([weak = std::weak_ptr(connection)](boost::system::error_code error) {
        const auto open = weak.lock();
        if (!error && open) open->close();
    });
    const auto greeted = co_await greet(connection, std::move(settings));
    if (limit.expiry() <= std::chrono::steady_clock::now())
        co_return fail(unreachable("Redis did not answer the sign-in in time"));
    if (!greeted) co_return fail(greeted.error());
    co_return connection;
}

}  // namespace gatehouse::store

// SPDX-License-Identifier: Apache-2.0
// One connection to Redis: commands as bytes out, replies in. hiredis' reader is the codec and stays inside redis.cpp.
// Used by redis_client (pipelined commands) and revocation_feed (publish/subscribe); nobody else opens connections.
// It does not reconnect and has no deadline per command: those belong to its users.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/task.h"
#include "gateway/net/stream.h"
#include "gateway/store/settings.h"

namespace gatehouse::store {

/// A RESP2 value.
struct Reply {
    enum class Kind : std::uint8_t { nil, integer, text, status, error, list };
    Kind kind = Kind::nil;
    std::int64_t integer = 0;
    std::string text;  ///< of text, status and error
    std::vector<Reply> items;

    bool is_nil() const { return kind == Kind::nil; }
    bool is_error() const { return kind == Kind::error; }
};

using Command = std::vector<std::string>;

/// Appends the command as RESP. Binary-safe.
void append_command(std::string& out, std::span<const std::string> words);

/// What a server's error reply becomes: unavailable/store_refused with the text as detail.
Error refusal_of(const Reply& reply);
Error unreachable(std::string detail);

/// Bytes in any portions in, replies out.
class ReplyReader {
  public:
    ReplyReader();
    ReplyReader(ReplyReader&&) noexcept;
    ReplyReader& operator=(ReplyReader&&) noexcept;
    ~ReplyReader();
    void feed(std::string_view bytes);
    /// Whether `into` holds the next complete reply now. Fails when the bytes are not RESP.
    Result<bool> next(Reply& into);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// An open, signed-in connection. One coroutine may read while another writes.
class RedisConnection {
  public:
    /// Connects, signs in, selects the database. `tls` is used when the settings ask for it. Errors: unavailable with
    /// store_unreachable, or store_refused when the server turned the sign-in down.
    static Task<std::shared_ptr<RedisConnection>> open(RedisSettings settings, net::TlsClientContextPtr tls,
                                                       std::chrono::milliseconds timeout);
    explicit RedisConnection(net::StreamPtr stream) : stream_(std::move(stream)) {}

    /// The next reply, error replies included.
    Task<Reply> read();
    /// All of `bytes`, which the caller keeps.
    Task<> write(std::string_view bytes);
    void close() { stream_->close(); }

  private:
    static Task<> greet(std::shared_ptr<RedisConnection> self, RedisSettings settings);

    net::StreamPtr stream_;
    ReplyReader reader_;
    std::array<char, std::size_t{16} * 1024> buffer_{};
};

}  // namespace gatehouse::store

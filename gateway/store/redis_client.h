// SPDX-License-Identifier: Apache-2.0
// RedisClient: the pipelined connection that one shard sends its commands over. It reconnects by itself; replies come
// in the order of the commands, so an answer that is late takes the whole connection with it and every command under
// way fails (it may or may not have been executed). While Redis is known to be away commands fail at once; only the
// first reconnect after a loss is waited for. Not thread-safe: one per shard.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/task.h"
#include "gateway/observe/metrics.h"
#include "gateway/store/redis.h"
#include "gateway/store/settings.h"

namespace gatehouse::store {

/// A Lua script as it was embedded at build (embed_scripts.cmake). Its keys must share one hash slot.
struct Script {
    std::string_view text;
    std::string_view sha1;
};

class RedisClient {
  public:
    /// Begins to connect at once. `metrics` may be null; both it and the executor's context outlive the client.
    RedisClient(boost::asio::any_io_executor executor, RedisSettings settings, observe::Metrics* metrics = nullptr,
                RedisPatience patience = {});
    RedisClient(const RedisClient&) = delete;
    RedisClient& operator=(const RedisClient&) = delete;
    /// Stops. Call on the shard's thread or when its context no longer runs.
    ~RedisClient();

    /// One command, one reply that is not an error. Faults: unavailable with store_unreachable or store_refused,
    /// client_gone when the calling coroutine was cancelled (the command may still be executed).
    Task<Reply> send(Command command);
    /// Pipelined: replies in the order of the commands, or the first failure.
    Task<std::vector<Reply>> send_all(std::vector<Command> commands);
    /// EVALSHA, and EVAL when Redis does not know the script (after its restart or SCRIPT FLUSH).
    Task<Reply> run(Script script, std::vector<std::string> keys, std::vector<std::string> arguments);
    /// The same for others too: goes on when the calling coroutine is cancelled.
    Task<Reply> run_to_end(Script script, std::vector<std::string> keys, std::vector<std::string> arguments);

    bool is_up() const;
    /// How often it has connected: another number means that Redis may be another one, or have ended meanwhile.
    std::uint64_t connections() const;
    /// Fails everything under way and closes. Further commands fail. Safe to call twice.
    void stop();

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace gatehouse::store

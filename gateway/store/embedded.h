// SPDX-License-Identifier: Apache-2.0
// EmbeddedRedis: the private redis-server child of a gateway that has no other store. It listens on a unix socket only,
// keeps an append-only file in its directory, ends with the gateway (however that ends) and is started again when it
// dies. One gateway per directory. Its calls block: they belong before and after the event loops.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>

#include "gateway/base/result.h"
#include "gateway/store/settings.h"

namespace gatehouse::store {

class EmbeddedRedis {
  public:
    /// Creates `dir` (mode 0700) when needed, waits for an earlier gateway's redis-server to have ended, starts one and
    /// returns when it answers. Faults: unavailable/configuration_invalid with a sentence for the operator: another
    /// gateway uses `dir`, redis-server is not installed or does not start.
    static Result<std::unique_ptr<EmbeddedRedis>> start(const std::string& dir);
    /// Where the server of the gateway that uses `dir` listens, whoever we are; nothing when none runs there.
    static std::optional<RedisSettings> find_running(const std::string& dir);
    EmbeddedRedis(const EmbeddedRedis&) = delete;
    EmbeddedRedis& operator=(const EmbeddedRedis&) = delete;
    /// Stops.
    ~EmbeddedRedis();

    /// What RedisClient and RevocationFeed connect to.
    RedisSettings settings() const;
    /// False while it is being started again after it died.
    bool alive() const;
    /// Of the present child; 0 when there is none.
    pid_t pid() const;
    /// Asks it to end (it writes everything out first), waits, kills it after 10 s. Safe to call twice.
    void stop();

  private:
    struct State;
    explicit EmbeddedRedis(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace gatehouse::store

// SPDX-License-Identifier: Apache-2.0
// A real redis-server for the tests of store/: started by EmbeddedRedis itself in a directory that goes away with it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/vault.h"
#include "gateway/store/embedded.h"
#include "gateway/store/redis_client.h"
#include "tests/support/run_task.h"
#include "tests/support/temporary_dir.h"

namespace gatehouse::testing {

/// A redis-server of one's own.
class PrivateRedis {
  public:
    PrivateRedis() : redis_(start(dir_.path())) {}
    store::EmbeddedRedis& operator*() const { return *redis_; }
    store::EmbeddedRedis* operator->() const { return redis_.get(); }
    const std::string& dir() const { return dir_.path(); }

    static std::unique_ptr<store::EmbeddedRedis> start(const std::string& dir) {
        auto started = store::EmbeddedRedis::start(dir);
        if (!started) throw std::runtime_error(describe(started.error()));
        return std::move(*started);
    }

  private:
    TemporaryDir dir_;
    std::unique_ptr<store::EmbeddedRedis> redis_;
};

/// The one that all tests share that do it no harm.
inline store::EmbeddedRedis& shared_redis() {
    static const PrivateRedis redis;
    return *redis;
}

/// Runs the context until `claim` holds; false when it does not within `limit`.
inline bool run_until(boost::asio::io_context& context, const std::function<bool()>& claim,
                      std::chrono::milliseconds limit = std::chrono::seconds(10)) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!claim() && std::chrono::steady_clock::now() < end) {
        context.restart();
        context.run_one_for(std::chrono::milliseconds(5));
    }
    return claim();
}

/// One shard's client on the shared server, which it empties first.
struct Shard {
    boost::asio::io_context context{1};
    store::RedisClient redis{context.get_executor(), shared_redis().settings()};

    Shard() { ask({"FLUSHALL"}); }
    store::Reply ask(store::Command command) {
        auto reply = run(context, redis.send(std::move(command)));
        if (!reply) throw std::runtime_error("Redis failed: " + describe(reply.error()));
        return std::move(*reply);
    }
};

class RecordingListener final : public auth::RevocationListener {
  public:
    void on_revoked(std::string_view credential_id) override { heard.emplace_back(credential_id); }
    void on_feed_up() override { heard.emplace_back("(up)"); }
    void on_feed_down() override { heard.emplace_back("(down)"); }
    bool has(std::string_view what, std::size_t times = 1) const {
        return static_cast<std::size_t>(std::ranges::count(heard, what)) >= times;
    }

    std::vector<std::string> heard;
};

}  // namespace gatehouse::testing

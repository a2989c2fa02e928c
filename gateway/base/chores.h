// SPDX-License-Identifier: Apache-2.0
// Chores: what a shard does every so often beside the requests (forgetting old audit rows). One after another, so a
// slow one delays the others and nothing else; one that fails is logged and comes round again. Not thread-safe.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "gateway/base/task.h"

namespace gatehouse {

struct Chore {
    std::string name;
    std::chrono::milliseconds every{0};  ///< and first that long after the start
    std::function<Task<>()> work;
};

class Chores {
  public:
    explicit Chores(const boost::asio::any_io_executor& executor) : timer_(executor) {}
    Chores(const Chores&) = delete;
    Chores& operator=(const Chores&) = delete;

    /// Before run().
    void add(Chore chore);
    /// Until stop(), or at once when there is nothing to do.
    boost::asio::awaitable<void> run();
    void stop();

  private:
    using SteadyTime = std::chrono::steady_clock::time_point;
    struct Planned {
        Chore chore;
        SteadyTime due;
    };

    std::vector<Planned> planned_;
    boost::asio::steady_timer timer_;
    bool stopping_ = false;
};

}  // namespace gatehouse

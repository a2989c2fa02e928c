// SPDX-License-Identifier: Apache-2.0
// Shard: one thread, one io_context, its own connections, pools and deadlines. What lives on a shard is never touched
// from another thread; `post` is the door.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <memory>

#include "gateway/net/deadline.h"

namespace gatehouse::net {

class Shard {
  public:
    explicit Shard(unsigned index);
    Shard(const Shard&) = delete;
    Shard& operator=(const Shard&) = delete;
    ~Shard();

    unsigned index() const;
    boost::asio::any_io_executor executor() const;
    Deadlines& deadlines();
    /// Runs `work` on the shard's thread. Thread-safe.
    void post(std::function<void()> work);
    /// Starts the thread.
    void start();
    /// Ends the loop when nothing is pending any more, or when patience is over, and joins. False: something still was
    /// pending; it is destroyed with the Shard, so whatever it refers to must outlive it. Call from another thread.
    bool stop(std::chrono::milliseconds patience);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace gatehouse::net

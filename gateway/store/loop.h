// SPDX-License-Identifier: Apache-2.0
// Loop: a coroutine that runs on the shard until it is stopped, whatever it is waiting for then. The connections of
// store/ keep themselves up with it.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <memory>
#include <utility>

#include "gateway/base/log.h"

namespace gatehouse::store {

/// Is started once.
class Loop {
  public:
    explicit Loop(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

    void start(boost::asio::awaitable<void> body) {
        auto finished = [life = life_](const std::exception_ptr& thrown) {
            if (thrown && !life->stopped) log::error("a loop of the store ended by an exception");
        };
        boost::asio::co_spawn(executor_, std::move(body),
                              boost::asio::bind_cancellation_slot(life_->signal.slot(), std::move(finished)));
    }
    void stop() {
        if (std::exchange(life_->stopped, true)) return;
        life_->signal.emit(boost::asio::cancellation_type::terminal);
        // Asio keeps a coroutine's cancellation state in the signal's memory and cancels it by a posted function: the
        // signal has to outlive that function, which runs before this one.
        boost::asio::post(executor_, [life = life_] {});
    }

  private:
    struct Life {
        boost::asio::cancellation_signal signal;
        bool stopped = false;
    };

    boost::asio::any_io_executor executor_;
    std::shared_ptr<Life> life_ = std::make_shared<Life>();
};

}  // namespace gatehouse::store

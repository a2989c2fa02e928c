// SPDX-License-Identifier: Apache-2.0
// SingleFlight: of several coroutines of one shard that need the same thing fetched, one goes and the others wait. They
// look again afterwards, so a flight that failed or was cancelled is simply taken over by the next. Not thread-safe.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <vector>

#include "gateway/base/task.h"

namespace gatehouse::auth {

class SingleFlight {
  public:
    /// Ends the flight and wakes the waiting, however its coroutine ends.
    class Turn {
      public:
        explicit Turn(SingleFlight& flight) : flight_(flight) { flight_.busy_ = true; }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        ~Turn() {
            flight_.busy_ = false;
            for (auto* waiting : flight_.waiting_) {
                waiting->woken = true;
                waiting->timer.cancel();
            }
        }

      private:
        SingleFlight& flight_;
    };

    bool busy() const { return busy_; }

    /// Until the flight under way has ended. Fails with client_gone when the waiting coroutine is cancelled.
    Task<> wait() {
        const auto executor = co_await boost::asio::this_coro::executor;
        Waiting self(*this, executor);
        co_await self.timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        if (!self.woken) co_return fail(Error::client_gone());
        co_return Result<>{};
    }

  private:
    struct Waiting {
        Waiting(SingleFlight& owner, const boost::asio::any_io_executor& executor)
            : timer(executor, boost::asio::steady_timer::time_point::max()), flight(owner) {
            flight.waiting_.push_back(this);
        }
        Waiting(const Waiting&) = delete;
        Waiting& operator=(const Waiting&) = delete;
        ~Waiting() { std::erase(flight.waiting_, this); }

        boost::asio::steady_timer timer;
        bool woken = false;
        SingleFlight& flight;
    };

    bool busy_ = false;
    std::vector<Waiting*> waiting_;
};

}  // namespace gatehouse::auth

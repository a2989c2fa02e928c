// SPDX-License-Identifier: Apache-2.0
// Gathering: what is asked while a call is under way waits for it and goes as the next one, so that under load the
// store does once for many what it would do for each. What is in no hurry may linger for company besides; otherwise
// nothing waits while nothing is under way. One per shard.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace gatehouse::store {

template <class Item, class Answer>
class Gathering {
  public:
    using Call = std::function<boost::asio::awaitable<Answer>(std::vector<Item>)>;

    /// What a call answered, which all of its items share, and the item's place among them.
    struct Answered {
        std::shared_ptr<Answer> answer;
        std::size_t place = 0;
    };

    /// `call` is given at most `most` items, by the first of those who ask together: it goes on when that one is
    /// cancelled. What it uses outlives every call. Those who are fewer than `most` wait that long for more: `linger`.
    Gathering(std::size_t most, Call call, std::chrono::milliseconds linger = {})
        : state_(std::make_shared<State>(most, std::move(call), linger)) {}

    /// A caller that is cancelled is answered all the same: whatever it does next comes after the call.
    boost::asio::awaitable<Answered> ask(Item item) {
        const auto state = state_;
        const bool is_first = !state->takes_more();
        if (is_first)
            state->batches.push_back(std::make_shared<Batch>(co_await boost::asio::this_coro::executor, state->linger));
        const auto batch = state->batches.back();
        const std::size_t place = batch->items.size();
        batch->items.push_back(std::move(item));
        if (batch->items.size() == state->most) batch->full.cancel();
        if (is_first) co_await call(*state, batch);
        while (!batch->answer)
            co_await until_answered(batch);
        co_return Answered{{batch, &*batch->answer}, place};
    }

  private:
    struct Batch {
        Batch(const boost::asio::any_io_executor& executor, std::chrono::milliseconds linger)
            : full(executor, linger), answered(executor, std::chrono::steady_clock::time_point::max()) {}
        std::vector<Item> items;
        bool is_under_way = false;
        std::optional<Answer> answer;
        boost::asio::steady_timer full;      ///< lingers until it expires, or is cancelled when the batch takes no more
        boost::asio::steady_timer answered;  ///< cancelled when there is an answer
    };

    struct State {
        State(std::size_t at_most, Call how, std::chrono::milliseconds how_long)
            : most(at_most), call(std::move(how)), linger(how_long) {}
        bool takes_more() const {
            return !batches.empty() && !batches.back()->is_under_way && batches.back()->items.size() < most;
        }
        std::size_t most;
        Call call;
        std::chrono::milliseconds linger;
        std::deque<std::shared_ptr<Batch>> batches;  ///< the first is under way, or about to be
    };

    /// Once it has lingered and those before are answered.
    static boost::asio::awaitable<void> call(State& state, std::shared_ptr<Batch> batch) {
        if (state.linger.count() > 0 && batch->items.size() < state.most) co_await until(batch->full);
        while (state.batches.front() != batch)
            co_await until_answered(state.batches.front());
        batch->is_under_way = true;
        batch->answer.emplace(co_await state.call(std::move(batch->items)));
        state.batches.pop_front();
        batch->answered.cancel();
    }
    static boost::asio::awaitable<void> until_answered(std::shared_ptr<Batch> batch) {
        co_await until(batch->answered);
    }
    static boost::asio::awaitable<void> until(boost::asio::steady_timer& timer) {
        co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    }

    std::shared_ptr<State> state_;
};

}  // namespace gatehouse::store

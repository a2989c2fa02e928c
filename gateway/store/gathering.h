// SPDX-License-Identifier: Apache-2.0
// Gathering: what is asked while a call is under way waits for it and goes as the next one, so that under load the
// store does once for many what it would do for each. Nothing waits while nothing is under way. One per shard.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "gateway/store/loop.h"

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

    /// `call` is given at most `most` items; what it uses outlives every call.
    Gathering(boost::asio::any_io_executor executor, std::size_t most, Call call)
        : state_(std::make_shared<State>(std::move(executor), most, std::move(call))) {}

    /// A caller that is cancelled is answered all the same: whatever it does next comes after the call.
    boost::asio::awaitable<Answered> ask(Item item) {
        const auto state = state_;
        if (state->waiting.empty() || state->waiting.back()->items.size() == state->most)
            state->waiting.push_back(std::make_shared<Batch>(state->executor));
        const auto batch = state->waiting.back();
        const std::size_t place = batch->items.size();
        batch->items.push_back(std::move(item));
        if (!std::exchange(state->calling, true)) run_apart(state->executor, call_for_all(state));
        while (!batch->answer)
            co_await batch->answered.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        co_return Answered{{batch, &*batch->answer}, place};
    }

  private:
    struct Batch {
        explicit Batch(const boost::asio::any_io_executor& executor)
            : answered(executor, std::chrono::steady_clock::time_point::max()) {}
        std::vector<Item> items;
        std::optional<Answer> answer;
        boost::asio::steady_timer answered;  ///< cancelled when there is one
    };

    struct State {
        State(boost::asio::any_io_executor on, std::size_t at_most, Call how)
            : executor(std::move(on)), most(at_most), call(std::move(how)) {}
        boost::asio::any_io_executor executor;
        std::size_t most;
        Call call;
        std::deque<std::shared_ptr<Batch>> waiting;
        bool calling = false;
    };

    static boost::asio::awaitable<void> call_for_all(std::shared_ptr<State> state) {
        while (!state->waiting.empty()) {
            const auto batch = state->waiting.front();
            state->waiting.pop_front();
            batch->answer.emplace(co_await state->call(std::move(batch->items)));
            batch->answered.cancel();
        }
        state->calling = false;
    }

    std::shared_ptr<State> state_;
};

}  // namespace gatehouse::store

// SPDX-License-Identifier: Apache-2.0
#include "gateway/net/shard.h"

#include <pthread.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace gatehouse::net {

struct Shard::State {
    explicit State(unsigned number) : index(number), context(1) {}

    unsigned index;
    Deadlines deadlines;  // before the context: coroutine frames that die with it still hold deadlines
    boost::asio::io_context context;
    std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work;
    std::thread thread;
    std::atomic<bool> ended{false};
};

Shard::Shard(unsigned index) : state_(std::make_unique<State>(index)) {}

Shard::~Shard() {
    stop(std::chrono::milliseconds(0));
}

unsigned Shard::index() const {
    return state_->index;
}
boost::asio::any_io_executor Shard::executor() const {
    return state_->context.get_executor();
}
Deadlines& Shard::deadlines() {
    return state_->deadlines;
}
void Shard::post(std::function<void()> work) {
    boost::asio::post(state_->context, std::move(work));
}

void Shard::start() {
    state_->work.emplace(state_->context.get_executor());
    post([this] { state_->deadlines.start(executor()); });
    state_->thread = std::thread([state = state_.get()] {
        const std::string name = "shard-" + std::to_string(state->index);
        pthread_setname_np(pthread_self(), name.c_str());
        state->context.run();
        state->ended = true;
    });
}

bool Shard::stop(std::chrono::milliseconds patience) {
    if (!state_->thread.joinable()) return true;
    post([this] {
        state_->deadlines.stop();
        state_->work.reset();
    });
    const auto last = std::chrono::steady_clock::now() + patience;
    while (!state_->ended && std::chrono::steady_clock::now() < last)
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    const bool clean = state_->ended;
    if (!clean) state_->context.stop();
    state_->thread.join();
    return clean;
}

}  // namespace gatehouse::net

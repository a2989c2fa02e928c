// SPDX-License-Identifier: Apache-2.0
// run_blocking(pool, fn): the only door for blocking libraries. fn runs on the small pool; the coroutine resumes on
// its own executor with fn's result.
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <utility>

#include "gateway/base/task.h"

namespace gatehouse {

/// Threads for work that blocks (liboauth2 signature checks). Two are plenty: it is used at sign-in only.
using BlockingPool = boost::asio::thread_pool;

/// Runs `work` on the pool. `work` must not throw and must own what it touches (capture by value).
template <class T>
boost::asio::awaitable<T> run_blocking(BlockingPool& pool, std::function<T()> work) {
    auto initiate = [&pool](auto handler, std::function<T()> job) {
        auto home = boost::asio::make_work_guard(boost::asio::get_associated_executor(handler));
        boost::asio::post(pool, [handler = std::move(handler), home = std::move(home), job = std::move(job)]() mutable {
            const auto executor = home.get_executor();
            // The guard goes home with the result: this thread must not touch a loop that may end with it.
            auto resume = [handler = std::move(handler), home = std::move(home), result = job()]() mutable {
                handler(std::move(result));
            };
            boost::asio::post(executor, std::move(resume));
        });
    };
    co_return co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void(T)>(
        std::move(initiate), boost::asio::use_awaitable, std::move(work));
}

}  // namespace gatehouse

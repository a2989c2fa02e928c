// SPDX-License-Identifier: Apache-2.0
// Runs one coroutine to its end on this thread and gives its result; a coroutine that never finishes fails the test
// instead of hanging it.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

namespace gatehouse::testing {

template <class T>
T run(boost::asio::io_context& context, boost::asio::awaitable<T> task) {
    std::optional<T> result;
    std::exception_ptr thrown;
    boost::asio::co_spawn(context, std::move(task), [&](const std::exception_ptr& error, T value) {
        thrown = error;
        if (!error) result.emplace(std::move(value));
    });
    context.restart();
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!result && !thrown && std::chrono::steady_clock::now() < end)
        if (context.run_one_until(end) == 0) break;
    if (thrown) std::rethrow_exception(thrown);
    if (!result) throw std::runtime_error("the coroutine did not finish");
    return std::move(*result);
}

template <class T>
T run(boost::asio::awaitable<T> task) {
    boost::asio::io_context context(1);
    return run(context, std::move(task));
}

}  // namespace gatehouse::testing

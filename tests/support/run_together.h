// SPDX-License-Identifier: Apache-2.0
// Runs several coroutines of one kind at the same time on one context and gives their results in order; for tests of
// what happens when two callers race.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace gatehouse::testing {

template <class T>
std::vector<T> run_together(boost::asio::io_context& context, std::vector<boost::asio::awaitable<T>> tasks) {
    std::vector<std::optional<T>> results(tasks.size());
    std::size_t finished = 0;
    for (std::size_t at = 0; at < tasks.size(); ++at)
        boost::asio::co_spawn(context, std::move(tasks[at]), [&results, &finished, at](std::exception_ptr, T value) {
            results[at].emplace(std::move(value));
            ++finished;
        });
    context.restart();
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (finished < results.size() && std::chrono::steady_clock::now() < end)
        if (context.run_one_until(end) == 0) break;
    if (finished < results.size()) throw std::runtime_error("not all of the coroutines finished");
    std::vector<T> values;
    for (auto& result : results)
        values.push_back(std::move(*result));
    return values;
}

}  // namespace gatehouse::testing

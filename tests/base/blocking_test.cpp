// SPDX-License-Identifier: Apache-2.0
#include "gateway/base/blocking.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <thread>
#include <utility>

#include "tests/support/run_task.h"

namespace gatehouse {
namespace {

using Threads = std::pair<std::thread::id, std::thread::id>;

boost::asio::awaitable<Threads> where_it_runs(BlockingPool& pool) {
    std::function<std::thread::id()> work = [] { return std::this_thread::get_id(); };
    const auto worker = co_await run_blocking<std::thread::id>(pool, std::move(work));
    co_return Threads{worker, std::this_thread::get_id()};
}

TEST(RunBlocking, WorksElsewhereAndComesBack) {
    boost::asio::io_context loop(1);
    BlockingPool pool(1);
    const auto [worker, after] = testing::run(loop, where_it_runs(pool));
    pool.join();
    EXPECT_NE(worker, std::this_thread::get_id());
    EXPECT_EQ(after, std::this_thread::get_id());
}

}  // namespace
}  // namespace gatehouse

// SPDX-License-Identifier: Apache-2.0
#include "gateway/base/chores.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace gatehouse {
namespace {

using namespace std::chrono_literals;

/// Counts its rounds and ends all chores with the last of them.
struct Round {
    Chores& chores;
    int last;
    int count = 0;
    bool fails = false;

    Task<> work() {
        if (++count == last) chores.stop();
        if (fails) co_return fail(Error::internal("on purpose"));
        co_return Result<>{};
    }
};

struct ChoresTest : ::testing::Test {
    /// To its end; a loop that never ends fails instead of hanging.
    bool run() {
        bool ended = false;
        boost::asio::co_spawn(context, chores.run(), [&](std::exception_ptr thrown) { ended = !thrown; });
        context.run_for(30s);
        return ended;
    }
    boost::asio::io_context context{1};
    Chores chores{context.get_executor()};
};

TEST_F(ChoresTest, ComeRoundAgain) {
    Round round{chores, 3};
    chores.add({"count", 1ms, [&] { return round.work(); }});

    EXPECT_TRUE(run());
    EXPECT_EQ(round.count, 3);
}

TEST_F(ChoresTest, GoOnAfterAFailure) {
    Round round{chores, 2};
    round.fails = true;
    chores.add({"fail", 1ms, [&] { return round.work(); }});

    EXPECT_TRUE(run());
    EXPECT_EQ(round.count, 2);
}

TEST_F(ChoresTest, KeepTheirOwnTimes) {
    Round often{chores, 3};
    Round never{chores, 1};
    chores.add({"never", 24h, [&] { return never.work(); }});
    chores.add({"often", 1ms, [&] { return often.work(); }});

    EXPECT_TRUE(run());
    EXPECT_EQ(never.count, 0);
    EXPECT_EQ(often.count, 3);
}

TEST_F(ChoresTest, EndAtOnceWithoutAny) {
    EXPECT_TRUE(run());
}

TEST_F(ChoresTest, EndWhileTheyWait) {
    chores.add({"never", 24h, [] -> Task<> { co_return Result<>{}; }});
    boost::asio::post(context, [&] { chores.stop(); });

    EXPECT_TRUE(run());
}

}  // namespace
}  // namespace gatehouse

// SPDX-License-Identifier: Apache-2.0
// What is forgotten in the store, and by whom.
#include "gateway/store/sweep.h"

#include <gtest/gtest.h>

#include "gateway/store/rollup_keys.h"
#include "tests/store/redis_fixture.h"

namespace gatehouse::testing {
namespace {

using namespace std::chrono_literals;

constexpr Instant noon{std::chrono::milliseconds(1'790'000'000'000)};

class SweepTest : public ::testing::Test {
  protected:
    void given_principal(const std::string& subject, Instant seen) {
        shard_.ask({"HSET", std::string(store::principals_key), subject,
                    R"({"email":"x","seen":)" + std::to_string(seen.time_since_epoch().count()) + "}"});
    }
    bool knows(const std::string& subject) {
        return shard_.ask({"HEXISTS", std::string(store::principals_key), subject}).integer == 1;
    }
    std::int64_t forget(Instant before, int page = 1'000) {
        store::Sweep sweep(shard_.redis, page);
        return run(shard_.context, sweep.forget_principals(before)).value();
    }
    bool takes_turn(std::string chore) {
        store::Sweep sweep(shard_.redis);
        return run(shard_.context, sweep.take_turn(std::move(chore), 3'000s)).value();
    }

    Shard shard_;
};

TEST_F(SweepTest, ForgetsWhoeverWasNotSeenSince) {
    given_principal("ada", noon);
    given_principal("eve", noon - 1ms);

    EXPECT_EQ(forget(noon), 1);

    EXPECT_TRUE(knows("ada"));
    EXPECT_FALSE(knows("eve"));
}

TEST_F(SweepTest, LooksAtEverybody) {
    for (int number = 0; number < 3'000; ++number)
        given_principal("person-" + std::to_string(number), number % 3 == 0 ? noon : noon - 1h);

    EXPECT_EQ(forget(noon, 10), 2'000);
    EXPECT_EQ(shard_.ask({"HLEN", std::string(store::principals_key)}).integer, 1'000);
}

TEST_F(SweepTest, ForgetsWhatCannotBeRead) {
    shard_.ask({"HSET", std::string(store::principals_key), "broken", "{"});

    EXPECT_EQ(forget(noon), 1);
    EXPECT_EQ(forget(noon), 0);
}

TEST_F(SweepTest, IsDoneByOneOfAll) {
    EXPECT_TRUE(takes_turn("principals"));
    EXPECT_FALSE(takes_turn("principals"));
    EXPECT_TRUE(takes_turn("another"));
    EXPECT_GT(shard_.ask({"TTL", "gh:{chores}:principals"}).integer, 0);
}

}  // namespace
}  // namespace gatehouse::testing

// SPDX-License-Identifier: Apache-2.0
#include "policy/bucket.h"

#include <gtest/gtest.h>

namespace gatehouse::policy {
namespace {

using namespace std::chrono_literals;

Instant at(int year, int month, int day, std::chrono::milliseconds into = 0ms) {
    return Instant{std::chrono::sys_days{std::chrono::year{year} / month / day}} + into;
}

TEST(Buckets, BeginAndEndInUtc) {
    const Instant when = at(2026, 2, 28, 23h + 59min + 59s + 999ms);

    EXPECT_EQ(bucket_begin(Grain::hour, when), at(2026, 2, 28, 23h));
    EXPECT_EQ(bucket_end(Grain::hour, when), at(2026, 3, 1));
    EXPECT_EQ(bucket_begin(Grain::day, when), at(2026, 2, 28));
    EXPECT_EQ(bucket_end(Grain::day, when), at(2026, 3, 1));
    EXPECT_EQ(bucket_begin(Grain::month, when), at(2026, 2, 1));
    EXPECT_EQ(bucket_end(Grain::month, when), at(2026, 3, 1));
}

TEST(Buckets, ABeginIsItsOwn) {
    for (const Grain grain : {Grain::hour, Grain::day, Grain::month})
        EXPECT_EQ(bucket_begin(grain, at(2026, 3, 1)), at(2026, 3, 1));
}

TEST(Buckets, OfARangeBeginInIt) {
    const auto days = buckets(Grain::day, at(2026, 2, 27, 1ms), at(2026, 3, 2, 1ms), 99);

    ASSERT_EQ(days.size(), 3U);
    EXPECT_EQ(days[0], (Span{at(2026, 2, 28), at(2026, 3, 1)}));
    EXPECT_EQ(days[2], (Span{at(2026, 3, 2), at(2026, 3, 3)}));
}

TEST(Buckets, AreAtMostSoMany) {
    EXPECT_EQ(buckets(Grain::hour, at(2026, 1, 1), at(2027, 1, 1), 24).size(), 24U);
    EXPECT_EQ(buckets(Grain::month, at(2026, 1, 1), at(2027, 1, 1), 99).size(), 12U);
    EXPECT_TRUE(buckets(Grain::day, at(2026, 1, 2), at(2026, 1, 2), 99).empty());
    EXPECT_TRUE(buckets(Grain::day, at(2026, 1, 2), at(2026, 1, 1), 99).empty());
}

}  // namespace
}  // namespace gatehouse::policy

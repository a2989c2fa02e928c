// SPDX-License-Identifier: Apache-2.0
#include "policy/limit.h"

#include <gtest/gtest.h>

namespace gatehouse::policy {
namespace {

constexpr Money cents(std::int64_t count) {
    return Money::cents(count);
}

TEST(Grant, HoldsTheEstimateWhileItFits) {
    EXPECT_EQ(grant(cents(3), cents(10), cents(0)), cents(3));
    EXPECT_EQ(grant(cents(3), cents(10), cents(7)), cents(3));
}

TEST(Grant, RefusesWhatWouldPassTheLimitTogetherWithOthers) {
    EXPECT_FALSE(grant(cents(4), cents(10), cents(7)));
}

TEST(Grant, GivesWhoIsAloneWhatIsLeft) {
    EXPECT_EQ(grant(cents(30), cents(10), cents(0)), cents(10));
    EXPECT_FALSE(grant(cents(30), cents(10), Money::nano(1)));
}

TEST(Grant, RefusesWhoHasReachedTheLimit) {
    EXPECT_FALSE(grant(cents(1), cents(0), cents(0)));
    EXPECT_FALSE(grant(cents(0), cents(-1), cents(0)));
}

}  // namespace
}  // namespace gatehouse::policy

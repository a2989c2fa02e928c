// SPDX-License-Identifier: Apache-2.0
#include "policy/estimate.h"

#include <gtest/gtest.h>

namespace gatehouse::policy {
namespace {

/// $3 and $15 a million tokens.
constexpr TokenCost token{Money::nano(3'000), Money::nano(15'000)};

TEST(Estimator, BeginsWithTheListPriceOfTheBodyAndAShortAnswer) {
    Estimator estimator;
    EXPECT_EQ(estimator.estimate("ada", "m", 4'000, token, std::nullopt).cost,
              Money::nano(1'000 * 3'000 + 500 * 15'000));
}

TEST(Estimator, NeverTakesMoreThanTheRequestsOwnBound) {
    Estimator estimator;
    EXPECT_EQ(estimator.estimate("ada", "m", 4'000, token, 10).cost, Money::nano(1'000 * 3'000 + 10 * 15'000));
    EXPECT_EQ(estimator.estimate("ada", "m", 4'000, token, 64'000).cost, Money::nano(1'000 * 3'000 + 500 * 15'000));
}

TEST(Estimator, LearnsWhatAUsersRequestsCost) {
    Estimator estimator;
    for (int times = 0; times < 40; ++times)
        estimator.learn("ada", "m", 1'000, Money::nano(20'000), Money::nano(7'000), 60);
    EXPECT_EQ(estimator.estimate("ada", "m", 2'000, token, std::nullopt).cost, Money::nano(47'000));
}

TEST(Estimator, GuessesANewUserFromOthersOfTheSameModel) {
    Estimator estimator;
    estimator.learn("ada", "m", 1'000, Money::nano(20'000), Money::nano(7'000), 60);
    EXPECT_EQ(estimator.estimate("bob", "m", 1'000, token, std::nullopt).cost, Money::nano(27'000));
    EXPECT_EQ(estimator.estimate("bob", "other", 4, token, 0).cost, Money::nano(3'000));
}

TEST(Estimator, FollowsAChangeOverSomeRequests) {
    Estimator estimator;
    estimator.learn("ada", "m", 1, Money(), Money::nano(1'000), 100);
    estimator.learn("ada", "m", 1, Money(), Money::nano(2'000), 200);
    EXPECT_EQ(estimator.estimate("ada", "m", 0, token, std::nullopt).cost, Money::nano(1'300));
}

TEST(Estimator, GuessesTheTokensThatRatesCountFromThoseOfRecentRequests) {
    Estimator estimator;
    EXPECT_EQ(estimator.estimate("ada", "m", 4'000, token, std::nullopt).tokens, 1'500);
    estimator.learn("ada", "m", 4'000, Money(), Money(), 100);
    estimator.learn("ada", "m", 4'000, Money(), Money(), 200);
    EXPECT_EQ(estimator.estimate("ada", "m", 4'000, token, std::nullopt).tokens, 130);
}

TEST(Estimator, IsNeverFree) {
    Estimator estimator;
    estimator.learn("ada", "m", 0, Money(), Money(), 0);
    EXPECT_EQ(estimator.estimate("ada", "m", 0, token, std::nullopt).cost, Money::nano(1));
}

TEST(Estimator, RemembersABoundedNumber) {
    Estimator estimator(3);
    for (const char* user : {"a", "b", "c", "d"})
        estimator.learn(user, "m", 1'000, Money::nano(1'000), Money(), 0);
    EXPECT_EQ(estimator.size(), 3U);
    EXPECT_EQ(estimator.estimate("d", "m", 1'000, token, std::nullopt).cost, Money::nano(1'000));
}

}  // namespace
}  // namespace gatehouse::policy

// SPDX-License-Identifier: Apache-2.0
#include "gateway/base/error.h"

#include <gtest/gtest.h>

namespace gatehouse {
namespace {

TEST(Error, IsDescribedForTheLogWithItsDetail) {
    const Error error = Error::forbidden(Reason::group_not_allowed, "you may not", "groups: a");
    EXPECT_EQ(describe(error), "forbidden/group_not_allowed: you may not (groups: a)");
    EXPECT_EQ(describe(Error::not_found()), "not_found/not_found: not found");
}

TEST(Error, CarriesWhenToComeBack) {
    const Error error = Error::rate_limited(Reason::too_many_attempts, "slow down", std::chrono::seconds(9));
    EXPECT_EQ(error.retry_after, std::chrono::seconds(9));
    EXPECT_EQ(error.fault, Fault::rate_limited);
}

}  // namespace
}  // namespace gatehouse

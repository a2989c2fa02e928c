// SPDX-License-Identifier: Apache-2.0
// TwoGatewaysFlow: two replicas over one Redis with one signed-in developer, for what must hold wherever a request
// lands. Both end well, or the test fails.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "tests/flows/shared_redis.h"
#include "tests/flows/world.h"

namespace gatehouse::testing {

class TwoGatewaysFlow : public ::testing::Test {
  protected:
    void serve(Config config) {
        config.store = redis_.section();
        one_ = world_.serve(config, "one.yaml");
        two_ = world_.serve(config, "two.yaml");
        ASSERT_TRUE(all_shards_are_ready(one_->port()));
        ASSERT_TRUE(all_shards_are_ready(two_->port()));
        ada_ = world_.sign_in(one_->port(), "demo-ada");
    }
    ~TwoGatewaysFlow() override {
        for (const auto* gateway : {&one_, &two_})
            if (*gateway) EXPECT_EQ((*gateway)->terminate(), 0) << (*gateway)->err();
    }

    World world_;
    SharedRedis redis_;
    std::unique_ptr<GatehouseProcess> one_;
    std::unique_ptr<GatehouseProcess> two_;
    Tokens ada_;
};

}  // namespace gatehouse::testing

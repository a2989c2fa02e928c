// SPDX-License-Identifier: Apache-2.0
#include "gateway/health.h"

#include <gtest/gtest.h>

#include "tests/support/signed_in.h"

namespace gatehouse {
namespace {

class HealthTest : public ::testing::Test {
  protected:
    HealthTest() {
        health_.mount_probes(router_);
        health_.mount_metrics(router_);
    }
    ~HealthTest() override { pool_.join(); }

    http::Response get(std::string path) {
        auto answer = nobody_.get(router_, std::move(path), "");
        EXPECT_TRUE(answer);
        return answer ? std::move(*answer) : http::Response{};
    }

    testing::SignedIn nobody_{{}};
    observe::Metrics metrics_;
    BlockingPool pool_{1};
    std::atomic<bool> draining_{false};
    Health health_{nobody_.vault, metrics_, pool_, draining_};
    http::Router router_;
};

TEST_F(HealthTest, IsReadyWhileTheStoreAnswersAndAliveInAnyCase) {
    EXPECT_EQ(get("/readyz").status, 200);

    nobody_.vault.set_down(true);

    EXPECT_EQ(get("/readyz").status, 503);
    EXPECT_EQ(get("/readyz").body, "store unavailable");
    EXPECT_EQ(get("/healthz").status, 200);

    nobody_.vault.set_down(false);

    EXPECT_EQ(get("/readyz").status, 200);
}

TEST_F(HealthTest, TakesNoTrafficFromWhenItDrainsAndAsksNobodyAboutIt) {
    draining_ = true;
    const int calls = nobody_.vault.calls();

    EXPECT_EQ(get("/readyz").status, 503);
    EXPECT_EQ(get("/readyz").body, "draining");
    EXPECT_EQ(nobody_.vault.calls(), calls);
    EXPECT_EQ(get("/healthz").status, 200);
}

TEST_F(HealthTest, TellsTheStoresStateAsAMetric) {
    nobody_.vault.set_down(true);
    get("/readyz");

    const http::Response metrics = get("/metrics");

    EXPECT_EQ(metrics.headers.value("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_NE(metrics.body.find("gatehouse_store_up 0"), std::string::npos);
}

TEST_F(HealthTest, AnswersProbesToEveryAddressAndMetricsOnlyToThoseAllowed) {
    EXPECT_TRUE(router_.find("GET", "/healthz").health_probe);
    EXPECT_TRUE(router_.find("GET", "/readyz").health_probe);
    EXPECT_FALSE(router_.find("GET", "/metrics").health_probe);
}

}  // namespace
}  // namespace gatehouse

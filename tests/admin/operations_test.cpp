// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/operations.h"

#include <gtest/gtest.h>

#include "tests/admin/admin_world.h"

namespace gatehouse::admin {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

class OperationsTest : public AdminWorld {
  protected:
    OperationsTest() { route.mount(router); }

    observe::Activity activity{2};
    OperationsRoute route{
        {.gate = gate,
         .activity = activity,
         .upstreams = [] { return std::vector<UpstreamEntry>{{"first", "anthropic"}, {"second", "bedrock"}}; },
         .replica = {"gateway-7f", 42, noon - minutes(5)},
         .clock = person.clock}};
};

TEST_F(OperationsTest, SaysHowEachConfiguredUpstreamAnswers) {
    activity.shard(0).upstream_answered("first", noon, milliseconds(100));
    activity.shard(1).upstream_failed("first", {noon + milliseconds(1), 529, {}});
    const auto body = get("/v1/organizations/upstreams").body;

    EXPECT_EQ(json::find_string(*json::find(body, "replica"), "name"), "gateway-7f");
    const auto& rows = body.at("data").as_array();
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(json::find_string(rows[0], "name"), "first");
    EXPECT_EQ(json::find_string(rows[0], "health"), "failing");
    EXPECT_EQ(rows[0].at("requests").as_int64(), 2);
    EXPECT_EQ(rows[0].at("failure_rate").as_double(), 0.5);
    EXPECT_EQ(rows[0].at("last_failure").at("http_status").as_int64(), 529);
    EXPECT_EQ(rows[0].at("minutes").as_array().size(), 15U);
    EXPECT_EQ(json::find_string(rows[1], "provider"), "bedrock");
    EXPECT_EQ(json::find_string(rows[1], "health"), "idle");
    EXPECT_TRUE(rows[1].at("first_byte_ms").at("p95").is_null());
}

TEST_F(OperationsTest, ListsRequestsAndFiltersThem) {
    observe::RequestSeen seen{noon, observe::Stage::waiting, {}};
    seen.entry.request_id = "req-1";
    seen.entry.subject = "ada";
    seen.entry.model = "sonnet";
    const auto live = activity.shard(0).begin(seen);
    seen.stage = observe::Stage::ended;
    seen.entry.request_id = "req-2";
    seen.entry.status = 200;
    seen.entry.cost_nano = 12'000'000;
    activity.shard(1).ended(seen);

    const auto all = get("/v1/organizations/live_requests").body;
    EXPECT_EQ(all.at("under_way").as_int64(), 1);
    ASSERT_EQ(all.at("data").as_array().size(), 2U);
    EXPECT_EQ(json::find_string(all.at("data").at(0), "status"), "waiting");
    EXPECT_TRUE(all.at("data").at(0).at("http_status").is_null());
    EXPECT_EQ(json::find_string(all.at("data").at(1), "amount"), "1.2");
    const auto ended = get("/v1/organizations/live_requests?status=succeeded,failed").body;
    ASSERT_EQ(ended.at("data").as_array().size(), 1U);
    EXPECT_EQ(json::find_string(ended.at("data").at(0), "id"), "req-2");
    EXPECT_EQ(get("/v1/organizations/live_requests?status=odd").status, 400);
    EXPECT_EQ(get("/v1/organizations/live_requests?limit=0").status, 400);
    EXPECT_EQ(get("/v1/organizations/live_requests?usr=ada").status, 400);
}

TEST(Health, FollowsTheLastRequestAndTheShareOfFailures) {
    const Instant noon = Instant(std::chrono::hours(12));
    observe::Activity activity(1);
    auto& shard = activity.shard(0);
    const auto health = [&](Instant now) { return health_of(activity.upstream("up", now), now); };

    EXPECT_EQ(health(noon), "idle");
    shard.upstream_failed("up", {noon, 0, "upstream_unreachable"});
    EXPECT_EQ(health(noon), "failing");
    shard.upstream_answered("up", noon + milliseconds(1), milliseconds(10));
    EXPECT_EQ(health(noon + milliseconds(1)), "degraded");
    for (int count = 0; count < 40; ++count)
        shard.upstream_answered("up", noon + milliseconds(2), milliseconds(10));
    EXPECT_EQ(health(noon + milliseconds(2)), "healthy");
    EXPECT_EQ(health(noon + std::chrono::hours(1)), "idle");
}

}  // namespace
}  // namespace gatehouse::admin

// SPDX-License-Identifier: Apache-2.0
// What operators see of a running gateway: upstreams that answer and that fail, and the requests that went through.
#include <gtest/gtest.h>

#include "tests/flows/world.h"

namespace gatehouse::testing {
namespace {

constexpr std::string_view read_key = "the-read-key-of-thirty-two-characters";

class OperationsFlow : public ::testing::Test {
  protected:
    /// The first upstream is a port that nobody listens at.
    OperationsFlow() {
        Config config = world_.config();
        config.upstreams = World::upstream_entry("away", "http://127.0.0.1:1") +
                           World::upstream_entry("anthropic", world_.upstream.url());
        config.more = "admin:\n  read_keys: [{ id: report, key: " + std::string(read_key) + " }]\n";
        gateway_ = world_.serve(config);
    }

    json::bj::value look(const std::string& what) const {
        const Answer answer =
            HttpConnection(gateway_->port()).get("/v1/organizations/" + what, {{"x-api-key", read_key}});
        EXPECT_EQ(answer.status, 200) << answer.body;
        return json::parse(answer.body).value_or(json::bj::value());
    }

    World world_;
    std::unique_ptr<GatehouseProcess> gateway_;
};

TEST_F(OperationsFlow, ShowsWhichUpstreamFailsAndWhatWentThroughTheOther) {
    const Tokens carl = world_.sign_in(gateway_->port(), "demo-carl");
    ASSERT_EQ(post_messages(gateway_->port(), carl).status, 200);
    // The list has it when the answer is over, a moment after the client has seen its end.
    ASSERT_TRUE(eventually([&] { return look("live_requests?status=succeeded").at("data").as_array().size() == 1; }));

    const auto requests = look("live_requests?user=demo-carl");
    EXPECT_EQ(requests.at("under_way").as_int64(), 0);
    const auto& request = requests.at("data").at(0);
    EXPECT_EQ(json::find_string(request, "upstream"), "anthropic");
    EXPECT_EQ(json::find_string(request, "model"), "claude-sonnet-5");
    EXPECT_EQ(request.at("http_status").as_int64(), 200);
    EXPECT_EQ(request.at("output_tokens").as_int64(), 7);
    EXPECT_FALSE(request.at("cost_nano").is_null());
    EXPECT_EQ(json::to_text(requests).find(question), std::string::npos);
    EXPECT_EQ(json::to_text(requests).find(answer_text), std::string::npos);

    const auto upstreams = look("upstreams");
    const auto& away = upstreams.at("data").at(0);
    EXPECT_EQ(json::find_string(away, "name"), "away");
    EXPECT_EQ(json::find_string(away, "health"), "failing");
    EXPECT_FALSE(away.at("last_failure").at("reason").is_null());
    const auto& good = upstreams.at("data").at(1);
    EXPECT_EQ(json::find_string(good, "health"), "healthy");
    EXPECT_EQ(good.at("requests").as_int64(), 1);
    EXPECT_FALSE(good.at("whole_answer_ms").at("p95").is_null());
    EXPECT_EQ(upstreams.at("replica"), requests.at("replica"));
}

TEST_F(OperationsFlow, ShowsWhoWasRefused) {
    const Tokens carl = world_.sign_in(gateway_->port(), "demo-carl");
    ASSERT_EQ(post_messages(gateway_->port(), carl, ask_for("claude-opus-4-5")).status, 400);

    const auto refused = look("live_requests?status=refused");
    ASSERT_EQ(refused.at("data").as_array().size(), 1U);
    EXPECT_TRUE(refused.at("data").at(0).at("upstream").is_null());
    EXPECT_FALSE(refused.at("data").at(0).at("reason").is_null());
}

}  // namespace
}  // namespace gatehouse::testing

// SPDX-License-Identifier: Apache-2.0
// SIGTERM: who is still served, who is not, and how the process ends.
#include <gtest/gtest.h>

#include "tests/flows/world.h"

namespace gatehouse::testing {
namespace {

class DrainFlow : public ::testing::Test {
  protected:
    /// A gateway with a stream under way that goes on when the upstream is told to.
    void start(std::string_view more_listen = {}) {
        Config config = world_.config();
        config.listen = "  metrics: { port: " + std::to_string(operators_.port()) + " }\n";
        config.listen.append(more_listen);
        gateway_ = world_.serve(config);
        const Tokens ada = world_.sign_in(gateway_->port(), "demo-ada");
        world_.upstream.next(Script::stream().chunk(answer_events()[0]).pause().chunk(answer_events().back()).end());
        client_ = std::make_unique<HttpConnection>(gateway_->port());
        client_->send("POST", "/v1/messages", ada.bearer(), ask_for("claude-sonnet-5"));
        client_->read_head();
        client_->read_chunks_until("message_start");
    }
    void tell(int number, std::string_view answer) {
        gateway_->signal(number);
        gateway_->line_with(ChildProcess::Stream::err, answer);
    }
    bool refuses_connections() const {
        return eventually([&] { return !RawClient(gateway_->port()).connected(); });
    }

    World world_;
    const ReservedPort operators_;
    std::unique_ptr<GatehouseProcess> gateway_;
    std::unique_ptr<HttpConnection> client_;
};

TEST_F(DrainFlow, LetsARunningStreamFinishAndTakesNoNewConnection) {
    start();
    EXPECT_EQ(HttpConnection(operators_.port()).get("/readyz").status, 200);
    EXPECT_NE(HttpConnection(operators_.port()).get("/metrics").body.find("gatehouse_streams 1"), std::string::npos);
    EXPECT_EQ(HttpConnection(gateway_->port()).get("/metrics").status, 401);  // no longer anybody's

    tell(SIGTERM, "draining");

    EXPECT_TRUE(refuses_connections());
    EXPECT_FALSE(gateway_->has_ended());
    const Answer ready = HttpConnection(operators_.port()).get("/readyz");
    EXPECT_EQ(ready.status, 503);
    EXPECT_EQ(HttpConnection(operators_.port()).get("/healthz").status, 200);
    world_.upstream.resume();
    EXPECT_EQ(client_->read_chunks_to_end(), answer_events().back());
    EXPECT_TRUE(client_->closes_after(""));
    EXPECT_EQ(gateway_->wait(), 0) << gateway_->err();
    EXPECT_FALSE(world_.upstream.has_seen_asker_leave());
    // The stream's audit line was written before the end.
    EXPECT_EQ(ChildProcess::lines_with(gateway_->out(), R"("evt":"inference")").size(), 1U);
}

TEST_F(DrainFlow, RecordsWhatTheLastRequestsConsumed) {
    start();
    tell(SIGTERM, "draining");
    world_.upstream.resume();
    EXPECT_EQ(gateway_->wait(), 0) << gateway_->err();

    const auto next = world_.serve(world_.config());

    const Consumed usage = usage_in(world_.dir.file("store/redis.sock"), "demo-ada", "claude-sonnet-5");
    EXPECT_EQ(usage.requests, 1);
    EXPECT_EQ(usage.usage.input, 11);
    EXPECT_EQ(next->terminate(), 0);
}

TEST_F(DrainFlow, RecordsWhatACutRequestConsumed) {
    start("  drain_grace_seconds: 0\n");
    gateway_->signal(SIGTERM);
    EXPECT_EQ(gateway_->wait(), 0) << gateway_->err();

    const auto next = world_.serve(world_.config());

    EXPECT_EQ(usage_in(world_.dir.file("store/redis.sock"), "demo-ada", "claude-sonnet-5").usage.input, 11);
    EXPECT_EQ(next->terminate(), 0);
}

TEST_F(DrainFlow, ClosesConnectionsThatWaitForTheirNextRequest) {
    start();
    HttpConnection idle(gateway_->port());
    EXPECT_EQ(idle.get("/healthz").status, 200);

    tell(SIGTERM, "draining");

    EXPECT_TRUE(idle.closes_after(""));
    world_.upstream.resume();
    EXPECT_EQ(gateway_->wait(), 0);
}

TEST_F(DrainFlow, EndsAtOnceWhenToldTwice) {
    start();
    tell(SIGTERM, "draining");

    tell(SIGTERM, "told twice to end");

    EXPECT_EQ(gateway_->wait(), 0) << gateway_->err();
    EXPECT_THROW(client_->read_chunks_to_end(), std::exception);
    EXPECT_TRUE(world_.upstream.saw_asker_leave());
}

TEST_F(DrainFlow, CutsWhatOutlastsTheGrace) {
    start("  drain_grace_seconds: 1\n");

    tell(SIGINT, "draining");

    EXPECT_EQ(gateway_->wait(), 0) << gateway_->err();
    EXPECT_TRUE(world_.upstream.saw_asker_leave());
    const auto lines = ChildProcess::lines_with(gateway_->out(), R"("evt":"inference")");
    ASSERT_EQ(lines.size(), 1U) << gateway_->everything();
}

}  // namespace
}  // namespace gatehouse::testing

// SPDX-License-Identifier: Apache-2.0
// Limits over the real binary: they hold over every shard of every replica, and a runaway session stands until its
// owner resumes it in a browser.
#include <gtest/gtest.h>

#include <thread>

#include "tests/flows/two_gateways.h"

namespace gatehouse::testing {
namespace {

class LimitsFlow : public TwoGatewaysFlow {
  protected:
    void given_limits(std::string_view limits) {
        Config config = world_.config();
        config.policies = "    - limits: " + std::string(limits) + "\n";
        serve(std::move(config));
    }
    Answer ask(std::uint16_t port, std::string_view session) const {
        http::Headers headers = ada_.bearer();
        headers.add("x-claude-code-session-id", session);
        return HttpConnection(port).ask("POST", "/v1/messages", headers, ask_for("claude-sonnet-5"));
    }
};

TEST_F(LimitsFlow, HoldOverReplicasHoweverManyAskAtOnce) {
    given_limits("{ user: { requests_per_minute: 20 } }");
    std::atomic<int> served{0};
    std::atomic<int> braked{0};
    const auto begin = std::chrono::steady_clock::now();
    {
        std::vector<std::jthread> clients;
        for (int client = 0; client < 10; ++client)
            clients.emplace_back([&, client] {
                for (int times = 0; times < 6; ++times) {
                    const Answer answer = ask(client % 2 == 0 ? one_->port() : two_->port(), "s");
                    (answer.status == 200 ? served : braked) += 1;
                    if (answer.status == 200) continue;
                    EXPECT_EQ(answer.status, 429) << answer.body;
                    EXPECT_FALSE(answer.header("retry-after").empty());
                }
            });
    }
    // One more for every three seconds that the test took.
    const auto took = std::chrono::steady_clock::now() - begin;
    const auto more = static_cast<int>(std::chrono::duration_cast<std::chrono::seconds>(took).count() / 3 + 1);
    EXPECT_GE(served, 20);
    EXPECT_LE(served, 20 + more);
    EXPECT_EQ(served + braked, 60);
}

TEST_F(LimitsFlow, ARunawaySessionStandsOnEveryReplicaUntilItsOwnerResumesIt) {
    given_limits("{ pause_session: { requests: 2 } }");
    EXPECT_EQ(ask(one_->port(), "run/away").status, 200);
    EXPECT_EQ(ask(two_->port(), "run/away").status, 200);

    const Answer paused = ask(one_->port(), "run/away");

    EXPECT_EQ(paused.status, 429);
    EXPECT_EQ(paused.header("x-should-retry"), "false");
    EXPECT_EQ(
        message_of(paused),
        "this session is paused: it made 2 requests within 60 minutes, and its policy pauses sessions at 2 · if it "
        "is meant to go on, resume it at http://localhost:4180/access");
    EXPECT_EQ(ask(two_->port(), "run/away").status, 429);
    EXPECT_EQ(ask(two_->port(), "another").status, 200);

    Browser stranger = world_.browse(two_->port(), "demo-carl");
    const std::string form = http::encode_form({{"user", "demo-ada"}, {"session", "run/away"}});
    EXPECT_EQ(stranger.get("/access").body.find("run/away"), std::string::npos);
    EXPECT_EQ(stranger.post("/access/paused/resume", form).status, 404);
    EXPECT_EQ(ask(one_->port(), "run/away").status, 429);

    Browser owner = world_.browse(two_->port(), "demo-ada");
    EXPECT_NE(owner.get("/access").body.find("run/away"), std::string::npos);
    EXPECT_EQ(owner.post("/access/paused/resume", form).status, 302);

    EXPECT_EQ(ask(one_->port(), "run/away").status, 200);
    EXPECT_EQ(owner.get("/access").body.find("run/away"), std::string::npos);
}

TEST_F(LimitsFlow, ItsOwnerResumesARunawaySessionInTheConsoleAndItsCredentialDoesNot) {
    given_limits("{ pause_session: { requests: 1 } }");
    EXPECT_EQ(ask(one_->port(), "run/away").status, 200);
    EXPECT_EQ(ask(two_->port(), "run/away").status, 429);
    const std::string list = "/v1/me/paused_sessions";
    const std::string resume = "/v1/me/paused_sessions/resume";
    const std::string body = R"({"user_id":"demo-ada","session_id":"run/away"})";

    EXPECT_EQ(HttpConnection(one_->port()).ask("POST", resume, ada_.bearer(), body).status, 403);
    EXPECT_EQ(world_.browse(two_->port(), "demo-carl").call("POST", resume, body).status, 404);
    EXPECT_EQ(ask(one_->port(), "run/away").status, 429);

    Browser owner = world_.browse(two_->port(), "demo-ada");
    EXPECT_NE(owner.call("GET", list).body.find("it made 1 request within 60 minutes"), std::string::npos);
    EXPECT_EQ(owner.call("POST", resume, body).status, 200);

    EXPECT_EQ(owner.call("GET", list).body, R"({"data":[]})");
    EXPECT_EQ(ask(one_->port(), "run/away").status, 200);
}

}  // namespace
}  // namespace gatehouse::testing

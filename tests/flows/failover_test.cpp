// SPDX-License-Identifier: Apache-2.0
// Several upstreams behind one gateway: who is asked when one fails, and what the client hears when all do.
#include <gtest/gtest.h>

#include "tests/flows/world.h"

namespace gatehouse::testing {
namespace {

/// A built-in model goes to all three; `by-closed` to a port where nobody listens and to the second; `by-first` to the
/// first and the second.
class FailoverFlow : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        world_ = std::make_unique<World>();
        second_ = std::make_unique<ScriptedUpstream>(Script::json(200, R"({"from":"second"})"));
        Config config = world_->config();
        config.upstreams = World::upstream_entry("first", world_->upstream.url()) +
                           World::upstream_entry("second", second_->url()) +
                           World::upstream_entry("closed", closed_.url());
        config.policies = "    - cli: {}\n";
        config.more =
            "timeouts: { upstream_ttfb_ms: 1000 }\n"
            "models:\n"
            "  - { id: by-closed, upstream_model: { closed: claude-sonnet-5, second: second-name } }\n"
            "  - { id: by-first, upstream_model: { first: claude-sonnet-5, second: second-name } }\n"
            "  - { id: by-closed-alone, upstream_model: { closed: claude-sonnet-5 } }\n";
        gateway_ = world_->serve(config);
        ada_ = world_->sign_in(gateway_->port(), "demo-ada");
    }
    static void TearDownTestSuite() {
        EXPECT_EQ(gateway_->terminate(), 0) << gateway_->err();
        gateway_.reset();
        second_.reset();
        world_.reset();
    }
    void SetUp() override {
        first().forget();
        second_->forget();
    }

    static ScriptedUpstream& first() { return world_->upstream; }
    static Answer ask(std::string_view model) { return post_messages(gateway_->port(), ada_, ask_for(model)); }

    static inline const ReservedPort closed_;
    static inline std::unique_ptr<World> world_;
    static inline std::unique_ptr<ScriptedUpstream> second_;
    static inline std::unique_ptr<GatehouseProcess> gateway_;
    static inline Tokens ada_;
};

TEST_F(FailoverFlow, GoesOnWhenNobodyListens) {
    const Answer answer = ask("by-closed");

    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, R"({"from":"second"})");
    EXPECT_EQ(second_->last().body, ask_for("second-name"));
}

TEST_F(FailoverFlow, GoesOnWhenTheUpstreamIsAtFaultOrRefusesUs) {
    for (const int status : {401, 403, 404, 429, 500, 501, 502, 503, 504, 529}) {
        second_->forget();
        first().next(Script::json(status, R"({"from":"first"})"));

        const Answer answer = ask("by-first");

        EXPECT_EQ(answer.status, 200) << status;
        EXPECT_EQ(answer.body, R"({"from":"second"})") << status;
        EXPECT_EQ(second_->last().body, ask_for("second-name")) << status;
        EXPECT_EQ(first().last().body, ask_for("claude-sonnet-5")) << status;
    }
}

TEST_F(FailoverFlow, StaysWhenTheRequestIsAtFault) {
    for (const int status : {400, 402, 405, 408, 409, 413, 422, 302, 307}) {
        first().next(Script::json(status, R"({"from":"first"})"));

        const Answer answer = ask("by-first");

        EXPECT_EQ(answer.status, status);
        EXPECT_EQ(answer.body, R"({"from":"first"})") << status;
    }
    EXPECT_EQ(second_->count(), 0U);
}

TEST_F(FailoverFlow, GoesOnWhenNoAnswerBeginsInTime) {
    first().next(Script::silence());

    const Answer answer = ask("by-first");

    EXPECT_EQ(answer.body, R"({"from":"second"})");
    EXPECT_TRUE(first().saw_asker_leave());
}

TEST_F(FailoverFlow, GoesOnWhenTheConnectionBreaksBeforeAnAnswer) {
    first().next(Script::hang_up());
    first().next(Script::hang_up());  // if it is asked again on a fresh connection

    EXPECT_EQ(ask("by-first").body, R"({"from":"second"})");
}

TEST_F(FailoverFlow, AsksOnceMoreWhenAPooledConnectionTurnsOutDead) {
    HttpConnection client(gateway_->port());  // one client, one shard, one pool
    const auto ask_here = [&] { return client.ask("POST", "/v1/messages", ada_.bearer(), ask_for("by-first", false)); };
    first().next(Script::json(200, R"({"n":1})"));
    EXPECT_EQ(ask_here().body, R"({"n":1})");
    first().next(Script::hang_up());
    first().next(Script::json(200, R"({"n":2})"));

    const Answer answer = ask_here();

    EXPECT_EQ(answer.body, R"({"n":2})");
    EXPECT_EQ(first().count(), 3U);
    EXPECT_EQ(second_->count(), 0U);
}

struct AllFail {
    int first;
    int second;
    int answered;
    const char* from;
};

TEST_F(FailoverFlow, AnswersWithTheMostTellingOfAllFailures) {
    const std::vector<AllFail> cases{
        {429, 500, 429, "first"}, {500, 429, 429, "second"}, {429, 429, 429, "second"},
        {401, 404, 401, "first"}, {403, 401, 401, "second"}, {404, 501, 404, "first"},
        {501, 500, 501, "first"}, {529, 500, 529, "first"},  {401, 429, 429, "second"},
    };
    for (const AllFail& each : cases) {
        first().next(Script::json(each.first, R"({"from":"first"})"));
        second_->next(Script::json(each.second, R"({"from":"second"})"));

        const Answer answer = ask("by-first");

        EXPECT_EQ(answer.status, each.answered) << each.first << " " << each.second;
        EXPECT_EQ(text_of(answer, "from"), each.from) << each.first << " " << each.second;
    }
}

TEST_F(FailoverFlow, SaysThatAllFailedWhenNoneSaidAnythingTelling) {
    first().next(Script::json(500, R"({"secret":"stack trace"})"));
    second_->next(Script::json(503, "{}"));

    const Answer answer = ask("by-first");

    EXPECT_EQ(answer.status, 502);
    EXPECT_EQ(message_of(answer), "all upstreams failed (3 attempted)");
    EXPECT_NE(answer.body.find("api_error"), std::string::npos);
}

TEST_F(FailoverFlow, SaysThatAllFailedWhenNobodyListens) {
    EXPECT_EQ(ask("by-closed-alone").status, 502);
}

TEST_F(FailoverFlow, KeepsRetryAfterOfTheLimitThatItPassesOn) {
    first().next(Script::body(429, "content-type: application/json\r\nretry-after: 17\r\n", "{}"));
    second_->next(Script::json(500, "{}"));

    EXPECT_EQ(ask("by-first").header("retry-after"), "17");
}

TEST_F(FailoverFlow, NeverGoesOnOnceTheAnswerHasBegun) {
    first().next(Script::stream().chunk(answer_events()[0]).close());

    const Answer answer = ask("by-first");

    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.body.starts_with(answer_events()[0]));
    EXPECT_EQ(second_->count(), 0U);
}

TEST_F(FailoverFlow, SendsAnEveryonesModelToAllAndNamesTheOneThatAnswered) {
    first().next(Script::json(500, "{}"));

    const Answer answer = ask("claude-sonnet-5");

    const std::string line = gateway_->line_with(ChildProcess::Stream::out,
                                                 R"("evt":"inference","request_id":")" + answer.header("x-request-id"));
    EXPECT_NE(line.find(R"("upstream":"second")"), std::string::npos) << line;
    EXPECT_NE(line.find(R"("status":200)"), std::string::npos) << line;
}

}  // namespace
}  // namespace gatehouse::testing

// SPDX-License-Identifier: Apache-2.0
// When the next upstream is tried, and what the developer gets when all have failed.
#include <algorithm>

#include "gateway/messages/failed_answers.h"
#include "tests/messages/route_fixture.h"

namespace gatehouse::messages {
namespace {

using testing::Gate;
using testing::ScriptedReply;

constexpr const char* plain_ask = R"({"model":"claude-sonnet-5","messages":[]})";

std::string body_of(int status, std::size_t index) {
    return R"({"type":"error","from":)" + std::to_string(index) + R"(,"status":)" + std::to_string(status) + "}";
}

/// 0 stands for an upstream that cannot be reached.
ScriptedReply reply_of(int status, std::size_t index) {
    if (status == 0) return ScriptedReply::failure(Error::upstream_unreachable(Reason::connect_failed, "refused"));
    return ScriptedReply::json(status, body_of(status, index)).header("Retry-After", "9");
}

class Failover : public RouteFixture {
  protected:
    std::unique_ptr<Served> serve_with(const std::vector<int>& statuses) {
        given_upstreams(statuses.size());
        for (std::size_t index = 0; index < statuses.size(); ++index)
            upstream_client.next(reply_of(statuses[index], index));
        return serve(plain_ask);
    }
};

struct Case {
    std::vector<int> statuses;
    int status;
    int from;  ///< index of the upstream whose body it is; -1: the gateway's own
};

class FailoverMatrix : public Failover, public ::testing::WithParamInterface<Case> {};

TEST_P(FailoverMatrix, GivesTheAnswerOfTheContract) {
    const Case& expected = GetParam();
    const auto served = serve_with(expected.statuses);
    EXPECT_EQ(served->status(), expected.status);
    EXPECT_EQ(entry().status, expected.status);
    if (expected.from < 0) {
        ASSERT_FALSE(served->result);
        EXPECT_EQ(served->rendered().body, R"({"type":"error","request_id":")" + served->request_id +
                                               R"x(","error":{"type":"api_error","message":"all upstreams failed ()x" +
                                               std::to_string(expected.statuses.size()) + R"x( attempted)"}})x");
        EXPECT_EQ(entry().reason, "upstreams_exhausted");
        return;
    }
    ASSERT_TRUE(served->result);
    EXPECT_TRUE(served->client.finished);
    EXPECT_EQ(served->client.body(), body_of(expected.status, static_cast<std::size_t>(expected.from)));
    EXPECT_EQ(entry().upstream, "up" + std::to_string(expected.from));
    EXPECT_EQ(served->client.headers.count("request-id"), expected.status == 200 ? 1U : 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Section8, FailoverMatrix,
    ::testing::Values(
        // The first that does not fail over is the answer.
        Case{{200}, 200, 0}, Case{{500, 200}, 200, 1}, Case{{401, 403, 200}, 200, 2}, Case{{404, 200}, 200, 1},
        Case{{429, 200}, 200, 1}, Case{{529, 200}, 200, 1}, Case{{501, 200}, 200, 1}, Case{{0, 200}, 200, 1},
        Case{{400, 200}, 400, 0}, Case{{402, 200}, 402, 0}, Case{{405, 200}, 405, 0}, Case{{408, 200}, 408, 0},
        Case{{409, 200}, 409, 0}, Case{{413, 200}, 413, 0}, Case{{422, 200}, 422, 0}, Case{{307, 200}, 307, 0},
        Case{{500, 400}, 400, 1},
        // All failed.
        Case{{429}, 429, 0}, Case{{401}, 401, 0}, Case{{403}, 403, 0}, Case{{404}, 404, 0}, Case{{501}, 501, 0},
        Case{{529}, 529, 0}, Case{{500}, 502, -1}, Case{{502}, 502, -1}, Case{{503}, 502, -1}, Case{{0}, 502, -1},
        Case{{429, 429}, 429, 1}, Case{{429, 500}, 429, 0}, Case{{429, 401, 404, 501}, 429, 0},
        Case{{401, 429, 403}, 429, 1}, Case{{401, 403}, 403, 1}, Case{{403, 401}, 401, 1}, Case{{404, 401, 0}, 401, 1},
        Case{{404, 404, 503}, 404, 1}, Case{{501, 404}, 404, 1}, Case{{404, 501}, 404, 0}, Case{{501, 500}, 501, 0},
        Case{{529, 500}, 529, 0}, Case{{500, 529, 0}, 529, 1}, Case{{529, 404}, 404, 1}, Case{{0, 0, 500}, 502, -1}));

TEST_F(Failover, TriesEachUpstreamOnceInOrderWithTheSameBody) {
    serve_with({500, 0, 429, 503});
    ASSERT_EQ(upstream_client.requests().size(), 4U);
    for (std::size_t index = 0; index < 4; ++index) {
        EXPECT_EQ(upstream_client.request(index).url.host, "up" + std::to_string(index) + ".example.com");
        EXPECT_EQ(upstream_client.request(index).body, plain_ask);
    }
    const std::string text = metrics.exposition();
    EXPECT_NE(text.find(R"(gatehouse_upstream_requests_total{status="0",upstream="up1"} 1)"), std::string::npos);
    EXPECT_NE(text.find(R"(gatehouse_upstream_requests_total{status="429",upstream="up2"} 1)"), std::string::npos);
    EXPECT_NE(text.find(R"(gatehouse_refusals_total{reason="upstreams_exhausted"} 1)"), std::string::npos);
}

TEST_F(Failover, FailsOverWhenTheFirstByteTakesTooLong) {
    given_upstreams(2);
    upstream_client.next(ScriptedReply::failure(Error::timed_out(Reason::upstream_timeout, "no head")));
    upstream_client.next(ScriptedReply::json(200, "{}"));
    EXPECT_EQ(serve(plain_ask)->client.status, 200);
}

TEST_F(Failover, DoesNotFailOverOnceHeadersCame) {
    given_upstreams(2);
    upstream_client.next(ScriptedReply::sse().cut());
    upstream_client.next(ScriptedReply::json(200, "{}"));
    const auto served = serve(plain_ask);
    ASSERT_FALSE(served->result);
    EXPECT_EQ(served->rendered().status, 502);
    EXPECT_EQ(entry().reason, "upstream_cut");
    EXPECT_EQ(upstream_client.requests().size(), 1U);
}

TEST_F(Failover, KeepsRetryAfterOnTheFinal429) {
    const auto served = serve_with({429});
    EXPECT_EQ(served->client.headers.value("retry-after"), "9");
}

TEST_F(Failover, DoesWithoutAFailedAnswerThatItCannotReadWhole) {
    given_upstreams(3);
    upstream_client.next(ScriptedReply::json(404, "small"));
    upstream_client.next(ScriptedReply::json(429, "half").cut());
    upstream_client.next(ScriptedReply::json(429, std::string((std::size_t{1} << 20U) + 1, 'x')));
    const auto served = serve(plain_ask);
    EXPECT_EQ(served->client.status, 404);
    EXPECT_EQ(served->client.body(), "small");
}

TEST_F(Failover, StopsWhenTheClientIsGone) {
    given_upstreams(2);
    upstream_client.next(ScriptedReply::failure(Error::client_gone()));
    const auto served = serve(plain_ask);
    ASSERT_FALSE(served->result);
    EXPECT_EQ(served->result.error().fault, Fault::client_gone);
    EXPECT_EQ(upstream_client.requests().size(), 1U);
    EXPECT_EQ(entry().status, 499);
    EXPECT_EQ(entry().reason, "client_disconnected");
}

class Stalled final : public http::Source {
  public:
    explicit Stalled(std::shared_ptr<Gate> gate) : gate_(std::move(gate)) {}
    Task<std::string_view> read() override {
        const auto opened = co_await gate_->wait();
        if (!opened) co_return fail(opened.error());
        co_return std::string_view{};
    }

  private:
    std::shared_ptr<Gate> gate_;
};

TEST(ReadWithin, GivesUpOnABodyThatDoesNotEnd) {
    Stalled source(std::make_shared<Gate>());
    const auto text = testing::run(read_within(source, 100, std::chrono::milliseconds{1}));
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().reason, Reason::upstream_timeout);
}

TEST(FailedAnswers, PrefersByRankAndThenTheLast) {
    FailedAnswers failed;
    EXPECT_FALSE(failed.prefers(500));
    EXPECT_FALSE(failed.prefers(200));
    EXPECT_TRUE(failed.prefers(529));
    failed.keep({404, {}, "", "", ""});
    EXPECT_TRUE(failed.prefers(404));
    EXPECT_TRUE(failed.prefers(403));
    EXPECT_FALSE(failed.prefers(501));
    EXPECT_EQ(failed.take()->status, 404);
}

}  // namespace
}  // namespace gatehouse::messages

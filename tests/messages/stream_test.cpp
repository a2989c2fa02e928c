// SPDX-License-Identifier: Apache-2.0
// The relay of streams: byte for byte, as they arrive, no faster than the client reads, and ended so that both sides
// know how.
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/this_coro.hpp>
#include <random>

#include "tests/messages/route_fixture.h"

namespace gatehouse::messages {
namespace {

using testing::Gate;
using testing::GivenBody;
using testing::ScriptedReply;

constexpr const char* stream_ask = R"({"model":"claude-sonnet-5","stream":true,"messages":[]})";
const std::string start =
    "event: message_start\n"
    R"(data: {"type":"message_start","message":{"usage":{"input_tokens":25,"output_tokens":1}}})"
    "\n\n";
const std::string delta =
    "event: content_block_delta\n"
    R"(data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"h\u00e9llo \"},"}})"
    "\n\n";
const std::string ping = "event: ping\ndata: {\"type\": \"ping\"}\n\n: comment\n\n";
const std::string end =
    "event: message_delta\n"
    R"(data: {"type":"message_delta","usage":{"output_tokens":15}})"
    "\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

class Streaming : public RouteFixture {
  protected:
    std::string error_data() const {
        return R"({"type":"error","request_id":"11111111-2222-4333-8444-555555555555",)"
               R"("error":{"type":"api_error","message":"the upstream's answer broke off"}})";
    }

    static Task<> as_the_session_does(Task<> handler) {
        co_await boost::asio::this_coro::throw_if_cancelled(false);
        auto result = co_await std::move(handler);
        co_return result;
    }
    /// Starts a request without waiting for its end.
    void begin(Served& served, http::Request& request, GivenBody& body, boost::asio::cancellation_slot slot) {
        boost::asio::co_spawn(context, as_the_session_does(handled(request, body, served.client)),
                              boost::asio::bind_cancellation_slot(slot, [&](std::exception_ptr thrown, Result<> value) {
                                  done = true;
                                  served.result = thrown ? fail(Error::internal("thrown")) : std::move(value);
                              }));
        context.restart();
    }
    bool done = false;
};

TEST_F(Streaming, RelaysEveryChunkAsItCameAndCountsItsTokens) {
    upstream_client.next(
        ScriptedReply::sse().header("transfer-encoding", "chunked").chunk(start).chunk(delta).chunk(ping).chunk(end));
    const auto served = serve(stream_ask);
    ASSERT_TRUE(served->result);
    EXPECT_EQ(served->client.writes, (std::vector<std::string>{start, delta, ping, end}));
    EXPECT_TRUE(served->client.finished);
    EXPECT_EQ(served->client.headers.value("content-type"), "text/event-stream");
    EXPECT_EQ(served->client.headers.count("transfer-encoding"), 0U);
    EXPECT_TRUE(entry().streamed);
    ASSERT_EQ(recorded().size(), 1U);
    EXPECT_EQ(recorded()[0].usage, (policy::Usage{25, 15, 0, 0, 0, 0}));
    EXPECT_TRUE(upstream_client.last().answered_fully);
}

TEST_F(Streaming, IsByteIdenticalHoweverTheUpstreamSplitsIt) {
    const std::string whole = start + delta + ping + delta + end;
    std::mt19937 random(11);
    std::uniform_int_distribution<std::size_t> size(1, 50);
    for (int round = 0; round < 30; ++round) {
        auto reply = ScriptedReply::sse();
        for (std::string_view rest = whole; !rest.empty();) {
            const std::size_t count = std::min(size(random), rest.size());
            static_cast<void>(std::move(reply).chunk(std::string(rest.substr(0, count))));
            rest.remove_prefix(count);
        }
        upstream_client.next(std::move(reply));
        const auto served = serve(stream_ask);
        EXPECT_EQ(served->client.body(), whole);
    }
    EXPECT_EQ(recorded()[0].usage, (policy::Usage{30 * 25, 30 * 15, 0, 0, 0, 0}));
}

TEST_F(Streaming, EndsACutStreamWithAnErrorEvent) {
    upstream_client.next(ScriptedReply::sse().chunk(start).chunk(delta).cut());
    const auto served = serve(stream_ask);
    ASSERT_TRUE(served->result);
    EXPECT_TRUE(served->client.finished);
    EXPECT_EQ(served->client.body(), start + delta + "event: error\ndata: " + error_data() + "\n\n");
    EXPECT_EQ(entry().status, 200);
    EXPECT_EQ(entry().reason, "upstream_cut");
    EXPECT_EQ(recorded()[0].usage, (policy::Usage{25, 3, 0, 0, 0, 0}));
    EXPECT_TRUE(entry().estimated);
    EXPECT_NE(metrics.exposition().find(R"(gatehouse_refusals_total{reason="upstream_cut"} 1)"), std::string::npos);
}

// A client that got half a data line would otherwise stumble over it before it sees the error.
TEST_F(Streaming, DefusesTheEventThatACutBrokeOff) {
    for (std::size_t cut = 1; cut < delta.size(); ++cut) {
        const std::string part = delta.substr(0, cut);
        upstream_client.next(ScriptedReply::sse().chunk(start).chunk(part).cut());
        const auto served = serve(stream_ask);
        ASSERT_TRUE(served->result);
        const std::string tail = part + "\nevent: ping\n\nevent: error\ndata: " + error_data() + "\n\n";
        ASSERT_EQ(served->client.body(), start + tail);

        http::EventDecoder client([](std::string_view) { return http::Interest::whole; });
        client.feed(tail);
        auto event = client.next();
        ASSERT_TRUE(event) << cut;
        // All but the last line feed is the whole event; any less must not show.
        const bool whole = event->name == "content_block_delta";
        EXPECT_EQ(whole, cut == delta.size() - 1);
        if (whole || event->name == "ping") event = client.next();
        ASSERT_TRUE(event) << cut;
        EXPECT_EQ(event->name, "error") << cut;
        EXPECT_EQ(event->data, error_data()) << cut;
    }
}

TEST_F(Streaming, TellsACutFromAnEndByMessageStopWhereOnlyTheCloseEndsTheBody) {
    upstream_client.next(ScriptedReply::sse().chunk(start).chunk(delta));
    EXPECT_TRUE(serve(stream_ask)->client.body().ends_with(error_data() + "\n\n"));
    upstream_client.next(ScriptedReply::sse().chunk(start + end));
    EXPECT_EQ(serve(stream_ask)->client.body(), start + end);
    upstream_client.next(ScriptedReply::sse().chunk(start).chunk("event: error\ndata: {}\n\n"));
    EXPECT_EQ(serve(stream_ask)->client.body(), start + "event: error\ndata: {}\n\n");
    upstream_client.next(ScriptedReply::sse().header("Transfer-Encoding", "chunked").chunk(start));
    EXPECT_EQ(serve(stream_ask)->client.body(), start);
}

TEST_F(Streaming, SaysNothingWhenTheCutComesAfterTheMessageIsOver) {
    upstream_client.next(ScriptedReply::sse().chunk(start).chunk(end).cut());
    const auto served = serve(stream_ask);
    ASSERT_TRUE(served->result);
    EXPECT_EQ(served->client.body(), start + end);
    EXPECT_TRUE(served->client.finished);
    EXPECT_EQ(entry().reason, "");
}

TEST_F(Streaming, LeavesACutJsonAnswerBroken) {
    upstream_client.next(ScriptedReply::json(200, R"({"content":[)").header("Content-Length", "500").cut());
    const auto served = serve(stream_ask);
    ASSERT_FALSE(served->result);
    EXPECT_TRUE(served->client.started());
    EXPECT_FALSE(served->client.finished);
    EXPECT_EQ(served->client.headers.value("content-length"), "500");
    EXPECT_EQ(entry().reason, "upstream_cut");
    EXPECT_EQ(entry().status, 200);
}

TEST_F(Streaming, StopsPullingWhenTheClientLeavesAndStillCounts) {
    upstream_client.next(ScriptedReply::sse().chunk(start).chunk(delta).chunk(delta).chunk(end));
    Served before;
    before.client.gone_from = 2;
    const auto served = serve(request_for("/v1/messages"), GivenBody(stream_ask), std::move(before));
    ASSERT_FALSE(served->result);
    EXPECT_EQ(served->result.error().fault, Fault::client_gone);
    EXPECT_EQ(served->client.writes.size(), 2U);
    EXPECT_FALSE(served->client.finished);
    EXPECT_TRUE(upstream_client.last().dropped);
    EXPECT_EQ(entry().reason, "client_disconnected");
    ASSERT_EQ(recorded().size(), 1U);
    // Both deltas: how much of the second one left us nobody knows.
    EXPECT_EQ(recorded()[0].usage, (policy::Usage{25, 5, 0, 0, 0, 0}));
    EXPECT_TRUE(entry().estimated);
    EXPECT_NE(metrics.exposition().find("gatehouse_streams 0"), std::string::npos);
}

TEST_F(Streaming, PullsNothingWhileTheClientDoesNotRead) {
    const auto slow = std::make_shared<Gate>();
    const auto far = std::make_shared<Gate>();
    upstream_client.next(ScriptedReply::sse().chunk(start).pause(far).chunk(end));
    Served served;
    served.client.slow = slow;
    http::Request request = request_for("/v1/messages");
    GivenBody body(stream_ask);
    boost::asio::cancellation_signal signal;
    begin(served, request, body, signal.slot());
    while (slow->waiting() == 0)
        context.run_one();
    context.poll();
    EXPECT_EQ(far->waiting(), 0U);
    slow->open();
    while (far->waiting() == 0)
        context.run_one();
    far->open();
    context.run();
    ASSERT_TRUE(done);
    EXPECT_EQ(served.client.body(), start + end);
}

TEST_F(Streaming, EndsTheUpstreamExchangeAtOnceWhenItIsCancelledMidStream) {
    const auto gate = std::make_shared<Gate>();
    upstream_client.next(ScriptedReply::sse().chunk(start).pause(gate).chunk(end));
    Served served;
    http::Request request = request_for("/v1/messages");
    GivenBody body(stream_ask);
    boost::asio::cancellation_signal signal;
    begin(served, request, body, signal.slot());
    while (gate->waiting() == 0)
        context.run_one();
    EXPECT_FALSE(upstream_client.last().dropped);
    signal.emit(boost::asio::cancellation_type::terminal);
    context.run();
    ASSERT_TRUE(done);
    ASSERT_FALSE(served.result);
    EXPECT_EQ(served.result.error().fault, Fault::client_gone);
    EXPECT_TRUE(upstream_client.last().dropped);
    // The settlement took place although everything before it was cancelled.
    ASSERT_EQ(recorded().size(), 1U);
    EXPECT_EQ(recorded()[0].usage.input, 25);
    ASSERT_EQ(journal.entries.size(), 1U);
}

TEST_F(Streaming, CancelsWhileTheUpstreamHasNotAnsweredYet) {
    const auto gate = std::make_shared<Gate>();
    given_upstreams(2);
    upstream_client.next(ScriptedReply::sse().head_after(gate));
    Served served;
    http::Request request = request_for("/v1/messages");
    GivenBody body(stream_ask);
    boost::asio::cancellation_signal signal;
    begin(served, request, body, signal.slot());
    while (gate->waiting() == 0)
        context.run_one();
    signal.emit(boost::asio::cancellation_type::terminal);
    context.run();
    ASSERT_TRUE(done);
    EXPECT_EQ(upstream_client.requests().size(), 1U);
    ASSERT_EQ(journal.entries.size(), 1U);
    EXPECT_EQ(entry().status, 499);
}

}  // namespace
}  // namespace gatehouse::messages

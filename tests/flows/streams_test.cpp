// SPDX-License-Identifier: Apache-2.0
// Streams that end early, at either end.
#include <gtest/gtest.h>

#include "gateway/http/sse.h"
#include "tests/flows/world.h"

namespace gatehouse::testing {
namespace {

class StreamsFlow : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        world_ = std::make_unique<World>();
        gateway_ = world_->serve(world_->config());
        ada_ = world_->sign_in(gateway_->port(), "demo-ada");
    }
    static void TearDownTestSuite() {
        EXPECT_EQ(gateway_->terminate(), 0) << gateway_->err();
        gateway_.reset();
        world_.reset();
    }
    void SetUp() override { upstream().forget(); }

    static ScriptedUpstream& upstream() { return world_->upstream; }
    static void send(HttpConnection& client) {
        client.send("POST", "/v1/messages", ada_.bearer(), ask_for("claude-sonnet-5"));
    }
    static std::string audit_line(const std::string& request_id) {
        return gateway_->line_with(ChildProcess::Stream::out, R"("evt":"inference","request_id":")" + request_id);
    }

    static inline std::unique_ptr<World> world_;
    static inline std::unique_ptr<GatehouseProcess> gateway_;
    static inline Tokens ada_;
};

TEST_F(StreamsFlow, CancelsTheUpstreamWhenTheClientLeavesInMidStream) {
    upstream().next(Script::stream().chunk(answer_events()[0]).pause());
    HttpConnection client(gateway_->port());
    send(client);
    const std::string request_id = client.read_head().header("x-request-id");
    client.read_chunks_until("message_start");

    client.close();

    EXPECT_TRUE(upstream().saw_asker_leave());
    const std::string line = audit_line(request_id);
    EXPECT_NE(line.find(R"("reason":"client_disconnected")"), std::string::npos) << line;
    EXPECT_NE(line.find(R"("input_tokens":11)"), std::string::npos) << line;
}

TEST_F(StreamsFlow, ChargesWhatAClientThatLeftHasConsumed) {
    const Tokens carl = world_->sign_in(gateway_->port(), "demo-carl");
    upstream().next(Script::stream().chunk(answer_events()[0]).pause());
    HttpConnection client(gateway_->port());
    client.send("POST", "/v1/messages", carl.bearer(), ask_for("claude-sonnet-5"));
    client.read_head();
    client.read_chunks_until("message_start");

    client.close();

    const std::string socket = world_->dir.file("store/redis.sock");
    EXPECT_TRUE(eventually([&] { return usage_in(socket, "demo-carl", "claude-sonnet-5").requests == 1; }));
    EXPECT_EQ(usage_in(socket, "demo-carl", "claude-sonnet-5").usage.input, 11);
}

TEST_F(StreamsFlow, CancelsTheUpstreamWhenTheClientLeavesBeforeAnyAnswer) {
    upstream().next(Script::silence());
    HttpConnection client(gateway_->port());
    send(client);
    ASSERT_TRUE(upstream().was_asked());

    client.close();

    EXPECT_TRUE(upstream().saw_asker_leave());
}

TEST_F(StreamsFlow, EndsABrokenStreamWithAnErrorEvent) {
    const auto events = answer_events();
    upstream().next(Script::stream().chunk(events[0]).chunk(events[3]).close());
    HttpConnection client(gateway_->port());
    send(client);

    const Answer answer = client.read();  // ends regularly: the event, not the cut, tells

    const std::string sent = events[0] + events[3];
    ASSERT_TRUE(answer.body.starts_with(sent));
    const std::string rest = answer.body.substr(sent.size());
    ASSERT_TRUE(rest.starts_with("event: error\ndata: {")) << rest;
    const auto envelope = json::parse(rest.substr(rest.find('{')));
    ASSERT_TRUE(envelope) << rest;
    EXPECT_EQ(json::find_string(*envelope, "type"), "error");
    EXPECT_EQ(json::find_string(*json::find(*envelope, "error"), "type"), "api_error");
    EXPECT_EQ(json::find_string(*envelope, "request_id"), answer.header("x-request-id"));
}

TEST_F(StreamsFlow, KeepsTheErrorEventApartFromHalfAnEvent) {
    const std::string sent = answer_events()[0] + "event: content_block_delta\ndata: {\"type\":\"content_blo";
    upstream().next(Script::stream().chunk(sent).close());
    HttpConnection client(gateway_->port());
    send(client);

    const std::string body = client.read().body;

    ASSERT_TRUE(body.starts_with(sent)) << body;
    std::vector<std::pair<std::string, std::string>> events;
    http::EventDecoder decoder([](std::string_view) { return http::Interest::whole; });
    decoder.feed(body);
    while (const auto event = decoder.next())
        events.emplace_back(event->name, event->data);
    ASSERT_EQ(events.size(), 3U) << body;
    EXPECT_EQ(events[1].first, "ping") << "half an event must not be taken for what it would have been";
    EXPECT_EQ(events[2].first, "error");
    EXPECT_TRUE(json::parse(events[2].second)) << events[2].second;
}

TEST_F(StreamsFlow, EndsAStreamThatWasResetAsItEndsOneThatWasCut) {
    upstream().next(Script::stream().chunk(answer_events()[0]).pause().reset());
    HttpConnection client(gateway_->port());
    send(client);
    client.read_head();
    client.read_chunks_until("message_start");

    upstream().resume();

    EXPECT_TRUE(client.read_chunks_to_end().starts_with("event: error\ndata: {"));
}

TEST_F(StreamsFlow, KeepsTheConnectionForTheNextRequestAfterABrokenStream) {
    upstream().next(Script::stream().chunk(answer_events()[0]).close());
    HttpConnection client(gateway_->port());
    send(client);
    EXPECT_NE(client.read().body.find("event: error"), std::string::npos);

    send(client);

    EXPECT_EQ(client.read().body, joined(answer_events()));
}

TEST_F(StreamsFlow, AddsNoErrorToAStreamThatWasComplete) {
    // HTTP/1.0 style: only the close marks the end.
    upstream().next(Script::raw("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n" +
                                joined(answer_events()))
                        .close());
    HttpConnection client(gateway_->port());
    send(client);

    EXPECT_EQ(client.read().body, joined(answer_events()));
}

TEST_F(StreamsFlow, BreaksAnAnswerOfKnownLengthThatWasCut) {
    upstream().next(
        Script::raw("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"half\":")
            .close());
    HttpConnection client(gateway_->port());
    client.send("POST", "/v1/messages", ada_.bearer(), ask_for("claude-sonnet-5", false));

    EXPECT_EQ(client.read_head().header("content-length"), "100");
    EXPECT_TRUE(client.closes_after("{\"half\":"));
}

TEST_F(StreamsFlow, RelaysALongStreamUnchanged) {
    std::vector<std::string> events{answer_events()[0]};
    for (int index = 0; index < 5'000; ++index)
        events.push_back("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":" +
                         std::to_string(index) + ",\"delta\":{\"type\":\"text_delta\",\"text\":\"" +
                         std::string(static_cast<std::size_t>(index % 700), 'x') + "\"}}\n\n");
    events.push_back(answer_events().back());
    upstream().next(streamed(events));
    HttpConnection client(gateway_->port());
    send(client);

    const std::string body = client.read().body;

    EXPECT_EQ(body.size(), joined(events).size());
    EXPECT_TRUE(body == joined(events));
}

TEST_F(StreamsFlow, TakesNoMoreFromTheUpstreamThanTheClientTakes) {
    // Far more than the sockets on the way can hold.
    constexpr std::size_t chunks = 256;
    const std::string event = "event: ping\ndata: {\"filler\":\"" + std::string(std::size_t{1} << 20U, 'x') + "\"}\n\n";
    Script script = Script::stream();
    for (std::size_t count = 0; count < chunks; ++count)
        script = std::move(script).chunk(event);
    upstream().next(std::move(script).end());
    HttpConnection client(gateway_->port());
    send(client);

    EXPECT_TRUE(upstream().was_stalled());

    EXPECT_EQ(client.read_head().status, 200);
    std::size_t size = 0;
    while (const auto chunk = client.read_chunk())
        size += chunk->size();
    EXPECT_EQ(size, chunks * event.size());
}

TEST_F(StreamsFlow, CarriesManyStreamsAtOnce) {
    constexpr std::size_t many = 50;
    std::vector<std::unique_ptr<HttpConnection>> clients;
    for (std::size_t index = 0; index < many; ++index)
        upstream().next(Script::stream().chunk(answer_events()[0]).pause().chunk(answer_events().back()).end());
    for (std::size_t index = 0; index < many; ++index) {
        clients.push_back(std::make_unique<HttpConnection>(gateway_->port()));
        send(*clients.back());
    }
    for (const auto& client : clients) {
        EXPECT_EQ(client->read_head().status, 200);
        EXPECT_EQ(client->read_chunk(), answer_events()[0]);
    }

    for (std::size_t index = 0; index < many; ++index)
        upstream().resume();

    for (const auto& client : clients)
        EXPECT_EQ(client->read_chunks_to_end(), answer_events().back());
}

}  // namespace
}  // namespace gatehouse::testing

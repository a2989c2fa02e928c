// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <memory>
#include <string>

#include "gateway/http/reply.h"
#include "gateway/otlp/route.h"
#include "tests/support/recording_responder.h"
#include "tests/support/run_task.h"
#include "tests/support/scripted_client.h"
#include "tests/support/signed_in.h"

namespace gatehouse::otlp {
namespace {

using testing::Gate;
using testing::GivenBody;
using testing::ScriptedReply;

Destination destination(std::string_view url) {
    Destination result;
    result.url = *http::parse_url(url);
    return result;
}

Batch batch_of(std::string_view text, Signal signal = Signal::metrics) {
    return {signal, "application/x-protobuf", "", std::make_shared<const http::Body>(http::Body::of(text))};
}

class Otlp : public ::testing::Test {
  protected:
    void given(std::vector<Destination> destinations, ForwardLimits limits = {}) {
        forwarder = std::make_unique<Forwarder>(context.get_executor(), TelemetrySettings{std::move(destinations)},
                                                client, metrics, limits);
        boost::asio::co_spawn(context, forwarder->run(), [this](std::exception_ptr thrown) {
            ended = true;
            EXPECT_FALSE(thrown);
        });
        settle();
    }
    /// Everything that can happen without time passing has happened.
    void settle() {
        context.restart();
        context.poll();
    }
    void stop() {
        forwarder->stop();
        context.restart();
        context.run();
        EXPECT_TRUE(ended);
    }
    bool counted(std::string_view host, std::string_view result, int count) const {
        return metrics.exposition().find("gatehouse_otlp_batches_total{destination=\"https://" + std::string(host) +
                                         "\",result=\"" + std::string(result) + "\"} " + std::to_string(count)) !=
               std::string::npos;
    }

    boost::asio::io_context context{1};
    testing::ScriptedClient client;
    observe::Metrics metrics;
    std::unique_ptr<Forwarder> forwarder;
    bool ended = false;
};

TEST_F(Otlp, ForwardsABatchVerbatimWithTheDestinationsHeadersOnly) {
    Destination collector = destination("https://collector.example.com/api/v2/otlp/");
    collector.headers = {{"DD-API-KEY", "secret"}};
    given({collector});
    client.next(ScriptedReply::of(200, "partial success"));
    Batch batch = batch_of(std::string("\x0a\x00\xff bytes", 9));
    batch.content_encoding = "gzip";
    forwarder->offer(batch);
    settle();

    const auto& sent = client.last();
    EXPECT_EQ(sent.url.host, "collector.example.com");
    EXPECT_EQ(sent.target, "/api/v2/otlp/v1/metrics");
    EXPECT_EQ(sent.method, "POST");
    EXPECT_EQ(sent.body, std::string("\x0a\x00\xff bytes", 9));
    std::string wire;
    sent.headers.append_to(wire);
    EXPECT_EQ(wire, "content-type: application/x-protobuf\r\ncontent-encoding: gzip\r\nDD-API-KEY: secret\r\n");
    EXPECT_EQ(sent.head_timeout, std::chrono::milliseconds{10'000});
    EXPECT_TRUE(sent.answered_fully);
    EXPECT_TRUE(counted("collector.example.com", "sent", 1));
    stop();
}

TEST_F(Otlp, SendsEachDestinationOnlyTheSignalsItTakes) {
    Destination all = destination("https://all.example.com");
    all.logs = all.traces = true;
    Destination none = destination("https://none.example.com");
    none.metrics = false;
    given({destination("https://default.example.com"), all, none});
    for (const char* place : {"/v1/metrics", "/v1/logs", "/v1/traces"})
        client.on(place, ScriptedReply::of(200));
    forwarder->offer(batch_of("m", Signal::metrics));
    forwarder->offer(batch_of("l", Signal::logs));
    forwarder->offer(batch_of("t", Signal::traces));
    settle();
    EXPECT_EQ(client.count("default.example.com/v1/metrics"), 1U);
    EXPECT_EQ(client.count("default.example.com/v1/logs"), 0U);
    EXPECT_EQ(client.count("default.example.com/v1/traces"), 0U);
    EXPECT_EQ(client.count("all.example.com/v1/metrics"), 1U);
    EXPECT_EQ(client.count("all.example.com/v1/logs"), 1U);
    EXPECT_EQ(client.count("all.example.com/v1/traces"), 1U);
    EXPECT_EQ(client.requests().size(), 4U);
    stop();
}

TEST_F(Otlp, HarmsNoDestinationByAnotherThatHangs) {
    const auto gate = std::make_shared<Gate>();
    given({destination("https://slow.example.com"), destination("https://fast.example.com")});
    client.on("slow.example.com/v1/metrics", ScriptedReply::of(200).head_after(gate));
    client.on("fast.example.com/v1/metrics", ScriptedReply::of(200));
    for (int count = 0; count < 3; ++count)
        forwarder->offer(batch_of("x"));
    settle();
    EXPECT_EQ(client.count("fast.example.com/v1/metrics"), 3U);
    EXPECT_EQ(client.count("slow.example.com/v1/metrics"), 1U);
    gate->open();
    settle();
    EXPECT_EQ(client.count("slow.example.com/v1/metrics"), 3U);
    stop();
}

TEST_F(Otlp, TriesOnceAndCountsWhatCameOfIt) {
    given({destination("https://a.example.com")});
    client.next(ScriptedReply::of(503));
    client.next(ScriptedReply::of(302).header("Location", "https://elsewhere.example.com"));
    client.next(ScriptedReply::failure(Error::upstream_unreachable(Reason::connect_failed, "down")));
    for (int count = 0; count < 3; ++count)
        forwarder->offer(batch_of("x"));
    settle();
    EXPECT_EQ(client.requests().size(), 3U);
    EXPECT_TRUE(counted("a.example.com", "refused", 2));
    EXPECT_TRUE(counted("a.example.com", "failed", 1));
    stop();
}

TEST_F(Otlp, GivesUpOnADestinationThatNeitherAnswersNorFails) {
    const auto gate = std::make_shared<Gate>();
    given({destination("https://a.example.com")}, {.patience = std::chrono::milliseconds{1}});
    client.next(ScriptedReply::of(200).head_after(gate));
    client.next(ScriptedReply::of(200, "trickle").pause(gate));
    client.next(ScriptedReply::of(200));
    for (int count = 0; count < 3; ++count)
        forwarder->offer(batch_of("x"));
    context.restart();
    while (!counted("a.example.com", "sent", 1))
        context.run_one();
    EXPECT_TRUE(counted("a.example.com", "timed_out", 2));
    EXPECT_TRUE(client.request(1).dropped);
    stop();
}

TEST_F(Otlp, DropsTheOldestWhenAQueueIsFull) {
    const auto gate = std::make_shared<Gate>();
    given({destination("https://a.example.com")}, {.batches = 3, .bytes = 10});
    client.next(ScriptedReply::of(200).head_after(gate));
    client.on("/v1/metrics", ScriptedReply::of(200));
    forwarder->offer(batch_of("under way"));
    settle();
    for (const char* text : {"1", "2", "3", "4", "5"})
        forwarder->offer(batch_of(text));
    EXPECT_TRUE(counted("a.example.com", "dropped", 2));
    forwarder->offer(batch_of("123456789"));
    EXPECT_TRUE(counted("a.example.com", "dropped", 4));
    forwarder->offer(batch_of("12345678901"));
    EXPECT_TRUE(counted("a.example.com", "dropped", 5));
    gate->open();
    settle();
    ASSERT_EQ(client.requests().size(), 3U);
    EXPECT_EQ(client.request(1).body, "5");
    EXPECT_EQ(client.request(2).body, "123456789");
    stop();
}

TEST_F(Otlp, StopsAfterWhatIsUnderWayAndCountsTheRest) {
    const auto gate = std::make_shared<Gate>();
    given({destination("https://a.example.com")});
    client.next(ScriptedReply::of(200).head_after(gate));
    forwarder->offer(batch_of("under way"));
    settle();
    forwarder->offer(batch_of("waiting"));
    forwarder->stop();
    settle();
    EXPECT_FALSE(ended);
    gate->open();
    settle();
    EXPECT_TRUE(ended);
    EXPECT_TRUE(counted("a.example.com", "sent", 1));
    EXPECT_TRUE(counted("a.example.com", "dropped", 1));
    forwarder->offer(batch_of("late"));
    EXPECT_TRUE(counted("a.example.com", "dropped", 2));
}

TEST_F(Otlp, EndsAtOnceWithoutDestinations) {
    given({});
    EXPECT_TRUE(ended);
    forwarder->offer(batch_of("x"));
    forwarder->stop();
}

class OtlpRouteTest : public Otlp {
  protected:
    Result<> serve(std::string_view path, GivenBody& body, testing::RecordingResponder& responder,
                   std::string_view credential = testing::SignedIn::credential) {
        OtlpRoute route({developer.authenticator, *forwarder, developer.journal, [] { return std::size_t{100}; }});
        http::Router router;
        route.mount(router);
        http::Request request;
        request.method = "POST";
        request.target = std::string(path) + "?query=dropped";
        request.path = path;
        request.headers = {{"Authorization", "Bearer " + std::string(credential)},
                           {"Content-Type", "application/json"},
                           {"Content-Encoding", "gzip"},
                           {"User-Agent", "claude"},
                           {"Cookie", "a=b"}};
        const http::Route& found = router.find("POST", path);
        return testing::run(context, std::get<http::StreamHandler>(found.handler.call)(request, body, responder));
    }

    testing::SignedIn developer{{"sub-1", "ada@example.com", "Ada", {}}};
};

TEST_F(OtlpRouteTest, AnswersAtOnceWhateverTheDestinationDoes) {
    Destination collector = destination("https://a.example.com");
    collector.logs = true;
    given({collector});
    const auto gate = std::make_shared<Gate>();
    client.next(ScriptedReply::of(500).head_after(gate));
    GivenBody body("{}");
    testing::RecordingResponder responder;
    ASSERT_TRUE(serve("/v1/logs", body, responder));
    EXPECT_EQ(responder.status, 200);
    EXPECT_EQ(responder.body(), "");
    EXPECT_EQ(responder.headers.value("content-length"), "0");
    EXPECT_TRUE(responder.finished);
    settle();
    const auto& sent = client.last();
    EXPECT_EQ(sent.target, "/v1/logs");
    EXPECT_EQ(sent.body, "{}");
    std::string wire;
    sent.headers.append_to(wire);
    EXPECT_EQ(wire, "content-type: application/json\r\ncontent-encoding: gzip\r\n");
    gate->open();
    stop();
}

TEST_F(OtlpRouteTest, AcceptsAndDiscardsWithoutADestination) {
    given({});
    for (const char* path : {"/v1/metrics", "/v1/logs", "/v1/traces"}) {
        GivenBody body("{}");
        testing::RecordingResponder responder;
        EXPECT_TRUE(serve(path, body, responder));
        EXPECT_EQ(responder.status, 200);
    }
    EXPECT_TRUE(client.requests().empty());
}

TEST_F(OtlpRouteTest, RefusesABadCredentialBeforeReadingAndAnOversizedBody) {
    given({destination("https://a.example.com")});
    GivenBody body("{}");
    testing::RecordingResponder responder;
    const auto stranger = serve("/v1/metrics", body, responder, "nobody");
    ASSERT_FALSE(stranger);
    EXPECT_EQ(stranger.error().fault, Fault::unauthenticated);
    EXPECT_FALSE(body.asked);
    EXPECT_EQ(developer.journal.count("auth.denied"), 1U);
    GivenBody large(std::string(101, 'x'));
    const auto oversized = serve("/v1/metrics", large, responder);
    ASSERT_FALSE(oversized);
    EXPECT_EQ(oversized.error().fault, Fault::too_large);
    EXPECT_FALSE(responder.started());
    settle();
    EXPECT_TRUE(client.requests().empty());
    stop();
}

}  // namespace
}  // namespace gatehouse::otlp

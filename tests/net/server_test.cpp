// SPDX-License-Identifier: Apache-2.0
// The session loop on the wire: keep-alive, pipelining, limits, deadlines, streaming, back-pressure, a client that goes
// away, drain.
#include "gateway/net/server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <future>
#include <regex>

#include "tests/support/live_server.h"
#include "tests/support/raw_client.h"

namespace gatehouse::net {
namespace {

using testing::LiveServer;
using testing::RawClient;
using testing::reply_route;
using testing::stream_route;

Task<http::Response> echo(http::Request& request) {
    co_return http::text(200, request.method + " " + request.path + " " + std::string(request.body.view()));
}

Task<> echo_stream(http::Request& request, http::BodyReader& body, http::Responder& client) {
    const auto read = co_await body.read_into(request, 1'000'000);
    if (!read) co_return fail(read.error());
    client.start(200, {{"content-type", "text/plain"}});
    for (const char* piece : {"one ", "two ", "three"}) {
        const auto written = co_await client.write(piece);
        if (!written) co_return fail(written.error());
    }
    co_return co_await client.finish();
}

std::string get(std::string_view path, std::string_view more = "") {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n" + std::string(more) + "\r\n";
}

std::string post(std::string_view path, std::string_view body, std::string_view more = "") {
    return "POST " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n" + std::string(more) +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

class ServerTest : public ::testing::Test {
  protected:
    std::uint16_t start(TrafficSettings traffic = {}) {
        live = std::make_unique<LiveServer>(std::move(traffic));
        live->router.add(reply_route("*", "/echo", echo));
        live->router.add(stream_route("POST", "/stream", echo_stream));
        http::Route ignores = reply_route("POST", "/ignores", echo);
        ignores.ignores_body = true;
        live->router.add(std::move(ignores));
        return live->start();
    }
    std::unique_ptr<LiveServer> live;
};

TEST_F(ServerTest, AnswersOneAfterTheOtherOnOneConnection) {
    RawClient client(start());
    for (int round = 0; round < 3; ++round) {
        client.send(post("/echo", "round " + std::to_string(round)));
        EXPECT_TRUE(client.read_response().ends_with("POST /echo round " + std::to_string(round)));
    }
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
    RawClient client(start());
    client.send(post("/echo", "a") + get("/echo") + post("/stream", "b") + post("/echo", "c"));
    EXPECT_TRUE(client.read_response().ends_with("POST /echo a"));
    EXPECT_TRUE(client.read_response().ends_with("GET /echo "));
    EXPECT_NE(client.read_until("0\r\n\r\n").find("three"), std::string::npos);
    EXPECT_TRUE(client.read_response().ends_with("POST /echo c"));
}

TEST_F(ServerTest, ReadsARequestThatArrivesByteByByte) {
    RawClient client(start());
    for (const char letter : post("/echo", "slow"))
        client.send({&letter, 1});
    EXPECT_TRUE(client.read_response().ends_with("POST /echo slow"));
}

TEST_F(ServerTest, PutsTheCommonHeadersOnEverything) {
    RawClient client(start());
    for (const char* path : {"/echo", "/nowhere"}) {
        client.send(get(path));
        const std::string answer = client.read_response();
        for (const char* header : {"X-Content-Type-Options: nosniff", "X-Frame-Options: DENY",
                                   "Referrer-Policy: no-referrer", "Cross-Origin-Opener-Policy: same-origin", "Date: "})
            EXPECT_NE(answer.find(header), std::string::npos) << path << header;
        EXPECT_TRUE(std::regex_search(
            answer, std::regex("x-request-id: [0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")));
    }
}

TEST_F(ServerTest, StreamsInChunksToHttp11AndUntilCloseToHttp10) {
    const auto port = start();
    RawClient modern(port);
    modern.send(post("/stream", "x"));
    EXPECT_TRUE(modern.read_until("0\r\n\r\n").ends_with("4\r\none \r\n4\r\ntwo \r\n5\r\nthree\r\n0\r\n\r\n"));
    RawClient old(port);
    old.send("POST /stream HTTP/1.0\r\nContent-Length: 1\r\n\r\nx");
    const std::string answer = old.read_to_end();
    EXPECT_TRUE(answer.ends_with("\r\n\r\none two three")) << answer;
    EXPECT_EQ(answer.find("chunked"), std::string::npos);
}

TEST_F(ServerTest, AnswersHeadWithoutABody) {
    RawClient client(start());
    client.send("HEAD /echo HTTP/1.1\r\nHost: x\r\n\r\n" + get("/echo"));
    EXPECT_NE(client.read_until("\r\n\r\n").find("content-length: 11"), std::string::npos);
    EXPECT_TRUE(client.read_response().ends_with("GET /echo "));
}

TEST_F(ServerTest, SendsContinueBeforeItReadsTheBody) {
    RawClient client(start());
    client.send("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("ok");
    EXPECT_TRUE(client.read_response().ends_with("POST /echo ok"));
}

TEST_F(ServerTest, RefusesABodyOverTheLimitBeforeItIsSent) {
    RawClient client(start());
    client.send("POST /stream HTTP/1.1\r\nHost: x\r\nContent-Length: 1000001\r\n\r\n");
    const std::string answer = client.read_to_end();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 413 "));
    EXPECT_NE(answer.find("request_too_large"), std::string::npos);
}

TEST_F(ServerTest, AnswersBeforeABodyThatTheRouteIgnores) {
    const std::uint16_t port = start();
    RawClient client(port);
    client.send("POST /ignores HTTP/1.1\r\nHost: x\r\nContent-Length: 8388608\r\n\r\n");
    const std::string answer = client.read_until("POST /ignores ");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 "));
    EXPECT_NE(answer.find("Connection: close"), std::string::npos) << "the rest is not worth reading";
    RawClient chunked(port);
    chunked.send("POST /ignores HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    EXPECT_TRUE(chunked.read_until("POST /ignores ").starts_with("HTTP/1.1 200 "));
}

TEST_F(ServerTest, LetsAClientThatIsStillSendingReadTheRefusal) {
    RawClient client(start());
    const std::string body(8'000'000, 'x');
    client.send(post("/stream", body));
    EXPECT_TRUE(client.read_to_end().starts_with("HTTP/1.1 413 "));
}

TEST_F(ServerTest, RefusesAChunkedRequestBodyWith411) {
    RawClient client(start());
    client.send("POST /stream HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n");
    EXPECT_TRUE(client.read_to_end().starts_with("HTTP/1.1 411 "));
}

TEST_F(ServerTest, ClosesAfterAmbiguousFraming) {
    RawClient client(start());
    client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    const std::string answer = client.read_to_end();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 "));
    EXPECT_NE(answer.find("Connection: close"), std::string::npos);
}

TEST_F(ServerTest, HoldsItsLimitsOnHeadersAndUrl) {
    TrafficSettings traffic;
    traffic.max_header_bytes = 8192;
    traffic.max_header_lines = 20;
    traffic.max_url_length = 100;
    const auto port = start(traffic);
    RawClient big(port);
    big.send(get("/echo", "X: " + std::string(9000, 'a') + "\r\n"));
    EXPECT_TRUE(big.read_to_end().starts_with("HTTP/1.1 431 "));
    RawClient endless(port);
    endless.send("GET /echo HTTP/1.1\r\nX: " + std::string(20'000, 'a'));
    EXPECT_TRUE(endless.read_to_end().starts_with("HTTP/1.1 431 "));
    RawClient many(port);
    std::string lines;
    for (int index = 0; index < 30; ++index)
        lines += "X-" + std::to_string(index) + ": y\r\n";
    many.send(get("/echo", lines));
    EXPECT_TRUE(many.read_to_end().starts_with("HTTP/1.1 431 "));
    RawClient url(port);
    url.send(get("/echo?" + std::string(200, 'q')));
    EXPECT_TRUE(url.read_to_end().starts_with("HTTP/1.1 414 "));
}

TEST_F(ServerTest, CutsAClientThatTricklesItsHead) {
    TrafficSettings traffic;
    traffic.header_timeout = std::chrono::milliseconds(50);
    RawClient client(start(traffic));
    client.send("GET /echo HTTP/1.1\r\nHost: x\r\n");
    EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(ServerTest, CutsAClientThatTricklesItsBody) {
    TrafficSettings traffic;
    traffic.body_timeout = std::chrono::milliseconds(50);
    RawClient client(start(traffic));
    client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
    const std::string answer = client.read_to_end();
    EXPECT_EQ(answer.find("200 OK"), std::string::npos) << answer;
}

TEST_F(ServerTest, ClosesAnIdleConnection) {
    TrafficSettings traffic;
    traffic.idle_timeout = std::chrono::milliseconds(50);
    RawClient client(start(traffic));
    EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(ServerTest, ClosesConnectionsOverTheCap) {
    TrafficSettings traffic;
    traffic.max_connections = 1;
    const auto port = start(traffic);
    RawClient first(port);
    first.send(get("/echo"));
    first.read_response();
    RawClient second(port);
    EXPECT_EQ(second.read_to_end(), "");
}

TEST_F(ServerTest, RefusesDeniedAddressesEverywhereAndOthersExceptOnProbes) {
    TrafficSettings traffic;
    traffic.allow_cidrs = {*Cidr::parse("192.0.2.0/24")};
    live = std::make_unique<LiveServer>(traffic);
    auto probe = reply_route("GET", "/healthz", echo);
    probe.health_probe = true;
    live->router.add(std::move(probe));
    live->router.add(reply_route("GET", "/echo", echo));
    const auto port = live->start();
    RawClient client(port);
    client.send(get("/healthz"));
    EXPECT_TRUE(client.read_response().starts_with("HTTP/1.1 200 "));
    client.send(get("/echo"));
    EXPECT_TRUE(client.read_response().starts_with("HTTP/1.1 403 "));
    traffic.deny_cidrs = {*Cidr::parse("127.0.0.0/8")};
    live->traffic().store(std::make_shared<const TrafficSettings>(traffic));
    RawClient denied(port);
    denied.send(get("/healthz"));
    EXPECT_TRUE(denied.read_response().starts_with("HTTP/1.1 403 "));
}

TEST_F(ServerTest, BelievesTheLineThatItsOwnProxyAppended) {
    TrafficSettings traffic;
    traffic.trusted_proxies = {*Cidr::parse("127.0.0.1")};
    live = std::make_unique<LiveServer>(traffic);
    const auto address = [](http::Request& request) -> Task<http::Response> {
        co_return http::text(200, request.peer.address);
    };
    live->router.add(reply_route("GET", "/address", address));
    RawClient client(live->start());
    client.send(get("/address", "X-Forwarded-For: 10.9.9.9\r\nX-Forwarded-For: 203.0.113.5\r\n"));
    EXPECT_TRUE(client.read_response().ends_with("203.0.113.5"));
    client.send(get("/address"));
    EXPECT_TRUE(client.read_response().ends_with("127.0.0.1"));
}

TEST_F(ServerTest, NormalisesDotSegmentsAndNothingElse) {
    RawClient client(start());
    client.send(get("/a/../echo"));
    EXPECT_TRUE(client.read_response().starts_with("HTTP/1.1 200 "));
    for (const char* path : {"//echo", "/echo/", "/ECHO", "/%65cho"}) {
        client.send(get(path));
        EXPECT_TRUE(client.read_response().starts_with("HTTP/1.1 404 ")) << path;
    }
}

TEST_F(ServerTest, CancelsTheHandlerWhenTheClientGoesAway) {
    live = std::make_unique<LiveServer>();
    std::promise<bool> started;
    std::promise<bool> ended;
    const auto wait_forever = [&](http::Request& request, http::BodyReader& body, http::Responder&) -> Task<> {
        const auto read = co_await body.read_into(request, 100);
        if (!read) co_return fail(read.error());
        boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, std::chrono::hours(1));
        started.set_value(true);
        const auto [error] = co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        ended.set_value(error == boost::asio::error::operation_aborted);
        co_return fail(Error::client_gone());
    };
    live->router.add(stream_route("POST", "/wait", wait_forever));
    RawClient client(live->start());
    client.send(post("/wait", "x"));
    started.get_future().wait();
    client.close();
    auto cancelled = ended.get_future();
    ASSERT_EQ(cancelled.wait_for(std::chrono::seconds(20)), std::future_status::ready);
    EXPECT_TRUE(cancelled.get());
}

TEST_F(ServerTest, TurnsAnExceptionIntoA500AndGoesOn) {
    live = std::make_unique<LiveServer>();
    const auto thrower = [](http::Request&) -> Task<http::Response> { throw std::runtime_error("secret detail"); };
    live->router.add(reply_route("GET", "/throw", thrower));
    RawClient client(live->start());
    client.send(get("/throw"));
    const std::string answer = client.read_response();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 500 "));
    EXPECT_EQ(answer.find("secret detail"), std::string::npos);
    client.send(get("/throw"));
    EXPECT_TRUE(client.read_response().starts_with("HTTP/1.1 500 "));
}

TEST_F(ServerTest, CutsTheConnectionWhenAStreamFailsHalfWay) {
    live = std::make_unique<LiveServer>();
    const auto half = [](http::Request&, http::BodyReader&, http::Responder& client) -> Task<> {
        client.start(200, {});
        const auto written = co_await client.write("half");
        if (!written) co_return fail(written.error());
        co_return fail(Error::internal("broken"));
    };
    live->router.add(stream_route("GET", "/half", half));
    RawClient client(live->start());
    client.send(get("/half"));
    EXPECT_TRUE(client.read_to_end().ends_with("4\r\nhalf\r\n"));
}

TEST_F(ServerTest, DrainsByClosingIdleConnectionsAndFinishingTheOthers) {
    live = std::make_unique<LiveServer>();
    std::promise<void> started;
    boost::asio::steady_timer* gate = nullptr;
    const auto slow = [&](http::Request&, http::BodyReader&, http::Responder& client) -> Task<> {
        boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, std::chrono::hours(1));
        gate = &timer;
        client.start(200, {});
        const auto written = co_await client.write("begun");
        if (!written) co_return fail(written.error());
        started.set_value();
        const auto waited = co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        static_cast<void>(waited);
        const auto more = co_await client.write("done");
        if (!more) co_return fail(more.error());
        co_return co_await client.finish();
    };
    live->router.add(stream_route("GET", "/slow", slow));
    const auto port = live->start();
    RawClient idle(port);
    RawClient busy(port);
    busy.send(get("/slow"));
    started.get_future().wait();
    live->server().drain();
    EXPECT_EQ(idle.read_to_end(), "");
    EXPECT_FALSE(RawClient(port).connected());
    live->on_shard([&] { gate->cancel(); });
    EXPECT_TRUE(busy.read_to_end().ends_with("4\r\ndone\r\n0\r\n\r\n"));
}

TEST_F(ServerTest, RefusesAnAddressInUseByName) {
    observe::Metrics metrics;
    Snapshot<TrafficSettings> traffic(std::make_shared<const TrafficSettings>());
    ListenSettings listen;
    listen.host = "192.0.2.1";
    Shard shard(0);
    http::Router router;
    const auto opened = Server::open(listen, {{&shard, &router}}, traffic, metrics);
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().message.find("192.0.2.1"), std::string::npos);
}

}  // namespace
}  // namespace gatehouse::net

// SPDX-License-Identifier: Apache-2.0
// The outbound client against scripted sockets: pooling, retry, framing, deadlines, the address guard, cancellation.
#include "gateway/net/client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <thread>

#include "tests/support/run_task.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace gatehouse::net {
namespace {

/// A blocking upstream on its own thread: for each accepted connection, a script of (wait for a whole request, answer).
class ScriptedUpstream {
  public:
    struct Turn {
        std::string answer;
        bool close_after = false;
        bool close_before = false;  ///< closes instead of answering
        bool silent = false;        ///< answers nothing, stays open
    };
    using Script = std::deque<Turn>;

    explicit ScriptedUpstream(std::vector<Script> scripts) : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
        ::listen(listener_, 16);
        socklen_t size = sizeof address;
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        port = ntohs(address.sin_port);
        thread_ = std::thread([this, scripts = std::move(scripts)] { serve(scripts); });
    }
    ScriptedUpstream(const ScriptedUpstream&) = delete;
    ScriptedUpstream& operator=(const ScriptedUpstream&) = delete;
    ~ScriptedUpstream() {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        for (const int open : open_)
            ::close(open);
        ::close(listener_);
    }

    std::uint16_t port = 0;
    std::vector<std::string> requests;  ///< read after the exchange that brought them
    std::atomic<std::size_t> received = 0;

  private:
    void serve(const std::vector<Script>& scripts) {
        for (const Script& script : scripts) {
            const int peer = ::accept(listener_, nullptr, nullptr);
            if (peer < 0) return;
            bool keep = true;
            for (const Turn& turn : script) {
                if (!read_request(peer)) break;
                if (!turn.close_before) send_all(peer, turn.answer);
                if (turn.silent) break;
                if (turn.close_before || turn.close_after) {
                    keep = false;
                    break;
                }
            }
            if (keep) {
                open_.push_back(peer);
            } else {
                ::close(peer);
            }
        }
    }
    static void send_all(int peer, std::string_view text) {
        while (!text.empty()) {
            const auto sent = ::send(peer, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    bool read_request(int peer) {
        std::string text;
        for (;;) {
            const std::size_t end = text.find("\r\n\r\n");
            if (end != std::string::npos) {
                const std::size_t at = text.find("Content-Length: ");
                const std::size_t body = at == std::string::npos ? 0 : std::stoul(text.substr(at + 16));
                if (text.size() >= end + 4 + body) {
                    requests.push_back(text);
                    ++received;
                    return true;
                }
            }
            pollfd waiting{peer, POLLIN, 0};
            if (::poll(&waiting, 1, 20'000) <= 0) return false;
            char bytes[65'536];
            const auto size = ::recv(peer, bytes, sizeof bytes, 0);
            if (size <= 0) return false;
            text.append(bytes, static_cast<std::size_t>(size));
        }
    }

    int listener_;
    std::vector<int> open_;
    std::thread thread_;
};

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

class ClientTest : public ::testing::Test {
  protected:
    ClientTest() { deadlines.start(context.get_executor()); }
    ~ClientTest() override {
        client.reset();
        deadlines.stop();
    }

    void make(ClientOptions options = {.allow_loopback = true}) {
        client = std::move(*Client::make(deadlines, options));
    }

    http::Outbound outbound(std::uint16_t port) {
        http::Outbound request;
        request.url = *http::parse_url("http://127.0.0.1:" + std::to_string(port));
        request.method = "POST";
        request.target = "/v1/messages?beta=true";
        request.headers.add("x-test", "1");
        request.body = {"he", "ll", "o"};
        return request;
    }

    static Task<std::string> exchange(http::Client& through, http::Outbound request) {
        auto reply = co_await through.send(request);
        if (!reply) co_return fail(reply.error());
        auto body = co_await http::read_all(*reply->body, 1'000'000);
        if (!body) co_return fail(body.error());
        co_return std::to_string(reply->status) + " " + *body;
    }
    Result<std::string> run(http::Outbound request) {
        return testing::run(context, exchange(*client, std::move(request)));
    }

    Deadlines deadlines;
    boost::asio::io_context context{1};
    std::unique_ptr<Client> client;
};

TEST_F(ClientTest, SendsTheRequestInOnePieceAndReadsTheAnswer) {
    make();
    ScriptedUpstream upstream({{{ok}}});
    EXPECT_EQ(run(outbound(upstream.port)), "200 ok");
    EXPECT_EQ(upstream.requests.at(0),
              "POST /v1/messages?beta=true HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(upstream.port) +
                  "\r\nx-test: 1\r\nContent-Length: 5\r\n\r\nhello");
}

TEST_F(ClientTest, UsesOneConnectionForSuccessiveRequests) {
    make();
    ScriptedUpstream upstream({{{ok}, {ok}, {ok}}});
    for (int round = 0; round < 3; ++round)
        EXPECT_EQ(run(outbound(upstream.port)), "200 ok");
}

TEST_F(ClientTest, RetriesOnceWhenAReusedConnectionDiesBeforeAnAnswer) {
    make();
    ScriptedUpstream upstream({{{ok}, {.close_before = true}}, {{ok}}});
    EXPECT_EQ(run(outbound(upstream.port)), "200 ok");
    EXPECT_EQ(run(outbound(upstream.port)), "200 ok");
    EXPECT_EQ(upstream.requests.size(), 3U);
}

TEST_F(ClientTest, DoesNotRetryOnAFreshConnection) {
    make();
    ScriptedUpstream upstream({{{.close_before = true}}, {{ok}}});
    const auto answer = run(outbound(upstream.port));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().reason, Reason::upstream_reset);
    EXPECT_EQ(run(outbound(upstream.port)), "200 ok");
}

TEST_F(ClientTest, DoesNotReuseAConnectionThatSaidClose) {
    make();
    ScriptedUpstream upstream(
        {{{.answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na", .close_after = true}},
         {{ok}}});
    EXPECT_EQ(run(outbound(upstream.port)), "200 a");
    EXPECT_EQ(run(outbound(upstream.port)), "200 ok");
}

TEST_F(ClientTest, ReadsEveryFramingOfABody) {
    make();
    ScriptedUpstream upstream(
        {{{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"},
          {"HTTP/1.1 204 No Content\r\n\r\n"},
          {"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"},
          {.answer = "HTTP/1.1 200 OK\r\n\r\nuntil close", .close_after = true}}});
    EXPECT_EQ(run(outbound(upstream.port)), "200 abcde");
    EXPECT_EQ(run(outbound(upstream.port)), "204 ");
    EXPECT_EQ(run(outbound(upstream.port)), "500 ");
    EXPECT_EQ(run(outbound(upstream.port)), "200 until close");
}

TEST_F(ClientTest, TellsACutBodyFromAnEndedOne) {
    make();
    ScriptedUpstream upstream(
        {{{.answer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", .close_after = true}},
         {{.answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", .close_after = true}}});
    for (int round = 0; round < 2; ++round) {
        const auto answer = run(outbound(upstream.port));
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().reason, Reason::upstream_reset);
    }
}

TEST_F(ClientTest, GivesUpWhenNoAnswerComesInTime) {
    make();
    ScriptedUpstream upstream({{{.silent = true}}});
    auto request = outbound(upstream.port);
    request.head_timeout = std::chrono::milliseconds(30);
    const auto answer = run(std::move(request));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().reason, Reason::upstream_timeout);
}

TEST_F(ClientTest, RefusesRubbish) {
    make();
    ScriptedUpstream upstream(
        {{{.answer = "SSH-2.0-OpenSSH\r\n\r\n", .close_after = true}},
         {{.answer = "HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x'), .close_after = true}}});
    for (int round = 0; round < 2; ++round) {
        const auto answer = run(outbound(upstream.port));
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().reason, Reason::upstream_malformed) << describe(answer.error());
    }
}

TEST_F(ClientTest, TakesAnEarlyRefusalOverItsOwnWriteError) {
    make();
    ScriptedUpstream upstream(
        {{{.answer = "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig", .close_after = true}}});
    auto request = outbound(upstream.port);
    const std::string body(3'000'000, 'x');
    request.body = {body};
    EXPECT_EQ(run(std::move(request)), "413 big");
}

TEST_F(ClientTest, RefusesLoopbackUnlessAllowed) {
    make({});
    const auto answer = run(outbound(9));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().reason, Reason::address_forbidden);
    auto metadata = outbound(80);
    metadata.url = *http::parse_url("http://169.254.169.254");
    make();
    EXPECT_EQ(run(std::move(metadata)).error().reason, Reason::address_forbidden);
}

TEST_F(ClientTest, SaysThatNobodyListens) {
    make();
    std::uint16_t port = 0;
    {
        const ScriptedUpstream gone({});
        port = gone.port;
    }
    const auto answer = run(outbound(port));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().reason, Reason::connect_failed);
}

TEST_F(ClientTest, StopsWhenItsCallerIsCancelled) {
    make();
    ScriptedUpstream upstream({{{.silent = true}}});
    boost::asio::cancellation_signal signal;
    std::optional<Result<std::string>> answer;
    const auto quiet = [](http::Client& through, http::Outbound request) -> Task<std::string> {
        co_await boost::asio::this_coro::throw_if_cancelled(false);
        co_return co_await exchange(through, std::move(request));
    };
    boost::asio::co_spawn(
        context, quiet(*client, outbound(upstream.port)),
        boost::asio::bind_cancellation_slot(
            signal.slot(), [&](std::exception_ptr, Result<std::string> result) { answer = std::move(result); }));
    while (upstream.received == 0 && !answer)
        context.run_one_for(std::chrono::milliseconds(50));
    signal.emit(boost::asio::cancellation_type::terminal);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!answer && std::chrono::steady_clock::now() < end)
        context.run_one_for(std::chrono::milliseconds(50));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->error().reason, Reason::client_disconnected);
}

TEST_F(ClientTest, TunnelsThroughAProxy) {
    const auto upstream = std::make_unique<ScriptedUpstream>(
        std::vector<ScriptedUpstream::Script>{{{"HTTP/1.1 200 Connection established\r\n\r\n"}, {ok}}});
    const std::string address = "http://user:pw@127.0.0.1:" + std::to_string(upstream->port);
    const auto proxy = ProxySettings::from_environment([&](std::string_view name) -> std::optional<std::string> {
        return name == "HTTP_PROXY" ? std::optional(address) : std::nullopt;
    });
    make({.allow_loopback = true, .proxy = *proxy});
    auto request = outbound(1);
    request.url = *http::parse_url("http://provider.example:8443");
    EXPECT_EQ(run(std::move(request)), "200 ok");
    EXPECT_TRUE(upstream->requests.at(0).starts_with("CONNECT provider.example:8443 HTTP/1.1\r\n"));
    EXPECT_NE(upstream->requests.at(0).find("Proxy-Authorization: Basic "), std::string::npos);
    EXPECT_EQ(upstream->requests.at(1).find("Proxy-Authorization"), std::string::npos);
}

}  // namespace
}  // namespace gatehouse::net

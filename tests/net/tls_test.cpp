// SPDX-License-Identifier: Apache-2.0
// TLS in both directions with certificates made for the test: verification, reload, and a client that goes away.
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdlib>
#include <fstream>
#include <future>
#include <iterator>

#include "gateway/net/client.h"
#include "tests/support/live_server.h"
#include "tests/support/run_task.h"
#include "tests/support/temporary_dir.h"

namespace gatehouse::net {
namespace {

using testing::LiveServer;
using testing::reply_route;
using testing::stream_route;

/// A self-signed certificate in a directory of its own.
class Certificate {
  public:
    explicit Certificate(const std::string& names) { make(names); }

    void make(const std::string& names) const {
        const std::string command =
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test -addext "
            "subjectAltName=" +
            names + " -keyout " + key() + " -out " + file() + " 2>/dev/null";
        if (std::system(command.c_str()) != 0) throw std::runtime_error("openssl req failed");
    }
    std::string file() const { return directory_.file("cert.pem"); }
    std::string key() const { return directory_.file("key.pem"); }
    std::string pem() const {
        std::ifstream stream(file());
        return {std::istreambuf_iterator<char>(stream), {}};
    }

  private:
    testing::TemporaryDir directory_;
};

Task<http::Response> hello(http::Request& request) {
    co_return http::text(200, request.peer.secure ? "secure " + std::string(request.body.view()) : "plain");
}

class TlsTest : public ::testing::Test {
  protected:
    TlsTest() : live({}, listen_with(certificate)) {
        auto route = reply_route("POST", "/hello", hello);
        route.max_body = 1'000'000;
        live.router.add(std::move(route));
        deadlines.start(context.get_executor());
    }
    ~TlsTest() override { deadlines.stop(); }

    static ListenSettings listen_with(const Certificate& made) {
        ListenSettings listen;
        listen.tls_cert = made.file();
        listen.tls_key = made.key();
        return listen;
    }

    static Task<std::string> exchange(http::Client& client, http::Outbound request) {
        auto reply = co_await client.send(request);
        if (!reply) co_return fail(reply.error());
        co_return co_await http::read_all(*reply->body, 1'000'000);
    }
    Result<std::string> post(const std::string& host, const std::string& ca, std::string_view body) {
        auto client = Client::make(deadlines, {.ca_pem = ca, .allow_loopback = true});
        if (!client) return fail(client.error());
        http::Outbound request;
        request.url = *http::parse_url("https://" + host + ":" + std::to_string(port));
        request.method = "POST";
        request.target = "/hello";
        request.body = {body};
        return testing::run(context, exchange(**client, std::move(request)));
    }

    Certificate certificate{"DNS:localhost,IP:127.0.0.1"};
    LiveServer live;
    Deadlines deadlines;
    boost::asio::io_context context{1};
    std::uint16_t port = 0;
};

TEST_F(TlsTest, ServesAVerifiedClientByNameAndByAddress) {
    port = live.start();
    EXPECT_EQ(post("localhost", certificate.pem(), "x"), "secure x");
    EXPECT_EQ(post("127.0.0.1", certificate.pem(), "x"), "secure x");
    const std::string big(500'000, 'b');
    const auto answer = post("localhost", certificate.pem(), big);
    ASSERT_TRUE(answer) << describe(answer.error());
    EXPECT_TRUE(*answer == "secure " + big) << answer->size();
}

TEST_F(TlsTest, IsNotTrustedWithoutItsCertificate) {
    port = live.start();
    const auto answer = post("localhost", "", "x");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().reason, Reason::tls_failed);
}

TEST_F(TlsTest, IsNotTrustedUnderAnotherName) {
    const Certificate other("DNS:elsewhere.example");
    LiveServer elsewhere({}, listen_with(other));
    elsewhere.router.add(reply_route("POST", "/hello", hello));
    port = elsewhere.start();
    const auto answer = post("localhost", other.pem(), "x");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().reason, Reason::tls_failed);
}

TEST_F(TlsTest, TakesANewCertificateOnReload) {
    port = live.start();
    const std::string before = certificate.pem();
    certificate.make("DNS:localhost");
    EXPECT_EQ(post("localhost", before, "x"), "secure x");
    ASSERT_TRUE(live.server().reload_tls());
    EXPECT_EQ(post("localhost", certificate.pem(), "x"), "secure x");
    EXPECT_FALSE(post("localhost", before, "x"));
}

TEST_F(TlsTest, KeepsTheOldCertificateWhenTheNewOneIsUnusable) {
    port = live.start();
    const std::string before = certificate.pem();
    std::ofstream(certificate.file()) << "rubbish";
    const auto loaded = live.server().reload_tls();
    ASSERT_FALSE(loaded);
    EXPECT_NE(loaded.error().message.find("listen.tls.cert"), std::string::npos);
    EXPECT_EQ(post("localhost", before, "x"), "secure x");
}

TEST_F(TlsTest, CancelsTheHandlerWhenTheClientGoesAway) {
    std::promise<void> started;
    std::promise<bool> ended;
    const auto wait_forever = [&](http::Request& request, http::BodyReader& body, http::Responder&) -> Task<> {
        const auto read = co_await body.read_into(request, 100);
        if (!read) co_return fail(read.error());
        boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, std::chrono::hours(1));
        started.set_value();
        const auto [error] = co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        ended.set_value(error == boost::asio::error::operation_aborted);
        co_return fail(Error::client_gone());
    };
    live.router.add(stream_route("POST", "/wait", wait_forever));
    port = live.start();
    auto client = Client::make(deadlines, {.ca_pem = certificate.pem(), .allow_loopback = true});
    ASSERT_TRUE(client);
    http::Outbound request;
    request.url = *http::parse_url("https://localhost:" + std::to_string(port));
    request.method = "POST";
    request.target = "/wait";
    request.body = {"x"};
    request.head_timeout = std::chrono::milliseconds(300);
    EXPECT_FALSE(testing::run(context, exchange(**client, std::move(request))));
    started.get_future().wait();
    auto cancelled = ended.get_future();
    ASSERT_EQ(cancelled.wait_for(std::chrono::seconds(20)), std::future_status::ready);
    EXPECT_TRUE(cancelled.get());
}

TEST_F(TlsTest, RefusesTls11) {
    port = live.start();
    const std::string command = "openssl s_client -connect 127.0.0.1:" + std::to_string(port) +
                                " -tls1_1 -cipher ALL:@SECLEVEL=0 </dev/null >/dev/null 2>&1";
    EXPECT_NE(std::system(command.c_str()), 0);
}

}  // namespace
}  // namespace gatehouse::net

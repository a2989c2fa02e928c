// SPDX-License-Identifier: Apache-2.0
// The pipelined client against a real redis-server that is stopped, killed, started again and told to refuse.
#include "gateway/store/redis_client.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <csignal>
#include <cstdlib>
#include <optional>

#include "gateway/store/scripts.h"
#include "tests/store/redis_fixture.h"
#include "tests/support/run_together.h"

namespace gatehouse::testing {
namespace {

using namespace std::chrono_literals;

store::RedisPatience quick() {
    store::RedisPatience patience;
    patience.command = 5'000ms;
    patience.first_pause = 5ms;
    patience.longest_pause = 20ms;
    return patience;
}

/// A client on a server of its own, which the test may treat badly.
class RedisClientTest : public ::testing::Test {
  protected:
    void connect(store::RedisPatience patience = quick()) { connect(server_->settings(), patience); }
    void connect(store::RedisSettings settings, store::RedisPatience patience = quick()) {
        redis_.emplace(context_.get_executor(), std::move(settings), nullptr, patience);
    }
    Result<store::Reply> ask(store::Command command) { return run(context_, redis_->send(std::move(command))); }
    /// Over a connection of the test's own.
    void tell_server(store::Command command) {
        store::RedisClient other(context_.get_executor(), server_->settings());
        const auto reply = run(context_, other.send(std::move(command)));
        ASSERT_TRUE(reply) << describe(reply.error());
    }
    std::vector<Result<store::Reply>> ask_together(int times) {
        std::vector<Task<store::Reply>> tasks;
        for (int at = 0; at < times; ++at)
            tasks.push_back(redis_->send({"ECHO", std::to_string(at)}));
        return run_together(context_, std::move(tasks));
    }
    /// Starts a command and lets it reach the queue; its result arrives later.
    void start(store::Command command, std::optional<Result<store::Reply>>& result,
               boost::asio::cancellation_signal& cancel) {
        boost::asio::co_spawn(context_, redis_->send(std::move(command)),
                              boost::asio::bind_cancellation_slot(
                                  cancel.slot(), [&result](std::exception_ptr, Result<store::Reply> reply) {
                                      result.emplace(std::move(reply));
                                  }));
        context_.restart();
        context_.poll();
    }
    bool recovers() {
        return run_until(context_, [this] { return redis_->is_up() && ask({"PING"}).has_value(); });
    }
    void hang() { ASSERT_EQ(::kill(server_->pid(), SIGSTOP), 0); }
    void resume() { ASSERT_EQ(::kill(server_->pid(), SIGCONT), 0); }

    PrivateRedis server_;
    boost::asio::io_context context_{1};
    std::optional<store::RedisClient> redis_;
};

TEST_F(RedisClientTest, AnswersEachOfManyCommandsThatAreUnderWayAtOnce) {
    connect();

    const auto replies = ask_together(500);

    for (std::size_t at = 0; at < replies.size(); ++at) {
        ASSERT_TRUE(replies[at]);
        EXPECT_EQ(replies[at]->text, std::to_string(at));
    }
}

TEST_F(RedisClientTest, CarriesValuesOfAnyBytesAndSize) {
    connect();
    std::string value(1'000'000, '\0');
    for (std::size_t at = 0; at < value.size(); ++at)
        value[at] = static_cast<char>(at * 7);

    ASSERT_TRUE(ask({"SET", "k\r\n", value}));
    const auto reply = ask({"GET", "k\r\n"});

    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->text, value);
}

TEST_F(RedisClientTest, GivesTheRepliesOfAPipelineInOrder) {
    connect();

    const auto replies = run(context_, redis_->send_all({{"SET", "a", "1"}, {"INCR", "a"}, {"GET", "a"}}));

    ASSERT_TRUE(replies);
    ASSERT_EQ(replies->size(), 3U);
    EXPECT_EQ((*replies)[1].integer, 2);
    EXPECT_EQ((*replies)[2].text, "2");
    EXPECT_TRUE(run(context_, redis_->send_all({}))->empty());
}

TEST_F(RedisClientTest, CallsAnErrorReplyRefusedAndGoesOn) {
    connect();
    ASSERT_TRUE(ask({"SET", "a", "text"}));

    const auto refused = ask({"INCR", "a"});
    const auto pipeline = run(context_, redis_->send_all({{"GET", "a"}, {"INCR", "a"}, {"GET", "a"}}));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::unavailable);
    EXPECT_EQ(refused.error().reason, Reason::store_refused);
    EXPECT_FALSE(pipeline);
    EXPECT_EQ(ask({"GET", "a"})->text, "text");
}

TEST_F(RedisClientTest, LoadsAScriptOnceWhenRedisDoesNotKnowIt) {
    connect();
    ASSERT_TRUE(ask({"SCRIPT", "FLUSH"}));
    ASSERT_TRUE(ask({"CONFIG", "RESETSTAT"}));

    for (int at = 0; at < 3; ++at) {
        const auto done = run(context_, redis_->run(store::scripts::put_record, {"key"}, {"60000", "field", "value"}));
        ASSERT_TRUE(done) << describe(done.error());
    }

    const auto statistics = ask({"INFO", "commandstats"});
    EXPECT_NE(statistics->text.find("cmdstat_eval:calls=1,"), std::string::npos) << statistics->text;
    EXPECT_NE(statistics->text.find("cmdstat_evalsha:calls=3,"), std::string::npos) << statistics->text;
    EXPECT_EQ(ask({"HGET", "key", "field"})->text, "value");
}

TEST_F(RedisClientTest, FailsEveryCommandUnderWayWhenRedisIsKilledAndRecoversByItself) {
    connect();
    ASSERT_TRUE(ask({"PING"}));
    hang();
    std::vector<std::optional<Result<store::Reply>>> results(64);
    std::vector<boost::asio::cancellation_signal> unused(64);
    for (std::size_t at = 0; at < results.size(); ++at)
        start({"INCR", "a"}, results[at], unused[at]);

    ASSERT_EQ(::kill(server_->pid(), SIGKILL), 0);

    const auto all_told = [&] { return std::ranges::all_of(results, [](const auto& result) { return !!result; }); };
    ASSERT_TRUE(run_until(context_, all_told));
    for (const auto& result : results) {
        ASSERT_FALSE(*result);
        EXPECT_EQ(result->error().fault, Fault::unavailable);
        EXPECT_EQ(result->error().reason, Reason::store_unreachable);
    }
    EXPECT_TRUE(recovers());
}

TEST_F(RedisClientTest, GivesTheConnectionUpWhenAnAnswerIsLate) {
    auto patience = quick();
    patience.command = 50ms;
    connect(patience);
    ASSERT_TRUE(ask({"PING"}));
    hang();

    const auto late = ask({"PING"});

    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().reason, Reason::store_unreachable);
    EXPECT_NE(late.error().detail.find("in time"), std::string::npos);
    resume();
    EXPECT_TRUE(recovers());
}

TEST_F(RedisClientTest, GivesNoCallerTheReplyOfACancelledOne) {
    connect();
    ASSERT_TRUE(ask({"PING"}));
    hang();
    std::optional<Result<store::Reply>> first;
    std::optional<Result<store::Reply>> second;
    boost::asio::cancellation_signal cancel;
    boost::asio::cancellation_signal unused;
    start({"ECHO", "first"}, first, cancel);
    start({"ECHO", "second"}, second, unused);

    cancel.emit(boost::asio::cancellation_type::terminal);

    ASSERT_TRUE(run_until(context_, [&] { return first.has_value(); }));
    ASSERT_FALSE(*first);
    EXPECT_EQ(first->error().fault, Fault::client_gone);
    resume();
    ASSERT_TRUE(run_until(context_, [&] { return second.has_value(); }));
    EXPECT_EQ(second->value().text, "second");
    EXPECT_EQ(ask({"ECHO", "third"})->text, "third");
}

TEST_F(RedisClientTest, RefusesMoreCommandsThanItsQueueHolds) {
    auto patience = quick();
    patience.queue = 4;
    connect(patience);
    ASSERT_TRUE(ask({"PING"}));
    hang();
    std::vector<std::optional<Result<store::Reply>>> results(4);
    std::vector<boost::asio::cancellation_signal> unused(4);
    for (std::size_t at = 0; at < results.size(); ++at)
        start({"PING"}, results[at], unused[at]);

    const auto refused = ask({"PING"});

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::unavailable);
    resume();
    EXPECT_TRUE(run_until(context_, [&] { return results[3].has_value(); }));
    EXPECT_TRUE(ask({"PING"}));
}

TEST_F(RedisClientTest, FailsAtOnceWhileRedisIsAwayAndSaysWhy) {
    auto settings = server_->settings();
    settings.socket = server_.dir() + "/nobody.sock";
    connect(settings);

    const auto first = ask({"PING"});
    const auto second = ask({"PING"});

    ASSERT_FALSE(first);
    EXPECT_EQ(first.error().reason, Reason::store_unreachable);
    EXPECT_NE(first.error().detail.find("nobody.sock"), std::string::npos) << first.error().detail;
    EXPECT_FALSE(second);
    EXPECT_EQ(second.error().message.find("nobody.sock"), std::string::npos) << "not for the caller's eyes";
}

TEST_F(RedisClientTest, ReconnectsWhenItsServerHasBecomeAReadOnlyReplica) {
    connect();
    const auto before = ask({"CLIENT", "ID"})->integer;
    tell_server({"REPLICAOF", "127.0.0.1", "1"});

    const auto refused = ask({"SET", "a", "1"});

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, Reason::store_refused);
    tell_server({"REPLICAOF", "NO", "ONE"});
    ASSERT_TRUE(recovers());
    EXPECT_NE(ask({"CLIENT", "ID"})->integer, before);
    EXPECT_TRUE(ask({"SET", "a", "1"}));
}

TEST_F(RedisClientTest, FailsEverythingUnderWayWhenStoppedAndLeavesNoWorkBehind) {
    connect();
    ASSERT_TRUE(ask({"PING"}));
    hang();
    std::optional<Result<store::Reply>> under_way;
    boost::asio::cancellation_signal unused;
    start({"PING"}, under_way, unused);

    redis_->stop();
    redis_->stop();

    ASSERT_TRUE(run_until(context_, [&] { return under_way.has_value(); }));
    EXPECT_FALSE(*under_way);
    EXPECT_FALSE(ask({"PING"}));
    context_.restart();
    context_.run_for(5s);
    EXPECT_TRUE(context_.stopped()) << "a loop or a timer is still there";
    resume();
}

TEST_F(RedisClientTest, StopsWhileItIsConnectingAndWhileItPauses) {
    auto patience = quick();
    patience.first_pause = patience.longest_pause = 60'000ms;
    auto away = server_->settings();
    away.socket = server_.dir() + "/nobody.sock";
    hang();
    connect(server_->settings(), patience);
    store::RedisClient pausing(context_.get_executor(), away, nullptr, patience);
    EXPECT_FALSE(run(context_, pausing.send({"PING"})));

    redis_->stop();
    pausing.stop();

    context_.restart();
    context_.run_for(5s);
    EXPECT_TRUE(context_.stopped());
    resume();
}

TEST_F(RedisClientTest, LeaksNothingWhenItsContextEndsBeforeAnybodyStoppedIt) {
    auto context = std::make_unique<boost::asio::io_context>(1);
    auto redis = std::make_unique<store::RedisClient>(context->get_executor(), server_->settings());
    ASSERT_TRUE(run(*context, redis->send({"PING"})));
    hang();
    boost::asio::co_spawn(*context, redis->send({"PING"}), [](std::exception_ptr, Result<store::Reply>) {});
    context->restart();
    context->poll();

    redis.reset();
    context.reset();

    resume();
}

// ---- signing in

TEST_F(RedisClientTest, SignsInWithPasswordUserAndDatabase) {
    tell_server({"ACL", "SETUSER", "gate", "on", ">open sesame", "~*", "&*", "+@all"});
    auto settings = server_->settings();
    settings.user = "gate";
    settings.password = Secret("open sesame");
    connect(settings);

    EXPECT_EQ(ask({"ACL", "WHOAMI"})->text, "gate");

    tell_server({"CONFIG", "SET", "requirepass", "hush"});
    settings.user = "";
    settings.password = Secret("hush");
    connect(settings);
    EXPECT_EQ(ask({"ACL", "WHOAMI"})->text, "default");
}

TEST_F(RedisClientTest, SaysClearlyThatTheSignInWasRefused) {
    tell_server({"CONFIG", "SET", "requirepass", "hush"});
    auto wrong = server_->settings();
    wrong.password = Secret("swordfish");
    auto nobody = server_->settings();
    nobody.user = "mallory";
    nobody.password = Secret("hush");

    for (const auto& settings : {server_->settings(), wrong, nobody}) {
        connect(settings);
        const auto refused = ask({"PING"});
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().fault, Fault::unavailable);
        EXPECT_EQ(refused.error().reason, Reason::store_refused);
        EXPECT_NE(refused.error().detail.find("refused the sign-in"), std::string::npos) << refused.error().detail;
        EXPECT_EQ(describe(refused.error()).find("swordfish"), std::string::npos);
        EXPECT_EQ(describe(refused.error()).find("hush"), std::string::npos);
    }
}

TEST_F(RedisClientTest, RefusesADatabaseThatDoesNotExist) {
    auto settings = server_->settings();
    settings.database = 7;
    connect(settings);

    const auto refused = ask({"PING"});

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, Reason::store_refused);
}

TEST_F(RedisClientTest, GetsByWithoutPermissionToNameItsConnection) {
    tell_server({"ACL", "SETUSER", "narrow", "on", ">open", "~*", "&*", "+get"});
    auto settings = server_->settings();
    settings.user = "narrow";
    settings.password = Secret("open");
    connect(settings);

    EXPECT_TRUE(ask({"GET", "a"}));
}

std::uint16_t free_port() {
    const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(probe, reinterpret_cast<sockaddr*>(&address), size);
    ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(probe);
    return ntohs(address.sin_port);
}

TEST_F(RedisClientTest, ConnectsOverTcpToLoopbackToo) {
    const auto port = free_port();
    tell_server({"CONFIG", "SET", "bind", "127.0.0.1"});
    tell_server({"CONFIG", "SET", "port", std::to_string(port)});
    store::RedisSettings settings;
    settings.host = "localhost";
    settings.port = port;
    connect(settings);

    EXPECT_TRUE(ask({"PING"}));
}

/// A certificate for localhost that signs itself, in `dir`.
bool make_certificate(const std::string& dir) {
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost"
        " -addext subjectAltName=DNS:localhost -keyout " +
        dir + "/key.pem -out " + dir + "/cert.pem 2>/dev/null";
    return std::system(command.c_str()) == 0;
}

TEST_F(RedisClientTest, ConnectsOverTlsToAServerWhoseCertificateItTrustsAndToNoOther) {
    ASSERT_TRUE(make_certificate(server_.dir()));
    const auto port = free_port();
    tell_server({"CONFIG", "SET", "bind", "127.0.0.1"});
    tell_server({"CONFIG", "SET", "tls-auth-clients", "no", "tls-cert-file", server_.dir() + "/cert.pem",
                 "tls-key-file", server_.dir() + "/key.pem", "tls-ca-cert-file", server_.dir() + "/cert.pem",
                 "tls-port", std::to_string(port)});
    store::RedisSettings settings;
    settings.tls = true;
    settings.host = "localhost";
    settings.port = port;

    connect(settings);
    const auto distrusted = ask({"PING"});
    ::setenv("SSL_CERT_FILE", (server_.dir() + "/cert.pem").c_str(), 1);
    connect(settings);
    const auto trusted = ask({"ECHO", "over TLS"});
    settings.host = "127.0.0.1";
    connect(settings);
    const auto misnamed = ask({"PING"});
    ::unsetenv("SSL_CERT_FILE");

    EXPECT_FALSE(distrusted);
    ASSERT_TRUE(trusted) << describe(trusted.error());
    EXPECT_EQ(trusted->text, "over TLS");
    EXPECT_FALSE(misnamed) << "the certificate is for localhost";
}

}  // namespace
}  // namespace gatehouse::testing

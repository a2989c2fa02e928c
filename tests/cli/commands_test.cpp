// SPDX-License-Identifier: Apache-2.0
// login, token and logout against a scripted gateway, with real files and a clock that moves when they wait.
#include "gateway/cli/commands.h"

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "gateway/http/form.h"
#include "tests/support/manual_clock.h"
#include "tests/support/run_task.h"
#include "tests/support/scripted_client.h"
#include "tests/support/temporary_dir.h"

namespace gatehouse::cli {
namespace {

namespace asio = boost::asio;
using testing::ScriptedReply;

constexpr const char* gateway = "https://gate.example.com";

constexpr const char* metadata = R"({"issuer":"https://gate.example.com",
    "device_authorization_endpoint":"https://gate.example.com/oauth/device_authorization",
    "token_endpoint":"https://gate.example.com/oauth/token",
    "revocation_endpoint":"https://gate.example.com/oauth/revoke"})";

constexpr const char* device = R"({"device_code":"dev1ce","user_code":"BCDF-GHJK",
    "verification_uri":"https://gate.example.com/device",
    "verification_uri_complete":"https://gate.example.com/device?user_code=BCDF-GHJK","expires_in":600,"interval":5})";

constexpr const char* tokens =
    R"({"access_token":"acc3ss","refresh_token":"r3fresh","token_type":"Bearer","expires_in":3600})";

class Commands : public ::testing::Test {
  protected:
    Commands() { here_.file = CredentialFile(directory_.path()); }

    static asio::awaitable<void> step(Commands& test, std::chrono::milliseconds span) {
        test.waits_.push_back(span);
        test.clock_.advance(span);
        if (test.waits_.size() == test.open_after_) test.gate_->open();
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    }

    int login(const std::string& url = gateway) { return testing::run(run_login({url}, here_)); }
    int token(std::string url = {}) {
        out_.str({});
        return testing::run(run_token({std::move(url)}, here_));
    }
    int logout(std::string url = {}) { return testing::run(run_logout({std::move(url)}, here_)); }

    void given_a_gateway() {
        client_.on("/.well-known/oauth-authorization-server", ScriptedReply::json(200, metadata));
        client_.on("/oauth/device_authorization", ScriptedReply::json(200, device));
        client_.on("/oauth/token", ScriptedReply::json(200, tokens));
        client_.on("/oauth/revoke", ScriptedReply::json(200, "{}"));
    }
    void given_stored(std::string url, std::string access, std::chrono::seconds age = std::chrono::seconds{0}) {
        auto known = here_.file.load().value();
        known[url] = {.access_token = std::move(access),
                      .refresh_token = "old-refresh",
                      .token_endpoint = url + "/oauth/token",
                      .revocation_endpoint = url + "/oauth/revoke",
                      .issued_at = clock_.now() - age,
                      .expires_at = clock_.now() - age + std::chrono::seconds{3600}};
        ASSERT_TRUE(here_.file.save(known));
    }
    /// One scripted answer after the other at the token endpoint; the last one stays.
    void given_answers(std::vector<ScriptedReply> replies) {
        client_.answer("/oauth/token", [replies = std::move(replies), next = std::size_t{0}](const auto&) mutable {
            return replies[std::min(next++, replies.size() - 1)];
        });
    }
    static ScriptedReply refusal(const std::string& error, int status = 400) {
        return ScriptedReply::json(status, R"({"error":")" + error + R"("})");
    }
    static ScriptedReply unreachable() {
        return ScriptedReply::failure(Error::upstream_unreachable(Reason::connect_failed, "connection refused"));
    }

    testing::TemporaryDir directory_;
    testing::ManualClock clock_;
    testing::ScriptedClient client_;
    std::ostringstream out_;
    std::ostringstream err_;
    std::vector<std::chrono::milliseconds> waits_;
    std::shared_ptr<testing::Gate> gate_ = std::make_shared<testing::Gate>();
    std::size_t open_after_ = 0;  ///< the gate opens at that wait
    Surroundings here_{.client = client_,
                       .clock = clock_,
                       .file = CredentialFile("/nowhere"),
                       .out = out_,
                       .err = err_,
                       .pause = [this](std::chrono::milliseconds span) { return step(*this, span); },
                       .user_agent = "gatehouse/test"};
};

TEST_F(Commands, LoginShowsAddressAndCodeAndKeepsTheTokens) {
    given_a_gateway();
    given_answers({refusal("authorization_pending"), ScriptedReply::json(200, tokens)});

    EXPECT_EQ(login(), 0) << err_.str();

    EXPECT_NE(err_.str().find("https://gate.example.com/device\n"), std::string::npos);
    EXPECT_NE(err_.str().find("BCDF-GHJK"), std::string::npos);
    EXPECT_EQ(out_.str(), "");
    EXPECT_EQ(waits_, (std::vector<std::chrono::milliseconds>{std::chrono::seconds{5}, std::chrono::seconds{5}}));
    EXPECT_EQ(here_.file.load()->at(gateway).refresh_token, "r3fresh");
    EXPECT_EQ(token(), 0);
    EXPECT_EQ(out_.str(), "acc3ss\n");
}

TEST_F(Commands, LoginPollsWithTheDeviceCode) {
    given_a_gateway();

    ASSERT_EQ(login(), 0);

    const auto& poll = client_.last();
    const http::Form form = http::Form::parse(poll.body);
    EXPECT_EQ(form.value("grant_type"), "urn:ietf:params:oauth:grant-type:device_code");
    EXPECT_EQ(form.value("device_code"), "dev1ce");
    EXPECT_EQ(poll.headers.value("user-agent"), "gatehouse/test");
}

TEST_F(Commands, LoginSlowsDownWhenAskedTo) {
    given_a_gateway();
    given_answers({refusal("slow_down", 429), refusal("authorization_pending"), ScriptedReply::json(200, tokens)});

    ASSERT_EQ(login(), 0);

    const auto second = [](long long count) { return std::chrono::milliseconds{count * 1000}; };
    EXPECT_EQ(waits_, (std::vector{second(5), second(10), second(10)}));
}

TEST_F(Commands, LoginSurvivesANetworkThatFailsForAWhile) {
    given_a_gateway();
    given_answers({unreachable(), refusal("server_error", 503), ScriptedReply::json(200, tokens)});

    EXPECT_EQ(login(), 0);

    EXPECT_LT(waits_[0], waits_[1]);
    EXPECT_LT(waits_[1], waits_[2]);
}

TEST_F(Commands, LoginEndsWhenNobodyConfirmsInTime) {
    given_a_gateway();
    given_answers({refusal("authorization_pending")});

    EXPECT_EQ(login(), 3);

    EXPECT_NE(err_.str().find("nobody confirmed the code in time"), std::string::npos);
    EXPECT_EQ(client_.count("/oauth/token"), 120U);
    EXPECT_TRUE(here_.file.load()->empty());
}

TEST_F(Commands, LoginSaysThatItWasRefused) {
    for (const char* error : {"access_denied", "expired_token", "invalid_client"}) {
        given_a_gateway();
        given_answers({refusal(error)});
        EXPECT_EQ(login(), 3) << error;
        EXPECT_TRUE(here_.file.load()->empty());
    }
}

TEST_F(Commands, LoginEndsTheSessionThatItReplaces) {
    given_a_gateway();
    given_stored(gateway, "old-access");

    ASSERT_EQ(login(), 0);

    EXPECT_EQ(client_.last().target, "/oauth/revoke");
    EXPECT_EQ(http::Form::parse(client_.last().body).value("token"), "old-refresh");
    EXPECT_EQ(here_.file.load()->at(gateway).access_token, "acc3ss");
}

TEST_F(Commands, LoginSendsNothingToAPlainHttpAddressElsewhere) {
    for (const char* url : {"http://gate.example.com", "ftp://gate.example.com", "gate.example.com",
                            "https://gate.example.com/path", "https://user@gate.example.com", ""}) {
        EXPECT_EQ(login(url), 2) << url;
        EXPECT_TRUE(client_.requests().empty());
    }
}

TEST_F(Commands, LoginAcceptsPlainHttpOnThisMachine) {
    client_.on("/.well-known/oauth-authorization-server", ScriptedReply::json(200, R"({"issuer":"http://127.0.0.1:8080",
                   "device_authorization_endpoint":"http://127.0.0.1:8080/d","token_endpoint":"http://127.0.0.1:8080/t"})"));
    client_.on("/d", ScriptedReply::json(200, device));
    client_.on("/t", ScriptedReply::json(200, tokens));

    EXPECT_EQ(login("http://127.0.0.1:8080/"), 0) << err_.str();

    EXPECT_TRUE(here_.file.load()->contains("http://127.0.0.1:8080"));
}

TEST_F(Commands, LoginRefusesAGatewayThatGoesByAnotherName) {
    client_.on("/.well-known/oauth-authorization-server",
               ScriptedReply::json(200, R"({"issuer":"https://other.example.com"})"));

    EXPECT_EQ(login(), 1);

    EXPECT_NE(err_.str().find("calls itself \"https://other.example.com\""), std::string::npos);
}

TEST_F(Commands, LoginSendsCodesToTheGatewayOnly) {
    client_.on("/.well-known/oauth-authorization-server",
               ScriptedReply::json(200, R"({"issuer":"https://gate.example.com",
                   "device_authorization_endpoint":"https://gate.example.com/d","token_endpoint":"https://evil.example/t"})"));

    EXPECT_EQ(login(), 1);
    EXPECT_EQ(client_.requests().size(), 1U);
}

TEST_F(Commands, LoginShowsNoEscapeSequenceOfTheGateways) {
    given_a_gateway();
    client_.on(
        "/oauth/device_authorization",
        ScriptedReply::json(
            200,
            R"({"device_code":"d","user_code":"BC\u001b[2J","verification_uri":"https://gate.example.com/device"})"));

    EXPECT_EQ(login(), 1);
    EXPECT_EQ(err_.str().find('\x1b'), std::string::npos);

    client_.on("/oauth/device_authorization",
               ScriptedReply::json(
                   200, R"({"device_code":"d","user_code":"BC","verification_uri":"https://gate.example.com/device",
                   "login_notice":"be \u001b[31mkind, \u009b31mJosé"})"));
    EXPECT_EQ(login(), 0);
    EXPECT_NE(err_.str().find("be [31mkind, 31mJosé"), std::string::npos) << "U+009B begins a sequence too";
}

TEST_F(Commands, LoginRefusesATokenWithALineBreak) {
    given_a_gateway();
    given_answers({ScriptedReply::json(200, R"({"access_token":"a\nb","token_type":"Bearer","expires_in":60})")});

    EXPECT_EQ(login(), 3);  // asked until the code expired, believed never
    EXPECT_TRUE(here_.file.load()->empty());
}

TEST_F(Commands, LoginSaysThatTheAddressIsNoGateway) {
    client_.on("/.well-known/oauth-authorization-server", ScriptedReply::of(404, "not found"));

    EXPECT_EQ(login(), 1);
    EXPECT_NE(err_.str().find("does not answer like a gateway"), std::string::npos);
}

TEST_F(Commands, LoginSaysWhyTheGatewayIsOutOfReach) {
    client_.on("/.well-known/oauth-authorization-server", unreachable());

    EXPECT_EQ(login(), 1);
    EXPECT_NE(err_.str().find("cannot reach https://gate.example.com: connection refused"), std::string::npos);
}

TEST_F(Commands, TokenPrintsAStoredTokenWithoutAskingAnybody) {
    given_stored(gateway, "acc3ss", std::chrono::seconds{2999});

    EXPECT_EQ(token(), 0);

    EXPECT_EQ(out_.str(), "acc3ss\n");
    EXPECT_TRUE(client_.requests().empty());
}

TEST_F(Commands, TokenRefreshesOneThatHasTenMinutesLeft) {
    given_a_gateway();
    given_stored(gateway, "old", std::chrono::seconds{3000});

    EXPECT_EQ(token(), 0);

    EXPECT_EQ(out_.str(), "acc3ss\n");
    const http::Form form = http::Form::parse(client_.last().body);
    EXPECT_EQ(form.value("grant_type"), "refresh_token");
    EXPECT_EQ(form.value("refresh_token"), "old-refresh");
    EXPECT_EQ(here_.file.load()->at(gateway).refresh_token, "r3fresh");
    EXPECT_EQ(here_.file.load()->at(gateway).revocation_endpoint, "https://gate.example.com/oauth/revoke");
}

TEST_F(Commands, TokenKeepsTheRefreshTokenWhenNoNewOneIsGiven) {
    given_stored(gateway, "old", std::chrono::seconds{3500});
    given_answers({ScriptedReply::json(200, R"({"access_token":"new","token_type":"bearer","expires_in":3600})")});

    ASSERT_EQ(token(), 0);

    EXPECT_EQ(here_.file.load()->at(gateway).refresh_token, "old-refresh");
}

TEST_F(Commands, TokenPrintsTheOldOneWhileTheGatewayIsAway) {
    for (const auto& reply : {unreachable(), refusal("temporarily_unavailable", 503), refusal("slow_down", 429)}) {
        given_stored(gateway, "still-good", std::chrono::seconds{3500});
        given_answers({reply});
        EXPECT_EQ(token(), 0);
        EXPECT_EQ(out_.str(), "still-good\n");
        EXPECT_NE(err_.str().find("still valid"), std::string::npos);
    }
}

TEST_F(Commands, TokenFailsWhenTheGatewayIsAwayAndNothingIsValid) {
    given_stored(gateway, "stale", std::chrono::seconds{3600});
    given_answers({unreachable()});

    EXPECT_EQ(token(), 1);

    EXPECT_EQ(out_.str(), "");
    EXPECT_NE(err_.str().find("cannot reach"), std::string::npos);
}

TEST_F(Commands, TokenAsksToSignInAgainWhenTheRefreshIsRefused) {
    given_stored(gateway, "old", std::chrono::seconds{3500});
    given_answers({refusal("invalid_grant", 401)});

    EXPECT_EQ(token(), 3);

    EXPECT_EQ(out_.str(), "");
    EXPECT_NE(err_.str().find("gatehouse login https://gate.example.com"), std::string::npos);
}

TEST_F(Commands, TokenDistrustsAClockThatWasSetBack) {
    given_a_gateway();
    given_stored(gateway, "old", std::chrono::seconds{-3600});

    EXPECT_EQ(token(), 0);
    EXPECT_EQ(out_.str(), "acc3ss\n");
}

TEST_F(Commands, TokenWithoutASignInSaysWhatToDo) {
    EXPECT_EQ(token(), 3);
    EXPECT_EQ(token("https://gate.example.com"), 3);
    EXPECT_NE(err_.str().find("gatehouse login"), std::string::npos);
    EXPECT_EQ(out_.str(), "");
}

TEST_F(Commands, TokenWantsToKnowWhichOfSeveralGateways) {
    given_stored(gateway, "one");
    given_stored("https://second.example.com", "two");

    EXPECT_EQ(token(), 2);
    EXPECT_NE(err_.str().find("https://second.example.com"), std::string::npos);
    EXPECT_EQ(token("https://SECOND.example.com/"), 0);
    EXPECT_EQ(out_.str(), "two\n");
}

TEST_F(Commands, TokensAskedForAtTheSameTimeAreRefreshedOnce) {
    given_stored(gateway, "old", std::chrono::seconds{3500});
    client_.on("/oauth/token", ScriptedReply::json(200, tokens).head_after(gate_));
    open_after_ = 4;  // the second and the third have waited for the lock by then
    asio::io_context context(1);
    std::vector<int> codes;
    for (int count = 0; count < 3; ++count)
        asio::co_spawn(context, run_token({}, here_), [&](std::exception_ptr, int code) { codes.push_back(code); });

    context.run_for(std::chrono::seconds{20});

    EXPECT_EQ(codes, (std::vector<int>{0, 0, 0}));
    EXPECT_EQ(out_.str(), "acc3ss\nacc3ss\nacc3ss\n");
    EXPECT_EQ(client_.count("/oauth/token"), 1U);
}

TEST_F(Commands, TokenDoesNotWaitForeverForAnotherProcess) {
    given_stored(gateway, "old", std::chrono::seconds{3500});
    const auto held = here_.file.try_lock();
    ASSERT_TRUE(held);

    EXPECT_EQ(token(), 1);
    EXPECT_NE(err_.str().find("another gatehouse process"), std::string::npos);
}

TEST_F(Commands, LogoutEndsTheSessionAndForgetsItsTokens) {
    given_a_gateway();
    given_stored(gateway, "one");
    given_stored("https://second.example.com", "two");

    EXPECT_EQ(logout(gateway), 0) << err_.str();

    EXPECT_EQ(client_.last().target, "/oauth/revoke");
    EXPECT_EQ(http::Form::parse(client_.last().body).value("token"), "old-refresh");
    EXPECT_FALSE(here_.file.load()->contains(gateway));
    EXPECT_TRUE(here_.file.load()->contains("https://second.example.com"));
}

TEST_F(Commands, LogoutForgetsTheTokensEvenWhenTheGatewayIsAwayAndSaysSo) {
    given_stored(gateway, "one");
    client_.on("/oauth/revoke", unreachable());

    EXPECT_EQ(logout(), 1);

    EXPECT_TRUE(here_.file.load()->empty());
    EXPECT_NE(err_.str().find("the session goes on until you revoke it"), std::string::npos);
}

TEST_F(Commands, LogoutWithoutASignInSaysSo) {
    EXPECT_EQ(logout(), 3);
    EXPECT_TRUE(client_.requests().empty());
}

TEST(UserAgent, NamesTheProgramAndHoldsNoBlankTrouble) {
    const std::string agent = user_agent_of_this_machine();

    EXPECT_TRUE(agent.starts_with("gatehouse/" GATEHOUSE_VERSION));
    EXPECT_EQ(agent.find_first_of("\r\n"), std::string::npos);
}

// request-increase

class RequestIncreases : public Commands {
  protected:
    int ask(RequestIncrease action = {.url = {}, .reason = "a release", .amount = {}, .period = {}}) {
        return testing::run(run_request_increase(std::move(action), here_));
    }
    void given_answer(int status, const std::string& body) {
        client_.on("/v1/me/spend_limit_increase_requests", ScriptedReply::json(status, body));
    }
    static std::string refused(const std::string& message) {
        return R"({"type":"error","error":{"type":"x","message":")" + message + R"("}})";
    }
};

TEST_F(RequestIncreases, AskWithTheStoredCredential) {
    given_stored(gateway, "acc3ss");
    given_answer(200, R"({"id":"slir_1","period":"weekly","status":"pending"})");

    EXPECT_EQ(ask({.url = {}, .reason = "load \"tests\"", .amount = "$1,250.5", .period = "weekly"}), 0) << err_.str();

    ASSERT_EQ(client_.requests().size(), 1U);
    const auto& sent = *client_.requests()[0];
    EXPECT_EQ(sent.headers.value("authorization"), "Bearer acc3ss");
    EXPECT_EQ(sent.body, R"({"reason":"load \"tests\"","period":"weekly","amount":"125050"})");
    EXPECT_EQ(out_.str(), "slir_1\n");
    EXPECT_EQ(
        err_.str(),
        "Asked for a higher weekly limit. What your administrators answer is at https://gate.example.com/access.\n");
}

TEST_F(RequestIncreases, SayWhatTheGatewaySays) {
    given_stored(gateway, "acc3ss");
    given_answer(409, refused("that request is\\u001b[2J still open"));
    EXPECT_EQ(ask(), 1);
    EXPECT_EQ(err_.str(), "gatehouse: https://gate.example.com answered that request is[2J still open\n");
}

TEST_F(RequestIncreases, EndWithACodeThatScriptsCanTell) {
    EXPECT_EQ(ask(), 3) << "nobody is signed in";
    given_stored(gateway, "acc3ss");
    EXPECT_EQ(ask({.url = {}, .reason = "x", .amount = "a lot", .period = {}}), 2);
    given_answer(400, refused("no spend limit applies to you"));
    EXPECT_EQ(ask(), 2);
    given_answer(401, refused("invalid token"));
    EXPECT_EQ(ask(), 3);
    given_answer(404, refused("not found"));
    EXPECT_EQ(ask(), 1);
    EXPECT_NE(err_.str().find("has no spend limits"), std::string::npos);
}

}  // namespace
}  // namespace gatehouse::cli

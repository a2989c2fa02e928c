// SPDX-License-Identifier: Apache-2.0
// The token endpoint: polling, refreshing, revoking, and what several terminals at once may do.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "auth/authenticator.h"
#include "auth/refresh_token.h"
#include "tests/auth/sign_in_fixture.h"

namespace gatehouse::testing {
namespace {

using std::chrono::seconds;

class TokenEndpoint : public SignInTest {
  protected:
    http::Request token_request(std::vector<std::pair<std::string, std::string>> fields) const {
        return request_of("POST", "/oauth/token", http::encode_form(fields));
    }

    /// Both at once, on one thread that switches whenever one of them waits.
    std::pair<http::Response, http::Response> both(http::Request one, http::Request other) {
        boost::asio::io_context context(1);
        std::pair<http::Response, http::Response> answers;
        boost::asio::co_spawn(context, into(one, answers.first), boost::asio::detached);
        boost::asio::co_spawn(context, into(other, answers.second), boost::asio::detached);
        context.run_for(seconds(30));
        return answers;
    }

    boost::asio::awaitable<void> into(http::Request& request, http::Response& response) {
        response.status = 0;
        response = co_await answer(request);
    }

    std::string identified(const std::string& access_token) {
        auth::Authenticator authenticator(session, "https://gate.example", vault, clock, journal);
        vault.add_listener(authenticator);
        http::Request caller;
        caller.headers = {{"authorization", "Bearer " + access_token}};
        auto who = run(authenticator.identify(caller));
        vault.remove_listener(authenticator);
        return who ? (*who)->person().subject : std::string(to_slug(who.error().reason));
    }
};

TEST_F(TokenEndpoint, SaysPendingAndPacesThePolls) {
    const Started started = start_device();
    const http::Response first = poll(started.device_code);
    EXPECT_EQ(first.status, 400);
    EXPECT_EQ(field(first, "error"), "authorization_pending");
    EXPECT_EQ(first.headers.value("cache-control"), "no-store");
    EXPECT_EQ(first.headers.value("pragma"), "no-cache");
    clock.advance(seconds(4));
    const http::Response early = poll(started.device_code);
    EXPECT_EQ(early.status, 429);
    EXPECT_EQ(field(early, "error"), "slow_down");
    clock.advance(seconds(10));
    EXPECT_EQ(poll(started.device_code).status, 400);
}

TEST_F(TokenEndpoint, GivesTheApprovedTerminalItsTokens) {
    const Started started = start_device();
    Browser browser;
    approve(browser, started.user_code);
    const http::Response response = poll(started.device_code);
    ASSERT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(response.headers.value("cache-control"), "no-store");
    EXPECT_EQ(response.headers.value("pragma"), "no-cache");
    EXPECT_EQ(field(response, "token_type"), "Bearer");
    const auto body = json::parse(response.body);
    EXPECT_EQ(json::find_integer(*body, "expires_in"), 3600);
    EXPECT_EQ(json::find(*body, "email"), nullptr);
    EXPECT_TRUE(field(response, "refresh_token").starts_with("ghr_"));
    const auto verified = tokens->verify(field(response, "access_token"), clock.now());
    ASSERT_TRUE(verified);
    EXPECT_EQ(verified->person.subject, "ada");
    EXPECT_EQ(verified->person.groups, ada().groups);
    const auto stored = run(vault.find_session(verified->session_id)).value();
    ASSERT_TRUE(stored);
    EXPECT_EQ(stored->client, "claude-code/2.1");
    EXPECT_EQ(stored->address, "198.51.100.4");
    EXPECT_EQ(stored->expires_at, clock.now() + std::chrono::days(30));
    EXPECT_EQ(stored->sealed_idp_refresh.find("idp-refresh"), std::string::npos) << "kept encrypted";
    EXPECT_EQ(told_of, (std::vector<std::string>{"ada"}));
    EXPECT_EQ(journal.count("session.mint", {"result=success", "sub=ada", "credential_id=" + verified->session_id}), 1);
}

TEST_F(TokenEndpoint, AnswersADeviceCodeOnce) {
    const Started started = start_device();
    Browser browser;
    approve(browser, started.user_code);
    EXPECT_EQ(poll(started.device_code).status, 200);
    clock.advance(seconds(5));
    const http::Response again = poll(started.device_code);
    EXPECT_EQ(again.status, 400);
    EXPECT_EQ(field(again, "error"), "expired_token");
}

TEST_F(TokenEndpoint, GivesExactlyOneTokenToTwoPollsAtOnce) {
    const Started started = start_device();
    Browser browser;
    approve(browser, started.user_code);
    const auto fields = [&] {
        return token_request({{"grant_type", std::string(device_grant)}, {"device_code", started.device_code}});
    };
    const auto [one, other] = both(fields(), fields());
    EXPECT_EQ((one.status == 200) + (other.status == 200), 1) << one.body << other.body;
    EXPECT_EQ(run(vault.sessions_of("ada")).value().size(), 1U);
}

TEST_F(TokenEndpoint, SaysWhatIsWrongWithARequest) {
    const auto error_of = [&](std::string body, std::string type, int status) {
        http::Request request = request_of("POST", "/oauth/token", body);
        if (!type.empty()) request.headers.add("content-type", type);
        const http::Response response = send(std::move(request));
        EXPECT_EQ(response.status, status) << body;
        EXPECT_EQ(response.headers.value("cache-control"), "no-store");
        return field(response, "error");
    };
    const std::string form = "application/x-www-form-urlencoded";
    const std::string grant = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code";
    EXPECT_EQ(error_of("", form, 400), "unsupported_grant_type");
    EXPECT_EQ(error_of("grant_type=password", form, 400), "unsupported_grant_type");
    EXPECT_EQ(error_of(grant, form, 400), "invalid_request");
    EXPECT_EQ(error_of("grant_type=refresh_token", form, 400), "invalid_request");
    EXPECT_EQ(error_of("grant_type=refresh_token&refresh_token=a&refresh_token=b", form, 400), "invalid_request");
    EXPECT_EQ(error_of(R"({"grant_type":"refresh_token"})", "application/json", 400), "invalid_request");
    EXPECT_EQ(error_of(R"({"grant_type":"refresh_token"})", form, 400), "invalid_request");
    EXPECT_EQ(error_of(grant + "&device_code=unknown", form, 400), "expired_token");
    EXPECT_EQ(error_of("grant_type=refresh_token&refresh_token=nonsense", form, 401), "invalid_grant");
}

TEST_F(TokenEndpoint, AnswersAFailingStoreWithTheInferenceEnvelope) {
    const Tokens held = sign_in_terminal();
    vault.set_down(true);
    for (const http::Response& response : {poll("whatever"), refresh(held.refresh)}) {
        EXPECT_EQ(response.status, 500);
        EXPECT_EQ(field(response, "type"), "error");
        EXPECT_EQ(response.headers.value("cache-control"), "no-store");
    }
    vault.set_down(false);
    EXPECT_EQ(refresh(held.refresh).status, 200) << "nothing was lost";
}

TEST_F(TokenEndpoint, GivesNoRefreshTokenWhenTheProviderGaveNone) {
    idp.gives_refresh_tokens(false);
    const Tokens held = sign_in_terminal();
    EXPECT_EQ(held.refresh, "");
    const std::string id = session_of(held.access);
    EXPECT_EQ(run(vault.find_session(id)).value()->expires_at, clock.now() + seconds(3600));
}

// ---- refreshing

TEST_F(TokenEndpoint, RefreshesThroughTheProviderAndSlidesTheSession) {
    const Tokens first = sign_in_terminal();
    auth::Person moved = ada();
    moved.groups = {"finance"};
    idp.now_knows(moved);
    clock.advance(std::chrono::days(29));
    const http::Response response = refresh(first.refresh);
    ASSERT_EQ(response.status, 200) << response.body;
    const auto verified = tokens->verify(field(response, "access_token"), clock.now());
    ASSERT_TRUE(verified);
    EXPECT_EQ(verified->person.groups, moved.groups) << "asked again, not remembered";
    EXPECT_EQ(verified->session_id, session_of(field(response, "access_token")));
    EXPECT_NE(field(response, "refresh_token"), first.refresh);
    EXPECT_EQ(run(vault.find_session(verified->session_id)).value()->expires_at, clock.now() + std::chrono::days(30));
    EXPECT_EQ(journal.count("session.refresh", {"result=success", "sub=ada", "email=ada@corp.example"}), 1);
    EXPECT_EQ(refresh(field(response, "refresh_token")).status, 200);
    EXPECT_EQ(idp.refreshed(), (std::vector<std::string>{"idp-refresh-1", "idp-refresh-2"}));
}

TEST_F(TokenEndpoint, KeepsTheProvidersTokenWhenItDoesNotRotate) {
    idp.rotates_refresh_tokens(false);
    const Tokens first = sign_in_terminal();
    const http::Response second = refresh(first.refresh);
    ASSERT_EQ(refresh(field(second, "refresh_token")).status, 200);
    EXPECT_EQ(idp.refreshed(), (std::vector<std::string>{"idp-refresh-1", "idp-refresh-1"}));
}

TEST_F(TokenEndpoint, GivesAReplayTheSameSuccessorWithinAMinute) {
    const Tokens first = sign_in_terminal();
    const http::Response second = refresh(first.refresh);
    clock.advance(seconds(59));
    const http::Response replay = refresh(first.refresh);
    ASSERT_EQ(replay.status, 200) << replay.body;
    EXPECT_EQ(field(replay, "refresh_token"), field(second, "refresh_token"));
    EXPECT_TRUE(tokens->verify(field(replay, "access_token"), clock.now()));
    EXPECT_EQ(idp.refreshed().size(), 1U) << "the provider is not asked for a replay";
}

TEST_F(TokenEndpoint, EndsTheSessionOnALaterReuse) {
    const Tokens first = sign_in_terminal();
    const http::Response second = refresh(first.refresh);
    EXPECT_EQ(identified(field(second, "access_token")), "ada");
    clock.advance(seconds(61));
    const http::Response reuse = refresh(first.refresh);
    EXPECT_EQ(reuse.status, 401);
    EXPECT_EQ(field(reuse, "error"), "invalid_grant");
    EXPECT_FALSE(session_is_there(session_of(first.access)));
    EXPECT_EQ(identified(field(second, "access_token")), "session_revoked");
    EXPECT_EQ(refresh(field(second, "refresh_token")).status, 401) << "whoever holds the newest is out too";
    EXPECT_EQ(journal.count("refresh.reuse", {"sub=ada", "reason=refresh_reused"}), 1);
    EXPECT_EQ(journal.count("session.revoke", {"result=success", "reason=refresh_reused"}), 1);
}

TEST_F(TokenEndpoint, EndsTheSessionOnATokenTwoGenerationsOld) {
    const Tokens first = sign_in_terminal();
    const http::Response second = refresh(first.refresh);
    refresh(field(second, "refresh_token"));
    EXPECT_EQ(refresh(first.refresh).status, 401);
    EXPECT_EQ(journal.count("refresh.reuse"), 1);
}

TEST_F(TokenEndpoint, AsksTheProviderOnceForTwoRefreshesAtOnce) {
    const Tokens held = sign_in_terminal();
    provider.wait_for = 1;  // answers only after the other terminal was told to wait
    const auto fields = [&] {
        return token_request({{"grant_type", "refresh_token"}, {"refresh_token", held.refresh}});
    };
    const auto [one, other] = both(fields(), fields());
    ASSERT_EQ(one.status, 200) << one.body;
    ASSERT_EQ(other.status, 200) << other.body;
    EXPECT_EQ(idp.refreshed().size(), 1U);
    EXPECT_EQ(field(one, "refresh_token"), field(other, "refresh_token"));
}

TEST_F(TokenEndpoint, GivesUpWaitingForAnotherRefresh) {
    const Tokens held = sign_in_terminal();
    const std::string id = session_of(held.access);
    ASSERT_EQ(run(vault.begin_refresh(id, 0, clock.now(), seconds(60), seconds(30))).value().state,
              auth::RefreshState::granted);
    const http::Response response = refresh(held.refresh);
    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(response.body, R"({"error":"temporarily_unavailable"})");
    clock.advance(seconds(31));
    EXPECT_EQ(refresh(held.refresh).status, 200) << "the lease of a dead replica runs out";
}

TEST_F(TokenEndpoint, GivesTheOwnersKeysTheGroupsThatARefreshBrings) {
    const Tokens held = sign_in_terminal();
    ASSERT_TRUE(run(vault.put_key(
        {"key", "key-hash", "for CI", ada(), clock.now(), clock.now() + std::chrono::hours(24), std::nullopt})));
    auth::Person moved = ada();
    moved.groups = {"contractors"};
    idp.now_knows(moved);
    ASSERT_EQ(refresh(held.refresh).status, 200);
    EXPECT_EQ(run(vault.find_key("key-hash")).value()->person, moved);
}

TEST_F(TokenEndpoint, EndsTheKeysOfSomebodyWhomOurRulesNoLongerAdmit) {
    const Tokens held = sign_in_terminal();
    ASSERT_TRUE(run(vault.put_key(
        {"key", "key-hash", "for CI", ada(), clock.now(), clock.now() + std::chrono::hours(24), std::nullopt})));
    idp.fail_with(Error::forbidden(Reason::group_not_allowed, "not in an allowed group"));
    EXPECT_EQ(refresh(held.refresh).status, 401);
    EXPECT_FALSE(run(vault.find_key("key-hash")).value());
    EXPECT_EQ(journal.count("key.revoke", {"credential_id=key", "reason=group_not_allowed"}), 1);
}

TEST_F(TokenEndpoint, EndsTheSessionWhenTheProviderRefuses) {
    const Tokens held = sign_in_terminal();
    idp.disable("ada");
    const http::Response response = refresh(held.refresh);
    EXPECT_EQ(response.status, 401);
    EXPECT_EQ(field(response, "error"), "invalid_grant");
    EXPECT_EQ(identified(held.access), "session_revoked");
    EXPECT_EQ(journal.count("session.refresh", {"result=fail", "reason=idp_refused", "sub=ada"}), 1);
    EXPECT_EQ(journal.count("session.revoke", {"result=success", "reason=idp_refused"}), 1);
}

TEST_F(TokenEndpoint, EndsTheSessionOfAPersonWhoMayNoLongerSignIn) {
    for (const Reason reason : {Reason::group_not_allowed, Reason::domain_not_allowed, Reason::email_unverified}) {
        idp.will_sign_in("code-ada", ada());
        const Tokens held = sign_in_terminal();
        idp.fail_with(Error::forbidden(reason, "no longer"));
        EXPECT_EQ(field(refresh(held.refresh), "error"), "invalid_grant");
        EXPECT_FALSE(session_is_there(session_of(held.access)));
        idp.work_again();
    }
}

TEST_F(TokenEndpoint, BindsASessionToItsSubject) {
    const Tokens held = sign_in_terminal();
    idp.mixes_up_subjects(true);
    EXPECT_EQ(refresh(held.refresh).status, 401);
    EXPECT_FALSE(session_is_there(session_of(held.access)));
}

TEST_F(TokenEndpoint, KeepsTheSessionWhileTheProviderIsDown) {
    const Tokens held = sign_in_terminal();
    idp.fail_with(Error::unavailable(Reason::idp_unreachable, "down"));
    const http::Response response = refresh(held.refresh);
    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(response.body, R"({"error":"temporarily_unavailable"})");
    EXPECT_TRUE(session_is_there(session_of(held.access)));
    idp.work_again();
    EXPECT_EQ(refresh(held.refresh).status, 200) << "and the claim was given back";
}

TEST_F(TokenEndpoint, KeepsTheRotatedTokenThoughTheStoreBlinks) {
    const Tokens held = sign_in_terminal();
    provider.at_the_end = [this] { vault.fail_next(2); };
    const http::Response response = refresh(held.refresh);
    ASSERT_EQ(response.status, 200) << response.body;
    provider.at_the_end = nullptr;
    EXPECT_EQ(refresh(field(response, "refresh_token")).status, 200);
    EXPECT_EQ(idp.refreshed(), (std::vector<std::string>{"idp-refresh-1", "idp-refresh-2"}));
}

TEST_F(TokenEndpoint, HonoursARevocationThatArrivesDuringARefresh) {
    const Tokens held = sign_in_terminal();
    const std::string id = session_of(held.access);
    provider.at_the_end = [&] { run(vault.revoke_session(id)).value(); };
    EXPECT_EQ(field(refresh(held.refresh), "error"), "invalid_grant");
    EXPECT_FALSE(session_is_there(id)) << "the refresh does not bring it back";
}

TEST_F(TokenEndpoint, SurvivesARotationOfTheSessionSecret) {
    const Tokens old = sign_in_terminal();
    session.jwt_secrets.insert(session.jwt_secrets.begin(), Secret("a newer secret of thirty-two bytes!"));
    boot();
    const http::Response response = refresh(old.refresh);
    ASSERT_EQ(response.status, 200) << response.body;
    session.jwt_secrets.pop_back();
    boot();
    EXPECT_EQ(refresh(old.refresh).status, 401) << "the old secret is gone";
    EXPECT_EQ(refresh(field(response, "refresh_token")).status, 200) << "everything moved to the new one";
}

TEST_F(TokenEndpoint, RefusesForgedRefreshTokens) {
    const Tokens held = sign_in_terminal();
    const std::string id = session_of(held.access);
    auth::SessionSettings other;
    other.jwt_secrets = {Secret("somebody else's secret, long enough")};
    const std::string forged = auth::RefreshTokens(other).derive({id, 0});
    std::string next = held.refresh;
    next.replace(next.find(".0."), 3, ".1.");
    const std::vector<std::string> forgeries{
        forged, next, held.refresh + "A", "ghr_" + id, "ghr_..", "ghr_" + id + ".0.", held.refresh.substr(4)};
    for (const std::string& token : forgeries)
        EXPECT_EQ(refresh(token).status, 401) << token;
    EXPECT_TRUE(session_is_there(id)) << "a forgery ends nobody's session";
    EXPECT_TRUE(idp.refreshed().empty());
}

TEST(RefreshTokens, HaveOneSpellingPerGeneration) {
    auth::SessionSettings settings;
    settings.jwt_secrets = {Secret("a secret of at least thirty-two bytes")};
    const auth::RefreshTokens tokens(settings);
    const std::string text = tokens.derive({"session", 12});
    EXPECT_EQ(text, tokens.derive({"session", 12}));
    const auto token = tokens.verify(text);
    ASSERT_TRUE(token);
    EXPECT_EQ(token->session_id, "session");
    EXPECT_EQ(token->generation, 12);
    std::string padded = text;
    padded.replace(padded.find(".12."), 4, ".012.");
    EXPECT_FALSE(tokens.verify(padded));
}

TEST(TokenBox, OpensOnlyForTheRecordItWasSealedFor) {
    auth::SessionSettings settings;
    settings.jwt_secrets = {Secret("a secret of at least thirty-two bytes")};
    const auth::TokenBox box(settings);
    FixedRandom random;
    const std::string sealed = box.seal(random, "provider token", auth::session_context("one"));
    EXPECT_EQ(box.open(sealed, auth::session_context("one")), "provider token");
    EXPECT_FALSE(box.open(sealed, auth::session_context("two")));
    EXPECT_FALSE(box.open(sealed, auth::grant_context("one")));
    EXPECT_FALSE(box.open("", auth::session_context("one")));
    EXPECT_EQ(box.seal(random, "", "context"), "");
}

// ---- revoking

TEST_F(TokenEndpoint, RevokesByRefreshTokenOrAccessToken) {
    for (const bool by_refresh : {true, false}) {
        idp.will_sign_in("code-ada", ada());
        const Tokens held = sign_in_terminal();
        const http::Response response = post_form(
            "/oauth/revoke", {{"token", by_refresh ? held.refresh : held.access}, {"token_type_hint", "any"}});
        EXPECT_EQ(response.status, 200);
        EXPECT_EQ(response.headers.value("cache-control"), "no-store");
        EXPECT_EQ(identified(held.access), "session_revoked");
        EXPECT_EQ(refresh(held.refresh).status, 401);
    }
    EXPECT_EQ(journal.count("session.revoke", {"result=success", "sub=ada"}), 2);
}

TEST_F(TokenEndpoint, AnswersTwoHundredForTokensThatItDoesNotKnow) {
    const Tokens held = sign_in_terminal();
    for (const std::string token : {"nonsense", "ghr_a.0.b", "eyJhbGciOiJub25lIn0.e30."})
        EXPECT_EQ(post_form("/oauth/revoke", {{"token", token}}).status, 200);
    EXPECT_TRUE(session_is_there(session_of(held.access)));
    EXPECT_EQ(post_form("/oauth/revoke", {{"token", held.refresh}}).status, 200);
    EXPECT_EQ(post_form("/oauth/revoke", {{"token", held.refresh}}).status, 200) << "twice is once";
    EXPECT_EQ(field(post_form("/oauth/revoke", {}), "error"), "invalid_request");
}

}  // namespace
}  // namespace gatehouse::testing

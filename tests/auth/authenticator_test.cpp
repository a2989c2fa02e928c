// SPDX-License-Identifier: Apache-2.0
// Who a request is from: where the credential may stand, what is cached for how long, and what revocations, a dead feed
// and a dead store change.
#include "auth/authenticator.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "auth/access_token.h"
#include "auth/personal_key.h"
#include "auth/secret_hash.h"
#include "auth/service_key.h"
#include "tests/support/fixed_random.h"
#include "tests/support/manual_clock.h"
#include "tests/support/memory_journal.h"
#include "tests/support/memory_vault.h"
#include "tests/support/run_task.h"
#include "tests/support/scripted_client.h"

namespace gatehouse::auth {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::run;

constexpr const char* origin = "https://gateway.example";

/// A vault whose session look-ups wait at a gate, with the answer already decided: the store's reply is on its way.
class SlowVault final : public auth::Vault {
  public:
    explicit SlowVault(auth::Vault& real) : real_(real) {}
    testing::Gate gate;
    bool touch_fails = false;

    Task<std::optional<Session>> find_session(std::string id) override {
        auto found = co_await real_.find_session(std::move(id));
        const auto opened = co_await gate.wait();
        if (!opened) co_return fail(opened.error());
        co_return found;
    }
    Task<> touch_session(std::string id, std::string address, Instant now) override {
        if (touch_fails) co_return fail(Error::unavailable(Reason::store_unreachable, "down"));
        const auto touched = co_await real_.touch_session(std::move(id), std::move(address), now);
        co_return touched;
    }

    // Not used by the Authenticator.
    Task<> put_attempt(Attempt a, seconds l) override { return real_.put_attempt(std::move(a), l); }
    Task<std::optional<Attempt>> find_attempt(std::string id) override { return real_.find_attempt(std::move(id)); }
    Task<std::optional<Attempt>> take_attempt(std::string id) override { return real_.take_attempt(std::move(id)); }
    Task<> put_grant(DeviceGrant g) override { return real_.put_grant(std::move(g)); }
    Task<std::optional<DeviceGrant>> find_grant(std::string c) override { return real_.find_grant(std::move(c)); }
    Task<bool> approve_grant(std::string h, Approval a) override {
        return real_.approve_grant(std::move(h), std::move(a));
    }
    Task<bool> deny_grant(std::string h) override { return real_.deny_grant(std::move(h)); }
    Task<PollOutcome> poll_grant(std::string h, Instant now, seconds interval) override {
        return real_.poll_grant(std::move(h), now, interval);
    }
    Task<> put_session(Session s) override { return real_.put_session(std::move(s)); }
    Task<std::optional<Session>> find_session_by_secret(std::string h) override {
        return real_.find_session_by_secret(std::move(h));
    }
    Task<std::vector<Session>> sessions_of(std::string s) override { return real_.sessions_of(std::move(s)); }
    Task<RefreshClaim> begin_refresh(std::string id, std::int64_t g, Instant now, seconds grace,
                                     seconds lease) override {
        return real_.begin_refresh(std::move(id), g, now, grace, lease);
    }
    Task<Session> finish_refresh(Session s, Instant now) override { return real_.finish_refresh(std::move(s), now); }
    Task<> abandon_refresh(std::string id) override { return real_.abandon_refresh(std::move(id)); }
    Task<bool> revoke_session(std::string id) override { return real_.revoke_session(std::move(id)); }
    Task<> put_key(PersonalKey k) override { return real_.put_key(std::move(k)); }
    Task<std::optional<PersonalKey>> find_key(std::string h) override { return real_.find_key(std::move(h)); }
    Task<std::vector<PersonalKey>> keys_of(std::string s) override { return real_.keys_of(std::move(s)); }
    Task<bool> update_key_owner(std::string hash, Person person) override {
        return real_.update_key_owner(std::move(hash), std::move(person));
    }
    Task<> touch_key(std::string id, Instant now) override { return real_.touch_key(std::move(id), now); }
    Task<bool> revoke_key(std::string s, std::string id) override {
        return real_.revoke_key(std::move(s), std::move(id));
    }
    Task<> touch_service_key(std::string id, Instant now) override {
        return real_.touch_service_key(std::move(id), now);
    }
    Task<std::vector<CredentialCount>> credential_counts(std::vector<std::string> s) override {
        return real_.credential_counts(std::move(s));
    }
    Task<std::vector<std::optional<Instant>>> service_key_uses(std::vector<std::string> ids) override {
        return real_.service_key_uses(std::move(ids));
    }
    Task<Count> count(std::string b, seconds w) override { return real_.count(std::move(b), w); }
    Task<> ping() override { return real_.ping(); }

  private:
    auth::Vault& real_;
};

SessionSettings session_settings() {
    SessionSettings settings;
    settings.jwt_secrets.emplace_back("0123456789abcdef0123456789abcdef");
    return settings;
}

class AuthenticatorTest : public ::testing::Test {
  protected:
    AuthenticatorTest() { vault_.add_listener(authenticator_); }

    std::string signed_in(const std::string& session_id, const std::string& subject = "ada-sub") {
        Session session;
        session.id = session_id;
        session.person = {subject, "ada@example.com", "Ada", {"engineering"}};
        session.created_at = clock_.now();
        session.expires_at = clock_.now() + hours(24 * 30);
        EXPECT_TRUE(run(vault_.put_session(session)));
        return tokens_.mint(session.person, session_id, clock_.now());
    }

    std::string key_made(const std::string& key_id, std::chrono::milliseconds lifetime = hours(24)) {
        const std::string secret = make_personal_key(random_);
        PersonalKey key;
        key.id = key_id;
        key.hash = secret_hash(secret);
        key.name = "ci";
        key.person = {"ada-sub", "ada@example.com", "Ada", {"engineering"}};
        key.created_at = clock_.now();
        key.expires_at = clock_.now() + lifetime;
        EXPECT_TRUE(run(vault_.put_key(key)));
        return secret;
    }

    static http::Request request_with(http::Headers headers) {
        http::Request request;
        request.headers = std::move(headers);
        return request;
    }
    Result<IdentityPtr> identify(http::Headers headers) {
        const http::Request request = request_with(std::move(headers));
        return run(authenticator_.identify(request));
    }
    Result<IdentityPtr> with_bearer(const std::string& token) {
        return identify({{"Authorization", "Bearer " + token}});
    }

    static void expect_refused(const Result<IdentityPtr>& result, Reason reason) {
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().fault, Fault::unauthenticated);
        EXPECT_EQ(to_slug(result.error().reason), to_slug(reason)) << describe(result.error());
        EXPECT_EQ(result.error().message, reason == Reason::token_missing ? "missing token" : "invalid token");
    }

    int calls_during(const std::function<void()>& action) {
        const int before = vault_.calls();
        action();
        return vault_.calls() - before;
    }

    testing::ManualClock clock_;
    testing::FixedRandom random_;
    testing::MemoryVault vault_{clock_};
    AccessTokens tokens_{session_settings(), origin};
    testing::MemoryJournal journal_;
    Authenticator authenticator_{session_settings(), origin, vault_, clock_, journal_};
};

// ---- where the credential stands

TEST_F(AuthenticatorTest, KnowsASessionByItsToken) {
    const auto identity = with_bearer(signed_in("session-1"));
    ASSERT_TRUE(identity) << describe(identity.error());
    EXPECT_EQ((*identity)->person().subject, "ada-sub");
    EXPECT_EQ((*identity)->person().groups, std::vector<std::string>{"engineering"});
    EXPECT_EQ((*identity)->kind(), CredentialKind::session);
    EXPECT_EQ((*identity)->credential_id(), "session-1");
    EXPECT_EQ((*identity)->expires_at(), clock_.now() + seconds(3600));
}

TEST_F(AuthenticatorTest, KnowsAPersonalKey) {
    const auto identity = with_bearer(key_made("key-1"));
    ASSERT_TRUE(identity) << describe(identity.error());
    EXPECT_EQ((*identity)->person().email, "ada@example.com");
    EXPECT_EQ((*identity)->kind(), CredentialKind::personal_key);
    EXPECT_EQ((*identity)->credential_id(), "key-1");
    EXPECT_EQ((*identity)->expires_at(), clock_.now() + hours(24));
}

TEST_F(AuthenticatorTest, ReadsTheSchemeInAnyCaseAndTheApiKeyHeader) {
    const std::string token = signed_in("session-1");
    EXPECT_TRUE(identify({{"authorization", "bearer " + token}}));
    EXPECT_TRUE(identify({{"AUTHORIZATION", "BEARER   " + token}}));
    EXPECT_TRUE(identify({{"X-Api-Key", token}}));
    EXPECT_TRUE(identify({{"x-api-key", token}, {"authorization", "Bearer " + token}}));
}

TEST_F(AuthenticatorTest, SaysWhenThereIsNoTokenAtAll) {
    expect_refused(identify({}), Reason::token_missing);
    expect_refused(identify({{"authorization", "Bearer"}}), Reason::token_missing);
    expect_refused(identify({{"authorization", "Bearer  "}}), Reason::token_missing);
    expect_refused(identify({{"x-api-key", ""}}), Reason::token_missing);
}

TEST_F(AuthenticatorTest, RefusesTwoCredentialsThatDiffer) {
    const std::string token = signed_in("session-1");
    const std::string other = signed_in("session-2");
    expect_refused(identify({{"x-api-key", other}, {"authorization", "Bearer " + token}}), Reason::token_invalid);
    expect_refused(identify({{"authorization", "Bearer " + token}, {"authorization", "Bearer " + token}}),
                   Reason::token_invalid);
    expect_refused(identify({{"x-api-key", token}, {"x-api-key", other}}), Reason::token_invalid);
    expect_refused(identify({{"x-api-key", token}, {"authorization", "Basic " + token}}), Reason::token_invalid);
}

TEST_F(AuthenticatorTest, RefusesWhatIsNoCredentialWithoutAskingTheVault) {
    const std::string token = signed_in("session-1");
    const int calls = calls_during([&] {
        expect_refused(identify({{"authorization", "Basic dXNlcjpwYXNz"}}), Reason::token_invalid);
        expect_refused(identify({{"authorization", token}}), Reason::token_invalid);
        expect_refused(with_bearer(token + " x"), Reason::token_invalid);
        expect_refused(with_bearer("sk-ant-api03-something"), Reason::token_invalid);
        expect_refused(with_bearer("ghk_short"), Reason::token_invalid);
        expect_refused(with_bearer("ghk_" + std::string(43, '!')), Reason::token_invalid);
        expect_refused(with_bearer(std::string(100'000, 'a')), Reason::token_invalid);
    });
    EXPECT_EQ(calls, 0);
}

TEST_F(AuthenticatorTest, RefusesATokenOfAnotherSecretIssuerOrTime) {
    signed_in("session-1");
    const Person ada{"ada-sub", "", "", {}};
    auto other_secret = session_settings();
    other_secret.jwt_secrets[0] = Secret("ffffffffffffffffffffffffffffffff");
    expect_refused(with_bearer(AccessTokens(other_secret, origin).mint(ada, "session-1", clock_.now())),
                   Reason::token_invalid);
    expect_refused(
        with_bearer(AccessTokens(session_settings(), "https://other.example").mint(ada, "session-1", clock_.now())),
        Reason::token_invalid);
    expect_refused(with_bearer(tokens_.mint(ada, "session-1", clock_.now() - hours(1))), Reason::token_expired);
}

TEST_F(AuthenticatorTest, RefusesATokenWhoseSessionIsSomeoneElses) {
    signed_in("session-1", "ada-sub");
    const std::string forged = tokens_.mint({"bob-sub", "", "", {}}, "session-1", clock_.now());
    expect_refused(with_bearer(forged), Reason::token_invalid);
}

// ---- the cache

TEST_F(AuthenticatorTest, AsksTheVaultOnceForManyRequestsOfOneToken) {
    const std::string token = signed_in("session-1");
    ASSERT_TRUE(with_bearer(token));
    EXPECT_EQ(calls_during([&] {
                  for (int request = 0; request < 100; ++request)
                      EXPECT_TRUE(with_bearer(token));
              }),
              0);
}

TEST_F(AuthenticatorTest, WritesTheLastUseDownAtMostOnceAMinute) {
    const std::string token = signed_in("session-1");
    const std::string key = key_made("key-1");
    const Instant first = clock_.now();
    ASSERT_TRUE(with_bearer(token));
    ASSERT_TRUE(with_bearer(key));
    clock_.advance(seconds(59));
    ASSERT_TRUE(with_bearer(token));
    ASSERT_TRUE(with_bearer(key));
    EXPECT_EQ((*run(vault_.find_session("session-1")))->last_used_at, first);
    EXPECT_EQ((*run(vault_.find_key(secret_hash(key))))->last_used_at, first);
    clock_.advance(seconds(1));
    ASSERT_TRUE(with_bearer(token));
    ASSERT_TRUE(with_bearer(key));
    EXPECT_EQ((*run(vault_.find_session("session-1")))->last_used_at, clock_.now());
    EXPECT_EQ((*run(vault_.find_key(secret_hash(key))))->last_used_at, clock_.now());
}

TEST_F(AuthenticatorTest, AcceptsARequestWhoseLastUseCannotBeWrittenDown) {
    SlowVault odd(vault_);
    odd.gate.open();
    odd.touch_fails = true;
    Authenticator authenticator(session_settings(), origin, odd, clock_, journal_);
    const http::Request request = request_with({{"x-api-key", signed_in("session-1")}});
    EXPECT_TRUE(run(authenticator.identify(request)));
}

TEST_F(AuthenticatorTest, NeverUsesACachedIdentityPastItsEnd) {
    const std::string token = signed_in("session-1");
    const std::string key = key_made("key-1", seconds(30));
    ASSERT_TRUE(with_bearer(token));
    ASSERT_TRUE(with_bearer(key));
    clock_.advance(seconds(30));
    EXPECT_FALSE(with_bearer(key));
    clock_.advance(seconds(3570));
    expect_refused(with_bearer(token), Reason::token_expired);
}

TEST_F(AuthenticatorTest, ForgetsTheLeastRecentlyUsedWhenTheCacheIsFull) {
    Authenticator small(session_settings(), origin, vault_, clock_, journal_, 2);
    vault_.add_listener(small);
    auto identified = [&](const std::string& token) {
        return run(small.identify(request_with({{"x-api-key", token}}))).has_value();
    };
    const std::string first = signed_in("session-1");
    const std::string second = signed_in("session-2");
    const std::string third = signed_in("session-3");
    ASSERT_TRUE(identified(first) && identified(second) && identified(first) && identified(third));
    EXPECT_EQ(calls_during([&] { EXPECT_TRUE(identified(first) && identified(third)); }), 0);
    EXPECT_GT(calls_during([&] { EXPECT_TRUE(identified(second)); }), 0);
    vault_.remove_listener(small);
}

// ---- revocation

TEST_F(AuthenticatorTest, RefusesARevokedSessionAtOnceWithEveryTokenOfIt) {
    const std::string token = signed_in("session-1");
    clock_.advance(seconds(10));
    const std::string refreshed = tokens_.mint({"ada-sub", "", "", {}}, "session-1", clock_.now());
    const std::string other = signed_in("session-2");
    ASSERT_TRUE(with_bearer(token) && with_bearer(refreshed) && with_bearer(other));
    ASSERT_TRUE(run(vault_.revoke_session("session-1")));
    expect_refused(with_bearer(token), Reason::session_revoked);
    expect_refused(with_bearer(refreshed), Reason::session_revoked);
    EXPECT_EQ(calls_during([&] { EXPECT_TRUE(with_bearer(other)); }), 0);
}

TEST_F(AuthenticatorTest, RefusesARevokedKeyAtOnce) {
    const std::string key = key_made("key-1");
    ASSERT_TRUE(with_bearer(key));
    ASSERT_TRUE(run(vault_.revoke_key("ada-sub", "key-1")));
    expect_refused(with_bearer(key), Reason::key_revoked);
}

TEST_F(AuthenticatorTest, RefusesAKeyThatWasNeverIssued) {
    expect_refused(with_bearer(make_personal_key(random_)), Reason::key_revoked);
}

TEST_F(AuthenticatorTest, RefusesWhenTheRevocationOvertakesTheVaultsAnswer) {
    SlowVault slow(vault_);
    Authenticator authenticator(session_settings(), origin, slow, clock_, journal_);
    vault_.add_listener(authenticator);
    const std::string token = signed_in("session-1");
    const http::Request request = request_with({{"x-api-key", token}});
    boost::asio::io_context context(1);
    std::optional<Result<IdentityPtr>> outcome;
    boost::asio::co_spawn(context, authenticator.identify(request),
                          [&](std::exception_ptr, Result<IdentityPtr> result) { outcome = std::move(result); });
    context.poll();
    ASSERT_EQ(slow.gate.waiting(), 1U);

    ASSERT_TRUE(run(vault_.revoke_session("session-1")));
    slow.gate.open();
    context.restart();
    context.poll();
    ASSERT_TRUE(outcome);
    expect_refused(*outcome, Reason::session_revoked);
    vault_.remove_listener(authenticator);
}

TEST_F(AuthenticatorTest, DoesNotCacheAnAnswerThatTheFeedMayHaveMissedTheRevocationOf) {
    SlowVault slow(vault_);
    Authenticator authenticator(session_settings(), origin, slow, clock_, journal_);
    vault_.add_listener(authenticator);
    const std::string token = signed_in("session-1");
    const http::Request request = request_with({{"x-api-key", token}});
    boost::asio::io_context context(1);
    bool done = false;
    boost::asio::co_spawn(context, authenticator.identify(request),
                          [&](std::exception_ptr, Result<IdentityPtr>) { done = true; });
    context.poll();
    ASSERT_FALSE(done);

    authenticator.on_feed_down();
    vault_.remove_listener(authenticator);
    ASSERT_TRUE(run(vault_.revoke_session("session-1")));  // nobody tells this shard
    authenticator.on_feed_up();
    slow.gate.open();
    context.restart();
    context.poll();
    ASSERT_TRUE(done);
    expect_refused(run(authenticator.identify(request)), Reason::session_revoked);
}

// ---- the feed and the store

TEST_F(AuthenticatorTest, AsksTheVaultForEveryRequestUntilTheFeedIsUp) {
    Authenticator fresh(session_settings(), origin, vault_, clock_, journal_);
    const std::string token = signed_in("session-1");
    const http::Request request = request_with({{"x-api-key", token}});
    ASSERT_TRUE(run(fresh.identify(request)));
    EXPECT_EQ(calls_during([&] { EXPECT_TRUE(run(fresh.identify(request))); }), 1);
    ASSERT_TRUE(run(vault_.revoke_session("session-1")));
    expect_refused(run(fresh.identify(request)), Reason::session_revoked);
}

TEST_F(AuthenticatorTest, AsksTheVaultForEveryRequestWhileTheFeedIsDown) {
    const std::string token = signed_in("session-1");
    const std::string key = key_made("key-1");
    ASSERT_TRUE(with_bearer(token) && with_bearer(key));
    authenticator_.on_feed_down();
    vault_.remove_listener(authenticator_);
    EXPECT_EQ(calls_during([&] { EXPECT_TRUE(with_bearer(token) && with_bearer(key)); }), 2);
    ASSERT_TRUE(run(vault_.revoke_session("session-1")));
    ASSERT_TRUE(run(vault_.revoke_key("ada-sub", "key-1")));
    expect_refused(with_bearer(token), Reason::session_revoked);
    expect_refused(with_bearer(key), Reason::key_revoked);
}

TEST_F(AuthenticatorTest, ForgetsEverythingWhenTheFeedComesBack) {
    const std::string token = signed_in("session-1");
    ASSERT_TRUE(with_bearer(token));
    vault_.remove_listener(authenticator_);
    ASSERT_TRUE(run(vault_.revoke_session("session-1")));  // missed: the feed was away
    ASSERT_TRUE(with_bearer(token));
    authenticator_.on_feed_up();
    expect_refused(with_bearer(token), Reason::session_revoked);
}

TEST_F(AuthenticatorTest, AcceptsSignedSessionTokensWhileTheStoreIsDown) {
    const std::string cached = signed_in("session-1");
    const std::string fresh = signed_in("session-2");
    ASSERT_TRUE(with_bearer(cached));
    vault_.set_down(true);
    EXPECT_TRUE(with_bearer(cached));
    EXPECT_TRUE(with_bearer(fresh));
    clock_.advance(seconds(3600));
    expect_refused(with_bearer(fresh), Reason::token_expired);
}

TEST_F(AuthenticatorTest, RefusesWhatItSawRevokedEvenWhileTheStoreIsDown) {
    const std::string token = signed_in("session-1");
    ASSERT_TRUE(run(vault_.revoke_session("session-1")));
    vault_.set_down(true);
    expect_refused(with_bearer(token), Reason::session_revoked);
    clock_.advance(seconds(3599));
    expect_refused(with_bearer(token), Reason::session_revoked);
}

TEST_F(AuthenticatorTest, AcceptsOnlyCachedKeysWhileTheStoreIsDown) {
    const std::string cached = key_made("key-1", seconds(600));
    const std::string uncached = key_made("key-2");
    const std::string revoked = key_made("key-3");
    ASSERT_TRUE(with_bearer(cached) && with_bearer(revoked));
    ASSERT_TRUE(run(vault_.revoke_key("ada-sub", "key-3")));
    vault_.set_down(true);
    EXPECT_TRUE(with_bearer(cached));
    clock_.advance(seconds(599));
    EXPECT_TRUE(with_bearer(cached));
    for (const auto& key : {uncached, revoked}) {
        const auto refused = with_bearer(key);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().fault, Fault::unavailable);
    }
    clock_.advance(seconds(1));
    expect_refused(with_bearer(cached), Reason::key_expired);
}

TEST_F(AuthenticatorTest, LeavesADeadStoreAloneForHalfASecondSoThatRequestsDoNotWait) {
    const std::string token = signed_in("session-1");
    vault_.set_down(true);
    EXPECT_EQ(calls_during([&] { EXPECT_TRUE(with_bearer(token)); }), 1);
    EXPECT_EQ(calls_during([&] { EXPECT_TRUE(with_bearer(token)); }), 0);
    clock_.advance(milliseconds(500));
    vault_.set_down(false);
    ASSERT_TRUE(run(vault_.revoke_session("session-1")));
    expect_refused(with_bearer(token), Reason::session_revoked);
}

// ---- service keys

class ServiceKeyTest : public AuthenticatorTest {
  protected:
    ServiceKeyTest() {
        key_.id = "svk_1";
        key_.name = "nightly build";
        key_.owner = "ada@example.com";
        key_.groups = {"ci"};
        key_.created_at = clock_.now();
        key_.expires_at = clock_.now() + hours(24);
        key_.secrets = {{secret_hash(secret_), clock_.now(), std::nullopt}};
    }

    void given(std::vector<ServiceKey> keys) { authenticator_.set_service_keys(std::move(keys)); }
    Result<IdentityPtr> from(std::string address, const std::string& secret) {
        http::Request request = request_with({{"x-api-key", secret}});
        request.id = "request-1";
        request.path = "/v1/models";
        request.peer.address = std::move(address);
        return run(authenticator_.identify(request));
    }
    std::optional<Instant> used() { return (*run(vault_.service_key_uses({"svk_1"}))).at(0); }

    std::string secret_ = make_service_key(random_);
    ServiceKey key_;
};

TEST_F(ServiceKeyTest, IsAnIdentityOfItsOwnKind) {
    given({key_});

    const auto identity = with_bearer(secret_);

    ASSERT_TRUE(identity) << describe(identity.error());
    EXPECT_EQ((*identity)->person().subject, "service:svk_1");
    EXPECT_EQ((*identity)->person().groups, std::vector<std::string>{"ci"});
    EXPECT_EQ((*identity)->person().email, "");
    EXPECT_EQ((*identity)->kind(), CredentialKind::service_key);
    EXPECT_EQ(to_slug((*identity)->kind()), "service");
    EXPECT_EQ((*identity)->credential_id(), "svk_1");
    EXPECT_EQ((*identity)->service_key_id(), "svk_1");
    EXPECT_EQ((*identity)->expires_at(), *key_.expires_at);
    EXPECT_EQ((*with_bearer(signed_in("session-1")))->service_key_id(), "");
}

TEST_F(ServiceKeyTest, IsUnavailableUntilTheKeysAreThere) {
    const auto refused = with_bearer(secret_);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::unavailable);

    given({});
    expect_refused(with_bearer(secret_), Reason::key_revoked);
}

TEST_F(ServiceKeyTest, EndsAsSoonAsItIsNotAmongTheKeysAnyMore) {
    given({key_});
    ASSERT_TRUE(with_bearer(secret_));
    given({});
    expect_refused(with_bearer(secret_), Reason::key_revoked);
}

TEST_F(ServiceKeyTest, IsWhatItWasLastSaidToBe) {
    given({key_});
    ASSERT_TRUE(with_bearer(secret_));
    key_.groups = {"batch"};
    given({key_});
    EXPECT_EQ((*with_bearer(secret_))->person().groups, std::vector<std::string>{"batch"});
}

TEST_F(ServiceKeyTest, IsKnownByEitherSecretWhileARotationOverlaps) {
    const std::string former = secret_;
    const std::string next = make_service_key(random_);
    rotate(key_, secret_hash(next), clock_.now(), hours(1));
    given({key_});
    EXPECT_EQ((*with_bearer(former))->expires_at(), clock_.now() + hours(1));
    EXPECT_EQ((*with_bearer(next))->expires_at(), *key_.expires_at);

    clock_.advance(hours(1));

    EXPECT_TRUE(with_bearer(next));
    const auto refused = with_bearer(former);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, Reason::key_expired);
}

TEST_F(ServiceKeyTest, FromAWrongAddressIsForbiddenAndWrittenDownWithItsName) {
    key_.allowed_cidrs = {"192.0.2.0/24"};
    given({key_});
    ASSERT_TRUE(from("192.0.2.77", secret_));
    ASSERT_EQ(journal_.events.size(), 0U);

    const auto refused = from("203.0.113.9", secret_);

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::forbidden);
    EXPECT_EQ(refused.error().reason, Reason::address_denied);
    ASSERT_EQ(journal_.events.size(), 1U);
    EXPECT_EQ(journal_.events[0].name, "service_key.denied");
    const std::vector<std::pair<std::string_view, std::string>> fields{
        {"result", "fail"},          {"reason", "address_denied"},
        {"sub", "service:svk_1"},    {"email", ""},
        {"address", "203.0.113.9"},  {"path", "/v1/models"},
        {"request_id", "request-1"}, {"credential_id", "svk_1"},
        {"owner", "ada@example.com"}};
    EXPECT_EQ(journal_.events[0].fields, fields);
}

TEST_F(ServiceKeyTest, ExpiresWhileItIsInUse) {
    given({key_});
    ASSERT_TRUE(with_bearer(secret_));
    clock_.advance(hours(24));
    const auto refused = with_bearer(secret_);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, Reason::key_expired);
    EXPECT_EQ(journal_.count("service_key.denied"), 1U);
}

TEST_F(ServiceKeyTest, AsksNobodyAndWritesItsLastUseDownOnceAMinute) {
    given({key_});
    const Instant first = clock_.now();
    EXPECT_EQ(calls_during([&] { EXPECT_TRUE(with_bearer(secret_)); }), 1);
    clock_.advance(seconds(59));
    EXPECT_EQ(calls_during([&] { EXPECT_TRUE(with_bearer(secret_)); }), 0);
    EXPECT_EQ(used(), first);
    given({key_});
    EXPECT_EQ(calls_during([&] { EXPECT_TRUE(with_bearer(secret_)); }), 0);
    clock_.advance(seconds(1));
    EXPECT_EQ(calls_during([&] { EXPECT_TRUE(with_bearer(secret_)); }), 1);
    EXPECT_EQ(used(), clock_.now());
}

TEST_F(ServiceKeyTest, GoesOnWhileTheStoreIsAwayAndLeavesItAlone) {
    given({key_});
    vault_.set_down(true);
    EXPECT_EQ(calls_during([&] { EXPECT_TRUE(with_bearer(secret_)); }), 1);
    clock_.advance(seconds(61));
    EXPECT_EQ(calls_during([&] { EXPECT_TRUE(with_bearer(secret_)); }), 1);
    clock_.advance(milliseconds(100));
    ServiceKey other = key_;
    other.id = "svk_2";
    const std::string another = make_service_key(random_);
    other.secrets = {{secret_hash(another), clock_.now(), std::nullopt}};
    given({key_, other});
    EXPECT_EQ(calls_during([&] { EXPECT_TRUE(with_bearer(another)); }), 0);
}

TEST_F(ServiceKeyTest, WritesNoUseDownForOneThatIsRefused) {
    key_.disabled = true;
    given({key_});
    EXPECT_EQ(calls_during([&] { EXPECT_FALSE(with_bearer(secret_)); }), 0);
    EXPECT_FALSE(used());
}

}  // namespace
}  // namespace gatehouse::auth

// SPDX-License-Identifier: Apache-2.0
// What every auth::Vault must do, as tests. A test executable includes this once and instantiates VaultContract with a
// maker of VaultSetup for each implementation.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "auth/vault.h"
#include "tests/support/manual_clock.h"
#include "tests/support/run_task.h"
#include "tests/support/run_together.h"

namespace gatehouse::testing {

/// One implementation, empty, with two replicas that share what they keep.
class VaultSetup {
  public:
    virtual ~VaultSetup() = default;
    virtual boost::asio::io_context& context() = 0;
    virtual ManualClock& clock() = 0;
    virtual auth::Vault& vault() = 0;
    virtual auth::Vault& other_replica() = 0;
    /// Every credential id that a listener was told of so far, in order.
    virtual std::vector<std::string> told() = 0;
};

struct VaultMaker {
    const char* name;
    std::unique_ptr<VaultSetup> (*make)();
    friend std::ostream& operator<<(std::ostream& out, const VaultMaker& maker) { return out << maker.name; }
};

class VaultContract : public ::testing::TestWithParam<VaultMaker> {
  protected:
    VaultContract() : setup_(GetParam().make()) {}

    auth::Vault& vault() { return setup_->vault(); }
    auth::Vault& other_replica() { return setup_->other_replica(); }
    ManualClock& clock() { return setup_->clock(); }
    Instant now() { return setup_->clock().now(); }
    std::vector<std::string> told() { return setup_->told(); }

    /// The value of a call that must succeed.
    template <class T>
    T get(Task<T> task) {
        auto result = run(setup_->context(), std::move(task));
        if (!result) throw std::runtime_error("the vault failed: " + describe(result.error()));
        return std::move(*result);
    }
    void done(Task<> task) {
        const auto result = run(setup_->context(), std::move(task));
        if (!result) throw std::runtime_error("the vault failed: " + describe(result.error()));
    }
    template <class T>
    Error refusal(Task<T> task) {
        const auto result = run(setup_->context(), std::move(task));
        if (result) throw std::runtime_error("the vault did not refuse");
        return result.error();
    }
    template <class T>
    std::vector<Result<T>> race(std::vector<Task<T>> tasks) {
        return run_together(setup_->context(), std::move(tasks));
    }

    static auth::Person ada() {
        return {"ada", "ada@example.com", "Ada Lovelace", {"engineering", "", "a:b,c", std::string("\0\xff", 2)}};
    }
    auth::Session session(std::string id, auth::Person person = ada()) {
        return {.id = std::move(id),
                .kind = auth::SessionKind::device,
                .person = std::move(person),
                .secret_hash = {},
                .client = "claude-cli/2.1.329",
                .address = "192.0.2.7",
                .created_at = now(),
                .last_used_at = now(),
                .expires_at = now() + std::chrono::hours(1),
                .sealed_idp_refresh = std::string("\x01\0sealed", 8),
                .generation = 0,
                .rotated_at = now()};
    }
    auth::DeviceGrant grant(std::string device_hash, std::string user_code) {
        return {std::move(device_hash), std::move(user_code), "claude-cli", "192.0.2.7",
                now() + std::chrono::minutes(10)};
    }
    auth::PersonalKey key(std::string id, auth::Person person = ada()) {
        return {.id = id,
                .hash = "hash-of-" + id,
                .name = "ci: nightly",
                .person = std::move(person),
                .created_at = now(),
                .expires_at = now() + std::chrono::hours(1),
                .last_used_at = std::nullopt};
    }
    static void expect_same(const auth::Person& left, const auth::Person& right) {
        EXPECT_EQ(left.subject, right.subject);
        EXPECT_EQ(left.email, right.email);
        EXPECT_EQ(left.name, right.name);
        EXPECT_EQ(left.groups, right.groups);
    }
    static void expect_same(const auth::Session& left, const auth::Session& right) {
        EXPECT_EQ(left.id, right.id);
        EXPECT_EQ(left.kind, right.kind);
        expect_same(left.person, right.person);
        EXPECT_EQ(left.secret_hash, right.secret_hash);
        EXPECT_EQ(left.client, right.client);
        EXPECT_EQ(left.address, right.address);
        EXPECT_EQ(left.created_at, right.created_at);
        EXPECT_EQ(left.last_used_at, right.last_used_at);
        EXPECT_EQ(left.expires_at, right.expires_at);
        EXPECT_EQ(left.sealed_idp_refresh, right.sealed_idp_refresh);
        EXPECT_EQ(left.generation, right.generation);
        EXPECT_EQ(left.rotated_at, right.rotated_at);
    }
    std::vector<std::string> ids_of(const std::string& subject) {
        std::vector<std::string> ids;
        for (const auto& found : get(vault().sessions_of(subject)))
            ids.push_back(found.id);
        return ids;
    }
    auth::RefreshState begin(auth::Vault& replica, std::int64_t generation) {
        return get(replica.begin_refresh("s", generation, now(), grace, lease)).state;
    }

    static constexpr std::chrono::seconds grace{60};
    static constexpr std::chrono::seconds lease{30};
    static constexpr std::chrono::seconds interval{5};

  private:
    std::unique_ptr<VaultSetup> setup_;
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(VaultContract);

// ---- attempts

TEST_P(VaultContract, GivesAnAttemptBackAsItWasStored) {
    const auth::Attempt stored{"a}{1", "cookie", "nonce", "verifier", "/device?x=1&y=ü", std::string("\0\r\n", 3)};
    done(vault().put_attempt(stored, std::chrono::seconds(600)));

    const auto found = get(other_replica().find_attempt("a}{1"));

    ASSERT_TRUE(found);
    EXPECT_EQ(found->id, stored.id);
    EXPECT_EQ(found->cookie_hash, stored.cookie_hash);
    EXPECT_EQ(found->nonce, stored.nonce);
    EXPECT_EQ(found->pkce_verifier, stored.pkce_verifier);
    EXPECT_EQ(found->return_to, stored.return_to);
    EXPECT_EQ(found->device_hash, stored.device_hash);
}

TEST_P(VaultContract, KnowsNoAttemptThatWasNeverStored) {
    EXPECT_FALSE(get(vault().find_attempt("a")));
    EXPECT_FALSE(get(vault().take_attempt("a")));
}

TEST_P(VaultContract, GivesAnAttemptToExactlyOneOfManyTakers) {
    done(vault().put_attempt({.id = "a"}, std::chrono::seconds(600)));

    std::vector<Task<std::optional<auth::Attempt>>> takers;
    for (int at = 0; at < 8; ++at) {
        takers.push_back(vault().take_attempt("a"));
        takers.push_back(other_replica().take_attempt("a"));
    }
    const auto results = race(std::move(takers));

    EXPECT_EQ(std::ranges::count_if(results, [](const auto& result) { return result && result->has_value(); }), 1);
    EXPECT_FALSE(get(vault().find_attempt("a")));
}

TEST_P(VaultContract, ForgetsAnAttemptWhenItsLifetimeIsOver) {
    done(vault().put_attempt({.id = "a"}, std::chrono::seconds(600)));

    clock().advance(std::chrono::milliseconds(599'999));
    EXPECT_TRUE(get(vault().find_attempt("a")));
    clock().advance(std::chrono::milliseconds(1));

    EXPECT_FALSE(get(vault().find_attempt("a")));
    EXPECT_FALSE(get(vault().take_attempt("a")));
}

// ---- device grants

TEST_P(VaultContract, FindsAPendingGrantByItsUserCode) {
    done(vault().put_grant(grant("d1", "BCDFGHJK")));
    done(vault().put_grant(grant("d2", "LMNPQRST")));

    const auto found = get(other_replica().find_grant("BCDFGHJK"));

    ASSERT_TRUE(found);
    EXPECT_EQ(found->device_hash, "d1");
    EXPECT_EQ(found->user_code, "BCDFGHJK");
    EXPECT_EQ(found->client, "claude-cli");
    EXPECT_EQ(found->address, "192.0.2.7");
    EXPECT_EQ(found->expires_at, now() + std::chrono::minutes(10));
    EXPECT_FALSE(get(vault().find_grant("XXXXXXXX")));
}

TEST_P(VaultContract, RefusesASecondGrantWithATakenUserCode) {
    done(vault().put_grant(grant("d1", "BCDFGHJK")));

    const auto error = refusal(vault().put_grant(grant("d2", "BCDFGHJK")));

    EXPECT_EQ(error.fault, Fault::conflict);
    EXPECT_EQ(error.reason, Reason::already_exists);
    EXPECT_EQ(get(vault().find_grant("BCDFGHJK"))->device_hash, "d1");
    EXPECT_EQ(get(vault().poll_grant("d2", now(), interval)).state, auth::PollState::unknown);
}

TEST_P(VaultContract, AnswersPendingUntilTheGrantIsApprovedAndThenOnce) {
    done(vault().put_grant(grant("d", "BCDFGHJK")));
    EXPECT_EQ(get(vault().poll_grant("d", now(), interval)).state, auth::PollState::pending);

    EXPECT_TRUE(get(vault().approve_grant("d", {ada(), std::string("\0box", 4)})));
    clock().advance(interval);
    const auto outcome = get(vault().poll_grant("d", now(), interval));

    EXPECT_EQ(outcome.state, auth::PollState::approved);
    expect_same(outcome.approval.person, ada());
    EXPECT_EQ(outcome.approval.sealed_idp_refresh, std::string("\0box", 4));
    EXPECT_EQ(outcome.client, "claude-cli");
    EXPECT_EQ(outcome.address, "192.0.2.7");
    clock().advance(interval);
    EXPECT_EQ(get(vault().poll_grant("d", now(), interval)).state, auth::PollState::unknown);
}

TEST_P(VaultContract, GivesAnApprovalToExactlyOneOfManyPolls) {
    done(vault().put_grant(grant("d", "BCDFGHJK")));
    ASSERT_TRUE(get(vault().approve_grant("d", {ada(), {}})));

    std::vector<Task<auth::PollOutcome>> polls;
    for (int at = 0; at < 8; ++at) {
        polls.push_back(vault().poll_grant("d", now(), interval));
        polls.push_back(other_replica().poll_grant("d", now(), interval));
    }
    const auto outcomes = race(std::move(polls));

    EXPECT_EQ(std::ranges::count_if(outcomes,
                                    [](const auto& outcome) { return outcome->state == auth::PollState::approved; }),
              1);
}

TEST_P(VaultContract, ApprovesOrDeniesAGrantOnlyOnce) {
    done(vault().put_grant(grant("d", "BCDFGHJK")));

    EXPECT_TRUE(get(vault().deny_grant("d")));

    EXPECT_FALSE(get(other_replica().approve_grant("d", {ada(), {}})));
    EXPECT_FALSE(get(vault().deny_grant("d")));
    EXPECT_EQ(get(vault().poll_grant("d", now(), interval)).state, auth::PollState::denied);
    EXPECT_FALSE(get(vault().approve_grant("unknown", {ada(), {}})));
    EXPECT_FALSE(get(vault().deny_grant("unknown")));
}

TEST_P(VaultContract, HidesASettledGrantFromTheCodePage) {
    done(vault().put_grant(grant("d1", "BCDFGHJK")));
    done(vault().put_grant(grant("d2", "LMNPQRST")));

    ASSERT_TRUE(get(vault().approve_grant("d1", {ada(), {}})));
    ASSERT_TRUE(get(vault().deny_grant("d2")));

    EXPECT_FALSE(get(vault().find_grant("BCDFGHJK")));
    EXPECT_FALSE(get(vault().find_grant("LMNPQRST")));
}

TEST_P(VaultContract, PacesPollsButDoesNotStarveAnEagerClient) {
    done(vault().put_grant(grant("d", "BCDFGHJK")));
    EXPECT_EQ(get(vault().poll_grant("d", now(), interval)).state, auth::PollState::pending);

    for (int second = 1; second < 5; ++second) {
        clock().advance(std::chrono::seconds(1));
        EXPECT_EQ(get(vault().poll_grant("d", now(), interval)).state, auth::PollState::too_soon);
    }
    clock().advance(std::chrono::seconds(1));

    EXPECT_EQ(get(vault().poll_grant("d", now(), interval)).state, auth::PollState::pending);
}

TEST_P(VaultContract, ForgetsAGrantWhenItHasExpired) {
    done(vault().put_grant(grant("d", "BCDFGHJK")));
    clock().advance(std::chrono::minutes(10));

    EXPECT_FALSE(get(vault().find_grant("BCDFGHJK")));
    EXPECT_FALSE(get(vault().approve_grant("d", {ada(), {}})));
    EXPECT_FALSE(get(vault().deny_grant("d")));
    EXPECT_EQ(get(vault().poll_grant("d", now(), interval)).state, auth::PollState::unknown);
}

// ---- sessions

TEST_P(VaultContract, GivesASessionBackAsItWasStored) {
    auto stored = session("s");
    stored.kind = auth::SessionKind::browser;
    stored.secret_hash = "cookie-hash";
    stored.generation = 7;
    stored.last_used_at = now() + std::chrono::milliseconds(3);
    done(vault().put_session(stored));

    const auto found = get(other_replica().find_session("s"));
    const auto by_cookie = get(other_replica().find_session_by_secret("cookie-hash"));

    ASSERT_TRUE(found);
    expect_same(*found, stored);
    ASSERT_TRUE(by_cookie);
    expect_same(*by_cookie, stored);
}

TEST_P(VaultContract, FindsNoSessionByAnEmptyUnknownOrReplacedSecret) {
    auto stored = session("s");
    done(vault().put_session(session("device")));
    stored.secret_hash = "old";
    done(vault().put_session(stored));
    stored.secret_hash = "new";
    done(vault().put_session(stored));

    EXPECT_FALSE(get(vault().find_session_by_secret("")));
    EXPECT_FALSE(get(vault().find_session_by_secret("unknown")));
    EXPECT_FALSE(get(vault().find_session_by_secret("old")));
    EXPECT_TRUE(get(vault().find_session_by_secret("new")));
}

TEST_P(VaultContract, ForgetsASessionWhenItHasExpired) {
    auto stored = session("s");
    stored.secret_hash = "cookie-hash";
    done(vault().put_session(stored));
    clock().advance(std::chrono::hours(1));

    EXPECT_FALSE(get(vault().find_session("s")));
    EXPECT_FALSE(get(vault().find_session_by_secret("cookie-hash")));
    EXPECT_EQ(begin(vault(), 0), auth::RefreshState::unknown);
    EXPECT_FALSE(get(vault().revoke_session("s")));
}

TEST_P(VaultContract, ListsAPersonsLiveSessionsNewestFirst) {
    auto brief = session("brief");
    brief.expires_at = now() + std::chrono::minutes(1);
    done(vault().put_session(brief));
    done(vault().put_session(session("first")));
    clock().advance(std::chrono::minutes(2));
    done(vault().put_session(session("second")));
    done(vault().put_session(session("of-bob", {"bob", "", "", {}})));

    EXPECT_EQ(ids_of("ada"), (std::vector<std::string>{"second", "first"}));
    EXPECT_EQ(ids_of("bob"), (std::vector<std::string>{"of-bob"}));
    EXPECT_EQ(ids_of("nobody"), (std::vector<std::string>{}));
}

TEST_P(VaultContract, KeepsSubjectsOfAnyBytesApart) {
    const std::string odd("}{u:ada}:sessions\0\r\n\xff", 21);
    done(vault().put_session(session("s1", {odd, "", "", {}})));
    done(vault().put_session(session("s2", {"ada", "", "", {}})));

    EXPECT_EQ(ids_of(odd), (std::vector<std::string>{"s1"}));
    EXPECT_EQ(ids_of("ada"), (std::vector<std::string>{"s2"}));
    EXPECT_EQ(get(vault().find_session("s1"))->person.subject, odd);
}

TEST_P(VaultContract, RemembersWhenAndFromWhereASessionWasLastUsed) {
    done(vault().put_session(session("s")));
    clock().advance(std::chrono::minutes(5));

    done(vault().touch_session("s", "198.51.100.9", now()));
    EXPECT_EQ(get(vault().find_session("s"))->last_used_at, now());
    EXPECT_EQ(get(vault().find_session("s"))->address, "198.51.100.9");

    done(vault().touch_session("s", "", now()));
    EXPECT_EQ(get(vault().find_session("s"))->address, "198.51.100.9");
}

TEST_P(VaultContract, DoesNotBringARevokedSessionBackByTouchingIt) {
    done(vault().put_session(session("s")));
    ASSERT_TRUE(get(vault().revoke_session("s")));

    done(vault().touch_session("s", "198.51.100.9", now()));
    done(vault().abandon_refresh("s"));

    EXPECT_FALSE(get(vault().find_session("s")));
    EXPECT_EQ(ids_of("ada"), (std::vector<std::string>{}));
}

// ---- refreshing

TEST_P(VaultContract, GrantsARefreshToOneCallerAtATime) {
    done(vault().put_session(session("s")));

    std::vector<Task<auth::RefreshClaim>> callers;
    for (int at = 0; at < 8; ++at) {
        callers.push_back(vault().begin_refresh("s", 0, now(), grace, lease));
        callers.push_back(other_replica().begin_refresh("s", 0, now(), grace, lease));
    }
    const auto claims = race(std::move(callers));

    EXPECT_EQ(
        std::ranges::count_if(claims, [](const auto& claim) { return claim->state == auth::RefreshState::granted; }),
        1);
    EXPECT_EQ(std::ranges::count_if(claims, [](const auto& claim) { return claim->state == auth::RefreshState::busy; }),
              15);
}

TEST_P(VaultContract, StoresWhatARefreshBroughtAsTheNextGeneration) {
    done(vault().put_session(session("s")));
    clock().advance(std::chrono::minutes(30));
    auto claim = get(vault().begin_refresh("s", 0, now(), grace, lease));
    ASSERT_EQ(claim.state, auth::RefreshState::granted);
    claim.session.person.groups = {"contractors"};
    claim.session.sealed_idp_refresh = "next";
    claim.session.expires_at = now() + std::chrono::hours(1);

    const auto finished = get(vault().finish_refresh(claim.session, now()));

    EXPECT_EQ(finished.generation, 1);
    EXPECT_EQ(finished.rotated_at, now());
    const auto found = get(other_replica().find_session("s"));
    ASSERT_TRUE(found);
    expect_same(*found, finished);
    EXPECT_EQ(found->person.groups, (std::vector<std::string>{"contractors"}));
    EXPECT_EQ(begin(vault(), 1), auth::RefreshState::granted);
}

TEST_P(VaultContract, KeepsARefreshedSessionListedBeyondItsFirstEnd) {
    done(vault().put_session(session("s")));
    clock().advance(std::chrono::minutes(30));
    auto claim = get(vault().begin_refresh("s", 0, now(), grace, lease));
    claim.session.expires_at = now() + std::chrono::hours(1);
    get(vault().finish_refresh(claim.session, now()));

    clock().advance(std::chrono::minutes(45));

    EXPECT_TRUE(get(vault().find_session("s")));
    EXPECT_EQ(ids_of("ada"), (std::vector<std::string>{"s"}));
}

TEST_P(VaultContract, ReplaysThePreviousGenerationWithinTheGraceOnly) {
    done(vault().put_session(session("s")));
    const auto claim = get(vault().begin_refresh("s", 0, now(), grace, lease));
    get(vault().finish_refresh(claim.session, now()));

    clock().advance(grace);
    const auto replay = get(vault().begin_refresh("s", 0, now(), grace, lease));
    EXPECT_EQ(replay.state, auth::RefreshState::replay);
    EXPECT_EQ(replay.session.generation, 1);
    ASSERT_EQ(begin(vault(), 1), auth::RefreshState::granted);
    EXPECT_EQ(begin(other_replica(), 0), auth::RefreshState::replay) << "a lease does not hide the grace";

    clock().advance(std::chrono::milliseconds(1));
    const auto reused = get(vault().begin_refresh("s", 0, now(), grace, lease));
    EXPECT_EQ(reused.state, auth::RefreshState::reused);
    EXPECT_EQ(reused.session.id, "s");
}

TEST_P(VaultContract, CallsAnyOtherGenerationReused) {
    auto stored = session("s");
    stored.generation = 5;
    done(vault().put_session(stored));

    EXPECT_EQ(begin(vault(), 3), auth::RefreshState::reused);
    EXPECT_EQ(begin(vault(), 6), auth::RefreshState::reused);
    EXPECT_EQ(begin(vault(), -1), auth::RefreshState::reused);
    EXPECT_TRUE(get(vault().find_session("s"))) << "ending the session is the caller's decision";
}

TEST_P(VaultContract, KnowsNoRefreshOfASessionThatIsNotThere) {
    EXPECT_EQ(begin(vault(), 0), auth::RefreshState::unknown);
}

TEST_P(VaultContract, FreesTheLeaseWhenItIsAbandonedAndWhenItsTimeIsOver) {
    done(vault().put_session(session("s")));
    ASSERT_EQ(begin(vault(), 0), auth::RefreshState::granted);
    ASSERT_EQ(begin(other_replica(), 0), auth::RefreshState::busy);

    done(vault().abandon_refresh("s"));
    EXPECT_EQ(begin(other_replica(), 0), auth::RefreshState::granted);

    clock().advance(lease - std::chrono::milliseconds(1));
    EXPECT_EQ(begin(vault(), 0), auth::RefreshState::busy);
    clock().advance(std::chrono::milliseconds(1));
    EXPECT_EQ(begin(vault(), 0), auth::RefreshState::granted);
}

TEST_P(VaultContract, DoesNotBringARevokedSessionBackByFinishingItsRefresh) {
    done(vault().put_session(session("s")));
    const auto claim = get(vault().begin_refresh("s", 0, now(), grace, lease));
    ASSERT_TRUE(get(other_replica().revoke_session("s")));

    const auto error = refusal(vault().finish_refresh(claim.session, now()));

    EXPECT_EQ(error.fault, Fault::unauthenticated);
    EXPECT_EQ(error.reason, Reason::session_revoked);
    EXPECT_FALSE(get(vault().find_session("s")));
    EXPECT_EQ(ids_of("ada"), (std::vector<std::string>{}));
}

TEST_P(VaultContract, RefusesToFinishARefreshThatAnotherFinishedFirst) {
    done(vault().put_session(session("s")));
    auto slow = get(vault().begin_refresh("s", 0, now(), grace, lease)).session;
    clock().advance(lease);
    auto fast = get(other_replica().begin_refresh("s", 0, now(), grace, lease)).session;
    fast.client = "fast";
    slow.client = "slow";
    get(other_replica().finish_refresh(fast, now()));

    const auto error = refusal(vault().finish_refresh(slow, now()));

    EXPECT_EQ(error.fault, Fault::conflict);
    EXPECT_EQ(get(vault().find_session("s"))->generation, 1);
    EXPECT_EQ(get(vault().find_session("s"))->client, "fast");
}

// ---- revoking

TEST_P(VaultContract, RevokesASessionAndTellsEverybody) {
    auto stored = session("s");
    stored.secret_hash = "cookie-hash";
    done(vault().put_session(stored));

    EXPECT_TRUE(get(vault().revoke_session("s")));

    EXPECT_FALSE(get(other_replica().find_session("s")));
    EXPECT_FALSE(get(other_replica().find_session_by_secret("cookie-hash")));
    EXPECT_EQ(ids_of("ada"), (std::vector<std::string>{}));
    EXPECT_EQ(told(), (std::vector<std::string>{"s"}));
}

TEST_P(VaultContract, TellsOfARevocationEvenWhenTheSessionWasGoneAlready) {
    EXPECT_FALSE(get(vault().revoke_session("unknown")));

    EXPECT_EQ(told(), (std::vector<std::string>{"unknown"}));
}

// ---- personal keys

TEST_P(VaultContract, GivesAPersonalKeyBackAsItWasStored) {
    auto stored = key("k");
    stored.last_used_at = now();
    done(vault().put_key(stored));
    done(vault().put_key(key("unused")));

    const auto found = get(other_replica().find_key("hash-of-k"));

    ASSERT_TRUE(found);
    EXPECT_EQ(found->id, "k");
    EXPECT_EQ(found->hash, "hash-of-k");
    EXPECT_EQ(found->name, "ci: nightly");
    expect_same(found->person, ada());
    EXPECT_EQ(found->created_at, now());
    EXPECT_EQ(found->expires_at, now() + std::chrono::hours(1));
    EXPECT_EQ(found->last_used_at, now());
    EXPECT_FALSE(get(vault().find_key("hash-of-unused"))->last_used_at);
    EXPECT_FALSE(get(vault().find_key("k"))) << "the id is no secret and must not open anything";
}

TEST_P(VaultContract, ListsAPersonsLiveKeysNewestFirst) {
    auto brief = key("brief");
    brief.expires_at = now() + std::chrono::minutes(1);
    done(vault().put_key(brief));
    done(vault().put_key(key("first")));
    clock().advance(std::chrono::minutes(2));
    done(vault().put_key(key("second")));
    done(vault().put_key(key("of-bob", {"bob", "", "", {}})));

    const auto keys = get(vault().keys_of("ada"));

    ASSERT_EQ(keys.size(), 2U);
    EXPECT_EQ(keys[0].id, "second");
    EXPECT_EQ(keys[1].id, "first");
    EXPECT_FALSE(get(vault().find_key("hash-of-brief")));
}

TEST_P(VaultContract, RemembersWhenAKeyWasLastUsed) {
    done(vault().put_key(key("k")));
    clock().advance(std::chrono::minutes(5));

    done(vault().touch_key("k", now()));
    done(vault().touch_key("unknown", now()));

    EXPECT_EQ(get(vault().find_key("hash-of-k"))->last_used_at, now());
}

TEST_P(VaultContract, GivesAKeyItsOwnersNewGroupsButNeverBringsItBack) {
    done(vault().put_key(key("k")));
    auth::Person person = get(vault().find_key("hash-of-k"))->person;
    person.groups = {"moved"};

    EXPECT_TRUE(get(vault().update_key_owner("hash-of-k", person)));
    EXPECT_EQ(get(other_replica().find_key("hash-of-k"))->person, person);
    EXPECT_EQ(get(vault().find_key("hash-of-k"))->name, key("k").name);

    EXPECT_TRUE(get(vault().revoke_key(person.subject, "k")));
    EXPECT_FALSE(get(vault().update_key_owner("hash-of-k", person)));
    EXPECT_FALSE(get(vault().find_key("hash-of-k")));
}

TEST_P(VaultContract, RevokesAKeyForItsOwnerOnlyAndTellsEverybody) {
    done(vault().put_key(key("k")));

    EXPECT_FALSE(get(vault().revoke_key("bob", "k")));
    EXPECT_TRUE(get(vault().find_key("hash-of-k")));
    EXPECT_TRUE(get(vault().revoke_key("ada", "k")));
    EXPECT_FALSE(get(vault().revoke_key("ada", "k")));

    done(vault().touch_key("k", now()));
    EXPECT_FALSE(get(other_replica().find_key("hash-of-k")));
    EXPECT_TRUE(get(vault().keys_of("ada")).empty());
    EXPECT_EQ(told(), (std::vector<std::string>{"k"}));
}

TEST_P(VaultContract, CountsWhatPeopleHaveThatHasNotEnded) {
    auto brief = session("brief");
    brief.expires_at = now() + std::chrono::minutes(1);
    auto short_lived = key("short-lived");
    short_lived.expires_at = now() + std::chrono::minutes(1);
    done(vault().put_session(brief));
    done(vault().put_session(session("one")));
    done(vault().put_session(session("two")));
    done(vault().put_session(session("revoked")));
    done(vault().put_session(session("of-bob", {"bob", "", "", {}})));
    done(vault().put_key(short_lived));
    done(vault().put_key(key("k")));
    clock().advance(std::chrono::minutes(2));
    get(vault().revoke_session("revoked"));

    const auto counts = get(other_replica().credential_counts({"bob", "nobody", "ada"}));

    EXPECT_EQ(counts, (std::vector<auth::CredentialCount>{{1, 0}, {0, 0}, {2, 1}}));
    EXPECT_TRUE(get(vault().credential_counts({})).empty());
}

// ---- service keys

TEST_P(VaultContract, RemembersWhenServiceKeysWereLastUsed) {
    done(vault().touch_service_key("svk_a", now()));
    clock().advance(std::chrono::minutes(5));
    done(vault().touch_service_key("svk_b", now()));
    done(other_replica().touch_service_key("svk_a", now() + std::chrono::milliseconds(7)));

    const auto uses = get(vault().service_key_uses({"svk_b", "never", "svk_a"}));

    EXPECT_EQ(uses, (std::vector<std::optional<Instant>>{now(), std::nullopt, now() + std::chrono::milliseconds(7)}));
    EXPECT_TRUE(get(vault().service_key_uses({})).empty());
    EXPECT_TRUE(told().empty());
}

// ---- counting

TEST_P(VaultContract, CountsEventsInAWindowThatBeginsWithTheFirst) {
    const std::chrono::seconds window(600);
    auto first = get(vault().count("device:192.0.2.7", window));
    EXPECT_EQ(first.value, 1);
    EXPECT_EQ(first.resets_in, window);

    clock().advance(std::chrono::milliseconds(599'001));
    auto second = get(other_replica().count("device:192.0.2.7", window));
    EXPECT_EQ(second.value, 2);
    EXPECT_EQ(second.resets_in, std::chrono::seconds(1));

    clock().advance(std::chrono::milliseconds(999));
    EXPECT_EQ(get(vault().count("device:192.0.2.7", window)).value, 1);
}

TEST_P(VaultContract, CountsEveryBucketByItselfAndLosesNothing) {
    std::vector<Task<auth::Count>> events;
    for (int at = 0; at < 20; ++at) {
        events.push_back(vault().count("a", std::chrono::seconds(60)));
        events.push_back(other_replica().count("b", std::chrono::seconds(60)));
    }
    race(std::move(events));

    EXPECT_EQ(get(vault().count("a", std::chrono::seconds(60))).value, 21);
    EXPECT_EQ(get(vault().count("b", std::chrono::seconds(60))).value, 21);
    EXPECT_EQ(get(vault().count("{a}", std::chrono::seconds(60))).value, 1);
}

TEST_P(VaultContract, AnswersAPing) {
    done(vault().ping());
}

}  // namespace gatehouse::testing

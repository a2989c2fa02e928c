// SPDX-License-Identifier: Apache-2.0
// The vault's contract on memory and on a real Redis, and what is true of Redis alone: keys, time to live, leftovers.
#include "gateway/store/redis_vault.h"

#include <gtest/gtest.h>

#include "gateway/store/revocation_feed.h"
#include "tests/contract/vault_contract.h"
#include "tests/store/redis_fixture.h"
#include "tests/support/memory_vault.h"

namespace gatehouse::testing {
namespace {

class MemorySetup final : public VaultSetup {
  public:
    MemorySetup() { vault_.add_listener(listener_); }
    boost::asio::io_context& context() override { return context_; }
    ManualClock& clock() override { return clock_; }
    auth::Vault& vault() override { return vault_; }
    auth::Vault& other_replica() override { return vault_; }
    std::vector<std::string> told() override {
        std::erase(listener_.heard, "(up)");
        return listener_.heard;
    }

  private:
    boost::asio::io_context context_{1};
    ManualClock clock_;
    MemoryVault vault_{clock_};
    RecordingListener listener_;
};

class RedisSetup final : public VaultSetup {
  public:
    RedisSetup() {
        if (!run_until(context(), [this] { return feed_.is_up(); })) throw std::runtime_error("the feed stays down");
    }
    boost::asio::io_context& context() override { return shard_.context; }
    ManualClock& clock() override { return clock_; }
    auth::Vault& vault() override { return vault_; }
    auth::Vault& other_replica() override { return other_vault_; }
    std::vector<std::string> told() override {
        // Messages come in the order in which they were published: when the last one is here, all are.
        shard_.ask({"PUBLISH", std::string(store::revocation_channel), "(end)"});
        if (!run_until(context(), [this] { return listener_.has("(end)"); })) throw std::runtime_error("not told");
        std::erase(listener_.heard, "(up)");
        std::erase(listener_.heard, "(end)");
        return listener_.heard;
    }

  private:
    Shard shard_;
    ManualClock clock_;
    RecordingListener listener_;
    store::RedisVault vault_{shard_.redis, clock_};
    store::RedisClient other_redis_{shard_.context.get_executor(), shared_redis().settings()};
    store::RedisVault other_vault_{other_redis_, clock_};
    store::RevocationFeed feed_{shard_.context.get_executor(), shared_redis().settings(), listener_};
};

template <class Setup>
std::unique_ptr<VaultSetup> make() {
    return std::make_unique<Setup>();
}

INSTANTIATE_TEST_SUITE_P(Memory, VaultContract, ::testing::Values(VaultMaker{"memory", make<MemorySetup>}));
INSTANTIATE_TEST_SUITE_P(Redis, VaultContract, ::testing::Values(VaultMaker{"redis", make<RedisSetup>}));

class RedisVaultTest : public ::testing::Test {
  protected:
    void must(Task<> task) {
        const auto result = run(shard_.context, std::move(task));
        ASSERT_TRUE(result) << describe(result.error());
    }
    auth::Session session(std::string id) {
        return {.id = std::move(id),
                .kind = auth::SessionKind::browser,
                .person = {"ada@corp", "ada@example.com", "Ada", {"engineering"}},
                .secret_hash = "cookie-hash",
                .client = {},
                .address = {},
                .created_at = clock_.now(),
                .last_used_at = clock_.now(),
                .expires_at = clock_.now() + std::chrono::hours(1),
                .sealed_idp_refresh = {},
                .generation = 0,
                .rotated_at = clock_.now()};
    }
    /// One of everything.
    void fill() {
        must(vault_.put_attempt({.id = "a"}, std::chrono::seconds(600)));
        must(vault_.put_grant({"d", "BCDFGHJK", "", "", clock_.now() + std::chrono::minutes(10)}));
        must(vault_.put_session(session("s")));
        must(vault_.put_key({.id = "k",
                             .hash = "h",
                             .name = "n",
                             .person = session("s").person,
                             .created_at = clock_.now(),
                             .expires_at = clock_.now() + std::chrono::hours(1),
                             .last_used_at = std::nullopt}));
        ASSERT_TRUE(run(shard_.context, vault_.count("bucket", std::chrono::seconds(60))));
    }
    std::vector<std::string> keys() {
        std::vector<std::string> names;
        for (const auto& item : shard_.ask({"KEYS", "*"}).items)
            names.push_back(item.text);
        return names;
    }

    Shard shard_;
    ManualClock clock_;
    store::RedisVault vault_{shard_.redis, clock_};
};

TEST_F(RedisVaultTest, GivesEveryKeyATimeToLiveNoLongerThanItsRecord) {
    fill();

    const auto names = keys();

    EXPECT_EQ(names.size(), 10U);
    for (const auto& name : names) {
        const auto left = shard_.ask({"PTTL", name}).integer;
        EXPECT_GT(left, 0) << name;
        EXPECT_LE(left, 3'600'000) << name;
    }
}

TEST_F(RedisVaultTest, NamesNobodyInItsKeys) {
    fill();

    for (const auto& name : keys())
        EXPECT_EQ(name.find("ada"), std::string::npos) << name;
}

TEST_F(RedisVaultTest, KeepsTheIndexAsLongAsItsLongestSession) {
    must(vault_.put_session(session("long")));
    auto brief = session("brief");
    brief.expires_at = clock_.now() + std::chrono::seconds(1);
    must(vault_.put_session(brief));

    for (const auto& name : keys())
        if (name.ends_with(":sessions")) EXPECT_GT(shard_.ask({"PTTL", name}).integer, 3'500'000);
}

TEST_F(RedisVaultTest, DropsExpiredMembersFromTheIndexWhenAnotherComes) {
    auto brief = session("brief");
    brief.expires_at = clock_.now() + std::chrono::seconds(1);
    must(vault_.put_session(brief));
    clock_.advance(std::chrono::seconds(2));
    must(vault_.put_session(session("next")));

    for (const auto& name : keys())
        if (name.ends_with(":sessions")) EXPECT_EQ(shard_.ask({"ZCARD", name}).integer, 1);
}

TEST_F(RedisVaultTest, SkipsIndexEntriesAndPointersThatACrashLeftBehind) {
    fill();
    for (const auto& name : keys())
        if (name.starts_with("gh:{s:") || name.starts_with("gh:{g:") || name.starts_with("gh:{k:"))
            shard_.ask({"DEL", name});

    const auto sessions = run(shard_.context, vault_.sessions_of("ada@corp"));
    const auto by_cookie = run(shard_.context, vault_.find_session_by_secret("cookie-hash"));
    const auto grant = run(shard_.context, vault_.find_grant("BCDFGHJK"));
    const auto key_list = run(shard_.context, vault_.keys_of("ada@corp"));
    const auto revoked = run(shard_.context, vault_.revoke_key("ada@corp", "k"));

    EXPECT_TRUE(sessions && sessions->empty());
    EXPECT_TRUE(by_cookie && !*by_cookie);
    EXPECT_TRUE(grant && !*grant);
    EXPECT_TRUE(key_list && key_list->empty());
    EXPECT_TRUE(revoked && !*revoked);
}

TEST_F(RedisVaultTest, LeavesNothingBehindWhenASessionOrKeyIsRevoked) {
    fill();

    ASSERT_TRUE(run(shard_.context, vault_.revoke_session("s")));
    ASSERT_TRUE(run(shard_.context, vault_.revoke_key("ada@corp", "k")));

    EXPECT_EQ(keys().size(), 4U) << "attempt, grant, its code, counter";
}

TEST_F(RedisVaultTest, TreatsARecordItCannotReadAsAbsent) {
    fill();
    shard_.ask({"HSET", "gh:{s:s}", "groups", "99:short"});
    shard_.ask({"HSET", "gh:{k:h}", "created_at", "yesterday"});
    shard_.ask({"HDEL", "gh:{a:a}", "nonce"});

    const auto found = run(shard_.context, vault_.find_session("s"));
    const auto key = run(shard_.context, vault_.find_key("h"));
    const auto attempt = run(shard_.context, vault_.take_attempt("a"));

    EXPECT_TRUE(found && !*found);
    EXPECT_TRUE(key && !*key);
    EXPECT_TRUE(attempt && !*attempt);
}

TEST_F(RedisVaultTest, FailsAsUnavailableWhenTheClientIsStopped) {
    shard_.redis.stop();

    const auto found = run(shard_.context, vault_.find_session("s"));
    const auto pinged = run(shard_.context, vault_.ping());

    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().fault, Fault::unavailable);
    EXPECT_EQ(found.error().reason, Reason::store_unreachable);
    EXPECT_FALSE(pinged);
}

}  // namespace
}  // namespace gatehouse::testing

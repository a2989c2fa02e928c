// SPDX-License-Identifier: Apache-2.0
// A store that was used, out to a backup and into another store: the same, but for sessions.
#include "gateway/store/backup.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "gateway/store/redis_ledger.h"
#include "gateway/store/redis_records.h"
#include "gateway/store/redis_vault.h"
#include "gateway/store/revocation_feed.h"
#include "gateway/store/rollup_keys.h"
#include "tests/store/redis_fixture.h"

namespace gatehouse::testing {
namespace {

using namespace std::chrono_literals;

/// What is in a store: every key with its content in an order of its own, and what is left of its life.
struct Content {
    std::map<std::string, std::vector<std::string>> values;
    std::map<std::string, std::int64_t> lives;
};

class OneStore {
  public:
    explicit OneStore(const store::EmbeddedRedis& server) : redis{context.get_executor(), server.settings()} {}

    store::Reply ask(store::Command command) {
        auto reply = run(context, redis.send(std::move(command)));
        if (!reply) throw std::runtime_error("Redis failed: " + describe(reply.error()));
        return std::move(*reply);
    }
    template <class T>
    T good(Task<T> task) {
        auto result = run(context, std::move(task));
        if (!result) throw std::runtime_error("the store failed: " + describe(result.error()));
        if constexpr (!std::is_void_v<T>) return std::move(*result);
    }
    Content content() {
        Content all;
        for (const store::Reply& key : ask({"KEYS", "*"}).items) {
            all.values[key.text] = value_of(key.text);
            all.lives[key.text] = ask({"PTTL", key.text}).integer;
        }
        return all;
    }
    std::string backup(std::int64_t step = store::Backup::items_together) {
        std::string text;
        store::Backup backup(redis, clock, [&](std::string_view line) { return text.append(line), Result<>{}; }, step);
        good(backup.write("1.2.3"));
        unknown = backup.unknown();
        return text;
    }
    Result<store::BackupCounts> restore(const std::string& text, bool replace = false) {
        std::istringstream in(text);
        auto sound = store::SoundBackup::check(in);
        if (!sound) return fail(sound.error());
        store::Restore restore(redis, std::move(*sound));
        return run(context, restore.run(replace));
    }

    boost::asio::io_context context{1};
    SystemClock clock;
    store::RedisClient redis;
    std::uint64_t unknown = 0;

  private:
    std::vector<std::string> value_of(const std::string& key) {
        const std::string type = ask({"TYPE", key}).text;
        if (type == "string") return {ask({"GET", key}).text};
        if (type == "stream") return {type};
        const auto reply = type == "hash" ? ask({"HGETALL", key}) : ask({"ZRANGE", key, "0", "-1", "WITHSCORES"});
        std::vector<std::string> pairs;
        for (std::size_t at = 0; at + 1 < reply.items.size(); at += 2)
            pairs.push_back(reply.items[at].text + " = " + reply.items[at + 1].text);
        std::ranges::sort(pairs);
        return pairs;
    }
};

class BackupFlow : public ::testing::Test {
  protected:
    BackupFlow() {
        old_.ask({"FLUSHALL"});
        new_.ask({"FLUSHALL"});
    }

    void given_records() {
        store::RedisRecords records(old_.redis);
        policy::RecordWrite write{
            .kind = "cap", .id = "cap_1", .document = R"({"amount":"5000"})", .expected = {}, .audit = {}};
        write.audit.actor = "oidc:ada";
        write.audit.action = "spend_limit.upsert";
        std::vector<policy::RecordWrite> writes;
        writes.push_back(write);
        write.kind = "key";
        writes.push_back(write);
        old_.good(records.write(std::move(writes)));
    }
    void given_spend(std::uint64_t number = 8) {
        store::RedisLedger ledger(old_.redis, [] { return store::Retention{}; });
        policy::Charge charge;
        charge.request_id = "request-" + std::to_string(number);
        charge.when = old_.clock.now();
        charge.who.user = "ada";
        charge.who.model = "model-" + std::to_string(number);
        charge.cost = Money::nano(123'456'789'012'345'678);
        charge.usage.input = 11;
        charge.accounts = {"user:ada", "organization"};
        charge.principal = policy::Principal{.id = "ada",
                                             .email = "ada@example.com",
                                             .name = "Ada",
                                             .groups = {"dev"},
                                             .service = false,
                                             .last_seen = charge.when};
        old_.good(ledger.post("epoch", {{number, charge, "{}", std::nullopt}}));
        policy::Hold hold;
        hold.id = "held";
        hold.now = charge.when;
        hold.lifetime = 60s;
        hold.estimate = Money::nano(5);
        hold.limits.push_back({});
        hold.limits.back().account = "user:ada";
        hold.limits.back().amount = Money::nano(1'000'000'000'000'000'000);
        ASSERT_TRUE(testing::run(old_.context, ledger.reserve({hold}))[0]);
    }
    void given_credentials() {
        store::RedisVault vault(old_.redis, old_.clock);
        const Instant end = old_.clock.now() + 1h;
        auth::Session session;
        session.id = "session";
        session.secret_hash = "cookie";
        session.person.subject = "ada";
        session.expires_at = end;
        old_.good(vault.put_session(session));
        old_.good(vault.put_key({.id = "key_1",
                                 .hash = "hash",
                                 .name = "laptop",
                                 .person = session.person,
                                 .created_at = old_.clock.now(),
                                 .expires_at = end,
                                 .last_used_at = {}}));
        old_.good(vault.put_attempt({}, 60s));
        old_.good(vault.count("bucket", 60s));
    }
    void given_all() {
        given_records();
        given_spend();
        given_credentials();
    }
    /// Of the old store, what a backup is to hold.
    Content kept() {
        Content all = old_.content();
        std::erase_if(all.values,
                      [](const auto& entry) { return store::fate_of(entry.first) != store::KeyFate::kept; });
        return all;
    }

    PrivateRedis other_;
    OneStore old_{shared_redis()};
    OneStore new_{*other_};
};

TEST_F(BackupFlow, BringsEverythingButSessionsIntoAnotherStore) {
    given_all();
    const Content before = kept();
    ASSERT_GE(before.values.size(), 17);

    const auto counts = new_.restore(old_.backup());

    ASSERT_TRUE(counts) << describe(counts.error());
    EXPECT_EQ(counts->keys, before.values.size());
    EXPECT_EQ(new_.content().values, before.values);
    EXPECT_EQ(old_.unknown, 0);
}

TEST_F(BackupFlow, KeepsWhatIsLeftOfEachLife) {
    given_all();
    const Content before = old_.content();

    ASSERT_TRUE(new_.restore(old_.backup()));

    for (const auto& [key, life] : new_.content().lives) {
        const std::int64_t original = before.lives.at(key);
        EXPECT_EQ(life == -1, original == -1) << key;
        EXPECT_LE(life, original) << key;
        EXPECT_NE(life, 0) << key;
    }
    EXPECT_GT(new_.content().lives.at(store::key_of("k", "hash")), 0);
}

TEST_F(BackupFlow, LeavesAJournalNothingToAddTwice) {
    given_all();
    ASSERT_TRUE(new_.restore(old_.backup()));
    const Content restored = new_.content();

    store::RedisLedger ledger(new_.redis, [] { return store::Retention{}; });
    policy::Charge charge;
    charge.when = new_.clock.now();
    charge.cost = Money::nano(5);
    new_.good(ledger.post("epoch", {{8, charge, "{}", std::nullopt}}));

    EXPECT_EQ(new_.content().values, restored.values);
}

TEST_F(BackupFlow, ReadsBigKeysInSteps) {
    for (std::uint64_t number = 0; number < 40; ++number)
        given_spend(number);
    for (int row = 0; row < 1000; ++row)
        old_.ask({"ZADD", "gh:{admin}:audit", std::to_string(row), "{\"id\":" + std::to_string(row) + "}"});

    const std::string text = old_.backup(16);
    const auto counts = new_.restore(text);

    ASSERT_TRUE(counts) << describe(counts.error());
    EXPECT_GT(counts->lines, counts->keys);
    EXPECT_EQ(new_.content().values, kept().values);
}

TEST_F(BackupFlow, OfNothingIsABackupToo) {
    const auto counts = new_.restore(old_.backup());

    ASSERT_TRUE(counts);
    EXPECT_EQ(counts->keys, 0);
    EXPECT_TRUE(new_.content().values.empty());
}

TEST_F(BackupFlow, SaysHowManyKeysItDoesNotKnow) {
    old_.ask({"SET", "gh:{future}:x", "1"});
    old_.ask({"SET", "another application's", "1"});

    const std::string text = old_.backup();

    EXPECT_EQ(old_.unknown, 1);
    EXPECT_EQ(text.find("future"), std::string::npos);
}

TEST_F(BackupFlow, WritesNothingWhenItIsDamaged) {
    given_all();
    std::string text = old_.backup();
    text.erase(text.rfind('\n', text.size() - 2) + 1);

    const auto counts = new_.restore(text, true);

    ASSERT_FALSE(counts);
    EXPECT_EQ(counts.error().fault, Fault::bad_request);
    EXPECT_TRUE(new_.content().values.empty());
}

TEST_F(BackupFlow, IsRefusedByAStoreThatHoldsSuchThings) {
    given_all();
    const std::string text = old_.backup();
    new_.ask({"HSET", "gh:{admin}:r:cap", "cap_2", "{}"});
    const Content before = new_.content();

    const auto counts = new_.restore(text);

    ASSERT_FALSE(counts);
    EXPECT_EQ(counts.error().reason, Reason::already_exists);
    EXPECT_EQ(new_.content().values, before.values);
}

TEST_F(BackupFlow, IsTakenByAStoreThatHoldsOnlySessions) {
    given_all();
    const std::string text = old_.backup();
    store::RedisVault vault(new_.redis, new_.clock);
    auth::Session session;
    session.id = "other-session";
    session.expires_at = new_.clock.now() + 1h;
    new_.good(vault.put_session(session));

    ASSERT_TRUE(new_.restore(text));

    EXPECT_TRUE(new_.good(vault.find_session("other-session")));
}

TEST_F(BackupFlow, ReplacesSuchThingsAndNothingElse) {
    given_all();
    const std::string text = old_.backup();
    for (const char* gone : {"gh:{admin}:r:cap", "gh:{spend}:h:2020010100", "gh:{admin}:r:old"})
        new_.ask({"HSET", gone, "id", "{}"});
    new_.ask({"SET", "another application's", "1"});
    new_.ask({"HSET", store::key_of("s", "session"), "id", "session"});

    const auto counts = new_.restore(text, true);

    ASSERT_TRUE(counts) << describe(counts.error());
    Content after = new_.content();
    EXPECT_EQ(after.values.erase("another application's"), 1);
    EXPECT_EQ(after.values.erase(store::key_of("s", "session")), 1);
    EXPECT_EQ(after.values, kept().values);
}

TEST_F(BackupFlow, TellsEveryReplicaWhatChanged) {
    given_all();
    const std::string text = old_.backup();
    new_.ask({"HSET", "gh:{admin}:r:old", "id", "{}"});
    new_.ask({"SET", store::key_of("i", "key_1"), "hash"});
    new_.ask({"SET", store::key_of("i", "key_9"), "another-hash"});
    struct Ears final : policy::ChangeListener {
        void on_changed(std::string_view kind) override { kinds.emplace_back(kind); }
        void on_changes_up() override {}
        void on_changes_down() override {}
        std::vector<std::string> kinds;
    } changes;
    RecordingListener revocations;
    store::RevocationFeed feed(new_.context.get_executor(), other_->settings(), revocations, &changes);
    ASSERT_TRUE(run_until(new_.context, [&] { return revocations.has("(up)"); }));

    ASSERT_TRUE(new_.restore(text, true));

    ASSERT_TRUE(run_until(new_.context, [&] { return changes.kinds.size() >= 3; }));
    EXPECT_EQ(changes.kinds, (std::vector<std::string>{"cap", "key", "old"}));
    EXPECT_EQ(revocations.heard, (std::vector<std::string>{"(up)", "key_9"}));
    feed.stop();
}

}  // namespace
}  // namespace gatehouse::testing

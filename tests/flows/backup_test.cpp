// SPDX-License-Identifier: Apache-2.0
// `gatehouse backup` and `restore` as an operator uses them: what comes back after a store is lost, and what is
// refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "gateway/store/kept_keys.h"
#include "tests/flows/shared_redis.h"
#include "tests/flows/world.h"

namespace gatehouse::testing {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view limits = "/v1/organizations/spend_limits";
constexpr std::string_view write_key = "the-write-key-of-at-least-32-letters";

class BackupFlow : public ::testing::Test {
  protected:
    Config on(const std::string& section) const {
        Config config = world_.config();
        if (!section.empty()) config.store = section;
        config.more = "admin:\n  write_keys: [{ id: terraform, key: " + std::string(write_key) + " }]\n";
        return config;
    }
    static http::Headers admin() { return {{"x-api-key", write_key}, {"content-type", "application/json"}}; }
    static Answer get(std::uint16_t gateway, std::string_view path) {
        return HttpConnection(gateway).get(std::string(limits).append(path), admin());
    }
    static void given_cap(std::uint16_t gateway) {
        const Answer made = HttpConnection(gateway).ask("POST", limits, admin(),
                                                        R"({"scope":{"type":"organization"},"amount":"50000"})");
        ASSERT_EQ(made.status, 200) << made.body;
    }
    /// One prompt of Ada's that is in the store.
    void given_spend(std::uint16_t gateway, const std::string& socket) {
        const Tokens ada = world_.sign_in(gateway, "demo-ada");
        ASSERT_EQ(post_messages(gateway, ada).status, 200);
        ASSERT_TRUE(eventually([&] { return usage_in(socket, "demo-ada", "claude-sonnet-5").requests == 1; }));
    }
    /// The status of a request of Ada's for a higher cap.
    int ask_for_more(std::uint16_t gateway) {
        const Tokens ada = world_.sign_in(gateway, "demo-ada");
        return HttpConnection(gateway)
            .ask("POST", "/v1/me/spend_limit_increase_requests", ada.bearer(), R"({"reason":"a release"})")
            .status;
    }
    struct Ended {
        int code = 0;
        std::string err;
        std::string out;
    };
    Ended run(std::vector<std::string> words) const {
        const auto process = world_.run(std::move(words));
        const int code = process->wait();
        return {code, process->err(), process->out()};
    }
    Ended backup(const Config& config) const {
        return run({"backup", "--config", world_.write(config, "backup.yaml"), "--output", file()});
    }
    Ended restore(const Config& config, const std::vector<std::string>& more = {}) const {
        std::vector<std::string> words{"restore", "--config", world_.write(config, "restore.yaml"), file()};
        words.insert(words.end(), more.begin(), more.end());
        return run(std::move(words));
    }
    std::string file() const { return world_.dir.file("backup.jsonl"); }
    std::string embedded_socket() const { return world_.dir.file("store/redis.sock"); }

    World world_;
};

TEST_F(BackupFlow, ALostStoreComesBackWithItsCapsAndFigures) {
    SharedRedis lost;
    std::string caps;
    Consumed spent;
    {
        const auto gateway = world_.serve(on(lost.section()));
        given_cap(gateway->port());
        given_spend(gateway->port(), lost.socket());
        EXPECT_EQ(ask_for_more(gateway->port()), 200);
        caps = get(gateway->port(), "").body;
        spent = usage_in(lost.socket(), "demo-ada", "claude-sonnet-5");
        const Ended written = backup(on(lost.section()));
        ASSERT_EQ(written.code, 0) << written.err;
        EXPECT_EQ(written.err.find("does not know"), std::string::npos) << written.err;
        EXPECT_EQ(gateway->terminate(), 0) << gateway->err();
    }
    const SharedRedis fresh;
    const Ended restored = restore(on(fresh.section()));
    ASSERT_EQ(restored.code, 0) << restored.err;

    const auto gateway = world_.serve(on(fresh.section()));

    EXPECT_TRUE(eventually([&] { return get(gateway->port(), "").body == caps; }));
    EXPECT_NE(caps.find(R"("amount":"50000")"), std::string::npos) << caps;
    EXPECT_EQ(ask_for_more(gateway->port()), 409) << "the first one is open still";
    EXPECT_EQ(usage_in(fresh.socket(), "demo-ada", "claude-sonnet-5").requests, 1);
    EXPECT_EQ(usage_in(fresh.socket(), "demo-ada", "claude-sonnet-5").cost, spent.cost);
    EXPECT_GT(spent.cost, Money());
    const std::string effective = get(gateway->port(), "/effective?user_ids[]=demo-ada").body;
    EXPECT_NE(effective.find(R"("amount":"50000")"), std::string::npos) << effective;
    const std::string audit = HttpConnection(gateway->port()).get("/v1/organizations/audit", admin()).body;
    EXPECT_NE(audit.find("spend_limit.upsert"), std::string::npos) << audit;
    EXPECT_NE(audit.find("store.restore"), std::string::npos) << audit;
    EXPECT_EQ(gateway->terminate(), 0) << gateway->err();
}

/// A family of keys that nobody put on the list would be lost in silence.
TEST_F(BackupFlow, KnowsEveryKeyThatAGatewayWrites) {
    const auto gateway = world_.serve(on(""));
    given_cap(gateway->port());
    given_spend(gateway->port(), embedded_socket());
    world_.browse(gateway->port(), "demo-ada");

    const auto keys = StoreView(embedded_socket()).ask({"KEYS", "*"});

    EXPECT_GT(keys.items.size(), 10);
    for (const store::Reply& key : keys.items)
        EXPECT_NE(store::fate_of(key.text), store::KeyFate::unknown) << key.text;
    EXPECT_EQ(gateway->terminate(), 0) << gateway->err();
}

TEST_F(BackupFlow, OfAnEmbeddedStoreWorksWithAndWithoutItsGateway) {
    {
        const auto gateway = world_.serve(on(""));
        given_cap(gateway->port());
        const Ended beside = backup(on(""));
        EXPECT_EQ(beside.code, 0) << beside.err;
        EXPECT_EQ(get(gateway->port(), "").status, 200);
        EXPECT_EQ(gateway->terminate(), 0) << gateway->err();
    }
    EXPECT_EQ(fs::status(file()).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    fs::remove(file());

    const Ended alone = backup(on(""));
    ASSERT_EQ(alone.code, 0) << alone.err;
    EXPECT_FALSE(fs::exists(embedded_socket()));
    EXPECT_FALSE(fs::exists(file() + ".partial"));
    fs::rename(world_.dir.file("store"), world_.dir.file("lost"));
    const Ended restored = restore(on(""));
    ASSERT_EQ(restored.code, 0) << restored.err;

    const auto gateway = world_.serve(on(""));
    EXPECT_NE(get(gateway->port(), "").body.find(R"("amount":"50000")"), std::string::npos);
    EXPECT_EQ(gateway->terminate(), 0) << gateway->err();
}

TEST_F(BackupFlow, ARunningGatewayFollowsAReplacedStore) {
    const auto gateway = world_.serve(on(""));
    given_cap(gateway->port());
    ASSERT_EQ(backup(on("")).code, 0);
    HttpConnection(gateway->port()).ask("POST", limits, admin(), R"({"scope":{"type":"organization"},"amount":"1"})");

    const Ended refused = restore(on(""));
    EXPECT_EQ(refused.code, 2);
    EXPECT_NE(refused.err.find("--replace deletes them first"), std::string::npos) << refused.err;
    EXPECT_NE(get(gateway->port(), "").body.find(R"("amount":"1")"), std::string::npos);

    const Ended replaced = restore(on(""), {"--replace"});
    EXPECT_EQ(replaced.code, 0) << replaced.err;
    EXPECT_TRUE(
        eventually([&] { return get(gateway->port(), "").body.find(R"("amount":"50000")") != std::string::npos; }));
    EXPECT_EQ(gateway->terminate(), 0) << gateway->err();
}

TEST_F(BackupFlow, ADamagedOneIsRefusedBeforeAnythingIsWritten) {
    const SharedRedis redis;
    world_.dir.write("backup.jsonl",
                     R"({"format":"gatehouse-backup","version":1,"created_at":"2026-01-01T00:00:00Z"})");

    const Ended refused = restore(on(redis.section()), {"--replace"});

    EXPECT_EQ(refused.code, 2);
    EXPECT_NE(refused.err.find("cannot be restored, nothing was written"), std::string::npos) << refused.err;
    EXPECT_NE(refused.err.find("line 1: the file ends in the middle of this line"), std::string::npos) << refused.err;
    EXPECT_EQ(StoreView(redis.socket()).ask({"DBSIZE"}).integer, 0);
}

TEST_F(BackupFlow, SaysWhatIsMissing) {
    const Ended nothing = backup(on(""));
    EXPECT_EQ(nothing.code, 1);
    EXPECT_EQ(nothing.err, "gatehouse: there is no store at " + world_.dir.file("store") + "\n");
    EXPECT_FALSE(fs::exists(world_.dir.file("store")));

    const Ended away = backup(on("  redis_url: unix://" + world_.dir.file("nobody.sock") + "\n"));
    EXPECT_EQ(away.code, 1);
    EXPECT_NE(away.err.find("store"), std::string::npos) << away.err;
    EXPECT_FALSE(fs::exists(file()));

    const SharedRedis redis;
    const Ended no_file = restore(on(redis.section()));
    EXPECT_EQ(no_file.code, 1);
    EXPECT_NE(no_file.err.find("cannot open " + file() + " (No such file or directory)"), std::string::npos)
        << no_file.err;

    const Ended wrong = run({"backup", "--config", world_.dir.write("wrong.yaml", "listen: 5\n")});
    EXPECT_EQ(wrong.code, 2);
    EXPECT_NE(wrong.err.find("oidc: is required"), std::string::npos) << wrong.err;
}

TEST_F(BackupFlow, WithoutAFileGoesToStandardOutput) {
    const SharedRedis redis;

    const Ended written = run({"backup", "--config", world_.write(on(redis.section()))});

    EXPECT_EQ(written.code, 0) << written.err;
    EXPECT_TRUE(written.out.starts_with(R"({"format":"gatehouse-backup","version":1,)")) << written.out;
    EXPECT_EQ(std::ranges::count(written.out, '\n'), 2) << written.out;
}

}  // namespace
}  // namespace gatehouse::testing

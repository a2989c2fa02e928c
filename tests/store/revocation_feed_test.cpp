// SPDX-License-Identifier: Apache-2.0
// The revocation feed against a real redis-server that publishes, dies, hangs and comes back.
#include "gateway/store/revocation_feed.h"

#include <gtest/gtest.h>

#include <csignal>
#include <optional>

#include "gateway/store/redis_vault.h"
#include "tests/store/redis_fixture.h"
#include "tests/support/manual_clock.h"

namespace gatehouse::testing {
namespace {

using namespace std::chrono_literals;

class RevocationFeedTest : public ::testing::Test {
  protected:
    RevocationFeedTest() { patience_.first_pause = patience_.longest_pause = 5ms; }

    void listen() { feed_.emplace(context_.get_executor(), server_->settings(), listener_, nullptr, patience_); }
    bool hears(std::string_view what, std::size_t times = 1, std::chrono::milliseconds limit = 10s) {
        return run_until(context_, [&] { return listener_.has(what, times); }, limit);
    }

    PrivateRedis server_;
    boost::asio::io_context context_{1};
    store::RedisPatience patience_;
    RecordingListener listener_;
    std::optional<store::RevocationFeed> feed_;
};

TEST_F(RevocationFeedTest, TellsTwoListenersOnTwoConnectionsOfARevocationWithinASecond) {
    listen();
    RecordingListener other;
    store::RevocationFeed other_feed(context_.get_executor(), server_->settings(), other, nullptr, patience_);
    ASSERT_TRUE(hears("(up)"));
    ASSERT_TRUE(run_until(context_, [&] { return other.has("(up)"); }));
    ManualClock clock;
    store::RedisClient redis(context_.get_executor(), server_->settings());
    store::RedisVault vault(redis, clock);

    ASSERT_TRUE(run(context_, vault.revoke_session("s1")));
    ASSERT_TRUE(run(context_, vault.revoke_session("s2")));

    EXPECT_TRUE(run_until(context_, [&] { return listener_.has("s2") && other.has("s2"); }, 1s));
    EXPECT_EQ(listener_.heard, (std::vector<std::string>{"(up)", "s1", "s2"}));
    EXPECT_EQ(other.heard, listener_.heard);
}

TEST_F(RevocationFeedTest, SaysDownWhenRedisIsKilledAndUpWhenItIsBack) {
    listen();
    ASSERT_TRUE(hears("(up)"));

    ASSERT_EQ(::kill(server_->pid(), SIGKILL), 0);

    EXPECT_TRUE(hears("(down)"));
    EXPECT_TRUE(hears("(up)", 2));
    EXPECT_TRUE(feed_->is_up());
    EXPECT_EQ(listener_.heard, (std::vector<std::string>{"(up)", "(down)", "(up)"}));
}

TEST_F(RevocationFeedTest, SaysDownSoonWhenRedisHangsWithoutClosing) {
    listen();
    ASSERT_TRUE(hears("(up)"));

    ASSERT_EQ(::kill(server_->pid(), SIGSTOP), 0);

    EXPECT_TRUE(hears("(down)", 1, 1'500ms)) << "nobody may trust the feed's silence for longer";
    EXPECT_FALSE(feed_->is_up());
    ASSERT_EQ(::kill(server_->pid(), SIGCONT), 0);
    EXPECT_TRUE(hears("(up)", 2));
}

TEST_F(RevocationFeedTest, StaysUpWhenThereIsNothingToSay) {
    patience_.ping_every = 5ms;
    patience_.silence = 5'000ms;
    listen();
    ASSERT_TRUE(hears("(up)"));
    store::RedisClient redis(context_.get_executor(), server_->settings());
    const auto pings = [&] {
        const auto info = run(context_, redis.send({"INFO", "commandstats"}));
        const auto at = info->text.find("cmdstat_ping:calls=");
        return at == std::string::npos ? 0 : std::stoi(info->text.substr(at + 19));
    };

    ASSERT_TRUE(run_until(context_, [&] { return pings() > 20; }));

    EXPECT_EQ(listener_.heard, (std::vector<std::string>{"(up)"}));
}

TEST_F(RevocationFeedTest, SaysDownOnceWhenItNeverComesUp) {
    auto settings = server_->settings();
    settings.socket = server_.dir() + "/nobody.sock";
    feed_.emplace(context_.get_executor(), settings, listener_, nullptr, patience_);
    RecordingListener other;
    ASSERT_TRUE(hears("(down)"));

    // Many attempts later (each takes well under a millisecond) it has not repeated itself.
    run_until(context_, [] { return false; }, 100ms);

    EXPECT_EQ(listener_.heard, (std::vector<std::string>{"(down)"}));
}

TEST_F(RevocationFeedTest, SaysNothingMoreWhenItIsStoppedAndLeavesNoWorkBehind) {
    listen();
    ASSERT_TRUE(hears("(up)"));

    feed_->stop();
    feed_->stop();

    context_.restart();
    context_.run_for(5s);
    EXPECT_TRUE(context_.stopped()) << "a loop or a timer is still there";
    EXPECT_EQ(listener_.heard, (std::vector<std::string>{"(up)"}));
    EXPECT_FALSE(feed_->is_up());
}

TEST_F(RevocationFeedTest, MayBeStoppedByItsOwnListener) {
    struct Stopper final : auth::RevocationListener {
        void on_revoked(std::string_view) override { feed->reset(); }
        void on_feed_up() override { up = true; }
        void on_feed_down() override {}
        std::optional<store::RevocationFeed>* feed = nullptr;
        bool up = false;
    } stopper;
    stopper.feed = &feed_;
    feed_.emplace(context_.get_executor(), server_->settings(), stopper, nullptr, patience_);
    ASSERT_TRUE(run_until(context_, [&] { return stopper.up; }));
    store::RedisClient redis(context_.get_executor(), server_->settings());

    ASSERT_TRUE(run(context_, redis.send({"PUBLISH", std::string(store::revocation_channel), "s"})));

    EXPECT_TRUE(run_until(context_, [&] { return !feed_.has_value(); }));
}

}  // namespace
}  // namespace gatehouse::testing

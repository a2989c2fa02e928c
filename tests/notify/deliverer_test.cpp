// SPDX-License-Identifier: Apache-2.0
// Posting what is owed: signed, tried again with growing pauses, and given up in the end.
#include "gateway/notify/deliverer.h"

#include "gateway/base/log.h"
#include "gateway/notify/payload.h"
#include "tests/notify/notify_world.h"

namespace gatehouse::notify {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ScriptedReply;

class DelivererTest : public NotifyWorld {
  protected:
    DelivererTest() { log::set_level(log::Level::error); }

    void given_owed(std::string id, std::vector<std::string> to = {"siem"}) {
        good(outbox.offer({id, hours(1), id, R"({"type":"spend.spike","text":"too much"})", std::move(to)},
                          clock.now()));
    }
    void answer(ScriptedReply reply) { client.next(std::move(reply)); }
    void deliver() { good(deliverer.deliver()); }
    std::int64_t owed() { return good(outbox.owed()); }
    bool shows_owed(int count) {
        return metrics.exposition().find("gatehouse_webhook_deliveries_owed " + std::to_string(count)) !=
               std::string::npos;
    }

    testing::ScriptedClient client;
    testing::FixedRandom random;
    observe::Metrics metrics;
    Deliverer deliverer{{.outbox = outbox,
                         .client = client,
                         .settings = current(),
                         .metrics = metrics,
                         .clock = clock,
                         .random = random,
                         .user_agent = "gatehouse/test"}};
};

TEST_F(DelivererTest, PostsASignedBodyOnce) {
    given_owed("evt_1");
    answer(ScriptedReply::of(204));

    deliver();
    deliver();

    ASSERT_EQ(client.requests().size(), 1U);
    const auto& sent = *client.requests()[0];
    EXPECT_EQ(sent.target, "/hook?x=1");
    EXPECT_EQ(sent.method, "POST");
    EXPECT_EQ(sent.body, R"({"type":"spend.spike","text":"too much"})");
    EXPECT_EQ(sent.headers.value("content-type"), "application/json");
    EXPECT_EQ(sent.headers.value("webhook-id"), "evt_1");
    EXPECT_EQ(sent.headers.value("webhook-timestamp"), "1795608000");
    EXPECT_EQ(sent.headers.value("webhook-signature"),
              sign(settings->webhooks[0].secret, "evt_1", 1'795'608'000, sent.body));
    EXPECT_EQ(owed(), 0);
}

TEST_F(DelivererTest, TriesAgainWithTheSameIdAndAFreshTimestamp) {
    given_owed("evt_1");
    answer(ScriptedReply::of(500));
    answer(ScriptedReply::failure(Error::upstream_unreachable(Reason::connect_failed, "down")));
    answer(ScriptedReply::of(200));

    deliver();
    deliver();
    EXPECT_EQ(client.requests().size(), 1U) << "not yet";
    clock.advance(seconds(6));
    deliver();
    clock.advance(seconds(12));
    deliver();

    ASSERT_EQ(client.requests().size(), 3U);
    EXPECT_EQ(client.requests()[2]->headers.value("webhook-id"), "evt_1");
    EXPECT_EQ(client.requests()[2]->headers.value("webhook-timestamp"), "1795608018");
    EXPECT_EQ(owed(), 0);
}

TEST_F(DelivererTest, WaitsAsLongAsTheReceiverAsks) {
    given_owed("evt_1");
    answer(ScriptedReply::of(429).header("retry-after", "120"));
    answer(ScriptedReply::of(200));
    deliver();
    clock.advance(seconds(119));
    deliver();
    EXPECT_EQ(client.requests().size(), 1U);
    clock.advance(seconds(1));
    deliver();
    EXPECT_EQ(owed(), 0);
}

TEST_F(DelivererTest, GivesUpInTheEnd) {
    given_owed("evt_1");
    for (int count = 0; count < 200 && owed() > 0; ++count) {
        answer(ScriptedReply::of(503));
        deliver();
        clock.advance(hours(2));
    }
    EXPECT_EQ(owed(), 0);
    EXPECT_EQ(client.requests().size(), 13U) << "one at once, then one every two hours for a day";
}

TEST_F(DelivererTest, GivesUpAtOnceWhatNobodyWantsAnyMore) {
    given_owed("evt_1");
    answer(ScriptedReply::of(410));
    deliver();
    EXPECT_EQ(owed(), 0);
    given_owed("evt_2", {"removed"});
    deliver();
    EXPECT_EQ(owed(), 0);
    EXPECT_EQ(client.requests().size(), 1U);
}

TEST_F(DelivererTest, DoesNotFollowRedirects) {
    given_owed("evt_1");
    answer(ScriptedReply::of(302).header("location", "https://elsewhere.example"));
    deliver();
    EXPECT_EQ(owed(), 1);
}

TEST_F(DelivererTest, CountsWhatIsOwedWhenItHasWorkedAndElseNowAndThen) {
    given_owed("evt_1");
    answer(ScriptedReply::of(500));
    deliver();
    EXPECT_TRUE(shows_owed(1));

    good(outbox.settle("evt_1", "siem"));  // by another gateway
    deliver();
    EXPECT_TRUE(shows_owed(1)) << "not every second";
    clock.advance(seconds(15));
    deliver();
    EXPECT_TRUE(shows_owed(0));
}

TEST_F(DelivererTest, LeavesAChatUnsigned) {
    settings->webhooks[0].secret = Secret();
    settings->webhooks[0].body = Template::slack;
    given_owed("evt_1");
    answer(ScriptedReply::of(200));
    deliver();
    EXPECT_EQ(client.requests()[0]->body, R"({"text":"too much"})");
    EXPECT_FALSE(client.requests()[0]->headers.find("webhook-signature"));
}

TEST(NextAttempt, IsTwiceAsLateEachTimeAndAtMostAnHour) {
    const NotificationSettings settings;
    const Instant now{hours{500'000}};
    const auto pause = [&](int failed, unsigned char chance = 128, seconds asked = seconds(0)) {
        return *next_attempt(settings, now, failed, asked, chance, now) - now;
    };
    EXPECT_EQ(pause(1, 0), milliseconds(4'000));
    EXPECT_EQ(pause(1, 255), milliseconds(6'000));
    EXPECT_NEAR(static_cast<double>(pause(2).count()), 10'000, 20);
    EXPECT_NEAR(static_cast<double>(pause(30).count()), 3'600'000, 4'000);
    EXPECT_EQ(pause(1, 0, seconds(100)), seconds(100));
    EXPECT_EQ(next_attempt(settings, now - hours(24), 3, seconds(0), 0, now), std::nullopt);
}

}  // namespace
}  // namespace gatehouse::notify

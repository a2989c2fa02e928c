// SPDX-License-Identifier: Apache-2.0
// Alerts over the real binary: a cap that fills is told once, whichever gateway looks, signed, and again after a
// receiver that failed or a gateway that was killed.
#include <gtest/gtest.h>

#include <atomic>
#include <set>

#include "gateway/base/crypto.h"
#include "tests/flows/shared_redis.h"
#include "tests/flows/world.h"

namespace gatehouse::testing {
namespace {

constexpr std::string_view write_key = "the-write-key-of-at-least-32-letters";
constexpr std::string_view signed_path = "/hook/secret-path";
constexpr std::string_view chat_path = "/chat";
constexpr std::string_view hook_key = "01234567890123456789012345678901";

class NotificationsFlow : public ::testing::Test {
  protected:
    NotificationsFlow() : receiver_(Script::json(200, "{}")) {
        config_ = world_.config();
        config_.store = redis_.section();
        config_.more = "admin:\n  write_keys: [{ id: terraform, key: " + std::string(write_key) +
                       " }]\nnotifications:\n  retry: { first_seconds: 1 }\n  webhooks:\n    - { name: siem, url: \"" +
                       receiver_.url() + std::string(signed_path) + "\", secret: whsec_" + to_base64(hook_key) +
                       " }\n    - { name: chat, url: \"" + receiver_.url() + std::string(chat_path) +
                       "\", template: slack }\n";
    }

    std::unique_ptr<GatehouseProcess> serve(std::string_view name) const {
        auto gateway = world_.serve(config_, name);
        EXPECT_TRUE(all_shards_are_ready(gateway->port()));
        return gateway;
    }
    void cap_everybody(std::uint16_t port, std::string_view cents, std::string_view period = "daily") const {
        std::string body = R"({"scope":{"type":"organization"},"amount":")";
        body.append(cents).append(R"(","period":")").append(period).append("\"}");
        EXPECT_EQ(HttpConnection(port)
                      .ask("POST", "/v1/organizations/spend_limits",
                           {{"x-api-key", write_key}, {"content-type", "application/json"}}, body)
                      .status,
                  200);
    }
    /// Asks once more. Not merely held back because the last prompt is still being settled.
    static bool is_blocked(std::uint16_t port, const Tokens& who) {
        return post_messages(port, who).body.find("billing_error") != std::string::npos;
    }
    /// Prompts until the cap refuses them.
    void fill(std::uint16_t port) {
        const Tokens ada = world_.sign_in(port, "demo-ada");
        EXPECT_TRUE(eventually([&] { return is_blocked(port, ada); }));
    }
    /// What came to that path and tells of a whole cap.
    std::vector<Asked> told(std::string_view path) const {
        std::vector<Asked> found;
        for (Asked& each : receiver_.everything())
            if (each.line == "POST " + std::string(path) + " HTTP/1.1" &&
                each.body.find("(100 % reached)") != std::string::npos)
                found.push_back(std::move(each));
        return found;
    }
    std::size_t times_told(std::string_view path) const { return told(path).size(); }

    World world_;
    SharedRedis redis_;
    ScriptedUpstream receiver_;
    Config config_;
};

TEST_F(NotificationsFlow, TellEachWebhookOnceWhicheverGatewayLooks) {
    const auto one = serve("one.yaml");
    const auto two = serve("two.yaml");
    cap_everybody(one->port(), "1");
    fill(two->port());

    ASSERT_TRUE(eventually([&] { return times_told(signed_path) > 0 && times_told(chat_path) > 0; }));

    const Asked post = told(signed_path)[0];
    const auto event = json::parse(post.body);
    ASSERT_TRUE(event);
    EXPECT_EQ(*json::find_string(*event, "type"), "spend.threshold");
    EXPECT_EQ(*json::find_string(*event, "id"), post.headers.value("webhook-id"));
    EXPECT_EQ(*json::find_integer(*event, "threshold"), 100);
    EXPECT_EQ(*json::find_string(*json::find(*event, "actor"), "email_address"), "ada@demo.example");
    std::string signed_text(post.headers.value("webhook-id"));
    signed_text.append(".").append(post.headers.value("webhook-timestamp")).append(".").append(post.body);
    EXPECT_EQ(post.headers.value("webhook-signature"), "v1," + to_base64(hmac_sha256(hook_key, signed_text)));
    EXPECT_TRUE(told(chat_path)[0].body.starts_with(R"({"text":"Ada )")) << told(chat_path)[0].body;
    EXPECT_FALSE(told(chat_path)[0].headers.find("webhook-signature"));

    // The daily cap is a weekly one too: whoever looks at that would tell of the first once more.
    cap_everybody(one->port(), "1", "weekly");
    const Tokens carl = world_.sign_in(one->port(), "demo-carl");
    EXPECT_TRUE(eventually([&] { return is_blocked(one->port(), carl); }));
    EXPECT_TRUE(eventually([&] { return times_told(signed_path) >= 3; }));
    EXPECT_EQ(one->terminate(), 0) << one->err();
    EXPECT_EQ(two->terminate(), 0) << two->err();
    std::set<std::string> ids;
    for (const Asked& each : told(signed_path))
        EXPECT_TRUE(ids.emplace(each.headers.value("webhook-id")).second) << each.body;
    for (const auto* gateway : {&one, &two}) {
        const std::string written = (*gateway)->everything();
        EXPECT_EQ(written.find("secret-path"), std::string::npos) << "the address may be a secret";
        EXPECT_EQ(written.find(hook_key), std::string::npos);
    }
}

TEST_F(NotificationsFlow, AreTriedAgainWithTheSameId) {
    std::atomic<int> calls{0};
    receiver_.answer_with([&](const Asked&) { return Script::json(++calls <= 2 ? 503 : 200, "{}"); });
    const auto gateway = serve("one.yaml");
    cap_everybody(gateway->port(), "1");
    fill(gateway->port());

    ASSERT_TRUE(eventually([&] { return times_told(signed_path) >= 2 && times_told(chat_path) >= 2; }));

    EXPECT_EQ(told(signed_path)[0].headers.value("webhook-id"), told(signed_path)[1].headers.value("webhook-id"));
    EXPECT_TRUE(eventually([&] {
        const std::string metrics = HttpConnection(gateway->port()).get("/metrics").body;
        return metrics.find(R"(gatehouse_webhook_deliveries_total{result="delivered",webhook="siem"})") !=
                   std::string::npos &&
               metrics.find("gatehouse_webhook_deliveries_owed 0") != std::string::npos;
    }));
    EXPECT_EQ(gateway->terminate(), 0) << gateway->err();
}

TEST_F(NotificationsFlow, OutliveTheGatewayThatOwesThem) {
    receiver_.answer_with([](const Asked&) { return Script::json(500, "{}"); });
    auto gateway = serve("one.yaml");
    cap_everybody(gateway->port(), "1");
    fill(gateway->port());
    ASSERT_TRUE(eventually([&] { return times_told(signed_path) > 0 && times_told(chat_path) > 0; }));
    const std::string id(told(signed_path)[0].headers.value("webhook-id"));
    gateway->signal(SIGKILL);
    gateway->wait();
    receiver_.forget();
    receiver_.answer_with([](const Asked&) { return Script::json(200, "{}"); });

    gateway = serve("one.yaml");

    ASSERT_TRUE(
        eventually([&] { return times_told(signed_path) > 0 && times_told(chat_path) > 0; }, std::chrono::seconds(150)))
        << "a delivery that somebody had taken comes back when its lease is over";
    EXPECT_EQ(gateway->terminate(), 0) << gateway->err();
    EXPECT_EQ(times_told(signed_path), 1U);
    EXPECT_EQ(told(signed_path)[0].headers.value("webhook-id"), id);
}

}  // namespace
}  // namespace gatehouse::testing

// SPDX-License-Identifier: Apache-2.0
// What an alert becomes, for each template, and its signature.
#include "gateway/notify/payload.h"

#include <gtest/gtest.h>

#include "gateway/base/json.h"

namespace gatehouse::notify {
namespace {

constexpr Instant noon{std::chrono::milliseconds{1'795'608'000'000}};  // 2026-11-25T12:00:00Z

policy::Alert threshold() {
    return {.kind = policy::AlertKind::threshold,
            .who = {"sub-1", "ada@x.org", "Ada <3 & Co", {"eng"}, false, {}},
            .at = noon,
            .spent = Money::nano(475'999'999'999),
            .cap_id = "spl_1",
            .period = policy::Period::monthly,
            .percent = 95,
            .limit = Money::dollars(500),
            .resets_at = Instant{std::chrono::milliseconds{1'796'083'200'000}}};
}

policy::Alert spike() {
    return {.kind = policy::AlertKind::spike,
            .who = {"service:svk_1", "", "", {}, true, {}},
            .at = noon,
            .spent = Money::dollars(90),
            .resets_at = noon + std::chrono::hours(12),
            .usual = Money::cents(2'210)};
}

TEST(Event, OfAThresholdSaysWhoHowMuchAndUntilWhen) {
    EXPECT_EQ(json::to_text(to_event(threshold(), "evt_1")),
              R"({"type":"spend.threshold","id":"evt_1","created_at":"2026-11-25T12:00:00.000Z",)"
              R"("text":"Ada <3 & Co (ada@x.org) has spent $476.00 of $500.00 this month (95 % reached). )"
              R"(It begins anew 2026-12-01 00:00 UTC.","scope":{"type":"user","user_id":"sub-1"},)"
              R"("actor":{"type":"user_actor","user_id":"sub-1","name":"Ada <3 & Co","email_address":"ada@x.org",)"
              R"("deleted":false},"currency":"USD","spent":"47599.999","period":"monthly","threshold":95,)"
              R"("amount":"50000","resets_at":"2026-12-01T00:00:00.000Z","spend_limit_id":"spl_1"})");
}

TEST(Event, OfAPoolNamesTheGroupAndNobody) {
    policy::Alert alert = threshold();
    alert.group = "eng";
    alert.percent = 100;
    alert.spent = Money::dollars(501);
    const auto event = to_event(alert, "evt_1");
    EXPECT_EQ(*json::find_string(event, "text"),
              "The group eng has spent $501.00 of its shared $500.00 this month (100 % reached). Requests are refused "
              "until 2026-12-01 00:00 UTC.");
    EXPECT_EQ(json::to_text(event.at("scope")), R"({"type":"group_pool","rbac_group_id":"eng"})");
    EXPECT_TRUE(event.at("actor").is_null());
}

TEST(Event, OfWhatWasSettledLateSpeaksOfThePast) {
    policy::Alert alert = threshold();
    alert.at = alert.resets_at + std::chrono::seconds(3);
    EXPECT_EQ(*json::find_string(to_event(alert, "evt_1"), "text"),
              "Ada <3 & Co (ada@x.org) has spent $476.00 of $500.00 in the month that ended 2026-12-01 00:00 UTC (95 % "
              "reached).");
    alert = spike();
    alert.at = alert.resets_at + std::chrono::hours(3);
    EXPECT_EQ(*json::find_string(to_event(alert, "evt_2"), "text"),
              "service:svk_1 has spent $90.00 on 2026-11-25, 4.0 times their usual day ($22.10).");
}

TEST(Event, OfASpikeComparesWithTheUsualDay) {
    EXPECT_EQ(json::to_text(to_event(spike(), "evt_2")),
              R"({"type":"spend.spike","id":"evt_2","created_at":"2026-11-25T12:00:00.000Z",)"
              R"("text":"service:svk_1 has spent $90.00 today, 4.0 times their usual day ($22.10).",)"
              R"("scope":{"type":"user","user_id":"service:svk_1"},"actor":{"type":"user_actor",)"
              R"("user_id":"service:svk_1","name":null,"email_address":null,"deleted":false},"currency":"USD",)"
              R"("spent":"9000","period":"daily","usual":"2210"})");
}

TEST(Body, IsTheEventOrWhatChatsTake) {
    const auto event = to_event(threshold(), "evt_1");
    EXPECT_EQ(to_body(Template::json, event), json::to_text(event));
    EXPECT_EQ(to_body(Template::slack, event),
              R"({"text":"Ada &lt;3 &amp; Co (ada@x.org) has spent $476.00 of $500.00 this month (95 % reached). )"
              R"(It begins anew 2026-12-01 00:00 UTC."})");
    EXPECT_EQ(to_body(Template::teams, event),
              R"({"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","content":)"
              R"({"$schema":"http://adaptivecards.io/schemas/adaptive-card.json","type":"AdaptiveCard",)"
              R"("version":"1.4","body":[{"type":"TextBlock","text":"Ada <3 & Co (ada@x.org) has spent $476.00 of )"
              R"($500.00 this month (95 % reached). It begins anew 2026-12-01 00:00 UTC.","wrap":true}]}}]})");
}

TEST(EventId, FollowsFromWhatItIsAbout) {
    EXPECT_EQ(event_id("a"), event_id("a"));
    EXPECT_NE(event_id("a"), event_id("b"));
    EXPECT_EQ(event_id("a").size(), 36U);
}

/// Made with: printf 'evt_1.1795608000.{}' | openssl dgst -sha256 -mac HMAC -macopt key:0123… -binary | base64
TEST(Signature, IsThatOfStandardWebhooks) {
    const Secret key("01234567890123456789012345678901");
    EXPECT_EQ(sign(key, "evt_1", 1'795'608'000, "{}"), "v1,jqt3/M0EYQnXcrMOJ7y1OjebpByJMB9F56k6OoKn1Qs=");
    EXPECT_NE(sign(key, "evt_1", 1'795'608'001, "{}"), sign(key, "evt_1", 1'795'608'000, "{}"));
}

}  // namespace
}  // namespace gatehouse::notify

// SPDX-License-Identifier: Apache-2.0
// What an admin may say about a service key, and what the refusal names.
#include "gateway/admin/service_key_order.h"

#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>

#include <utility>

#include "gateway/base/json.h"

namespace gatehouse::admin {
namespace {

using std::chrono::days;
using std::chrono::seconds;

constexpr Instant now{std::chrono::milliseconds{1'795'262'400'123}};  // 2026-11-21T12:00:00.123Z

boost::json::object body(std::string_view text) {
    const auto value = json::parse(text);
    if (!value || !value->is_object()) throw std::runtime_error("not an object: " + std::string(text));
    return value->get_object();
}

std::string refusal(std::string_view text) {
    const auto order = parse_new_service_key(body(text), now);
    return order ? "taken" : order.error().message;
}

std::string refusal_of_change(std::string_view text) {
    const auto order = parse_service_key_change(body(text), now);
    return order ? "taken" : order.error().message;
}

/// A good body with one member more, which comes last and so counts.
std::string with(std::string_view member) {
    return std::string(R"({"name":"ci","owner":"ada","groups":["a"],)").append(member).append("}");
}

TEST(NewServiceKey, TakesWhatIsNeededAndGivesTheRestItsDefault) {
    const auto order = parse_new_service_key(body(R"({"name":"ci","owner":"ada@example.com","groups":[]})"), now);

    ASSERT_TRUE(order) << describe(order.error());
    EXPECT_EQ(order->name, "ci");
    EXPECT_EQ(order->owner, "ada@example.com");
    EXPECT_EQ(order->groups, std::vector<std::string>{});
    EXPECT_FALSE(order->allowed_cidrs);
    EXPECT_TRUE(order->says_expiry);
    EXPECT_EQ(order->expires_at, now + days(90));
    EXPECT_TRUE(order->limits.empty());
}

TEST(NewServiceKey, TakesEverythingThatCanBeSaid) {
    const auto order = parse_new_service_key(
        body(R"({"name":"ci","owner":"ada","groups":["a","b"],"allowed_cidrs":["10.0.0.0/8","2001:db8::1"],)"
             R"("expires_at":"2027-01-01T00:00:00Z","reason":"for the nightly build",)"
             R"("limits":[{"amount":"0050000"},{"amount":null,"period":"daily"}]})"),
        now);

    ASSERT_TRUE(order) << describe(order.error());
    EXPECT_EQ(order->groups, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(order->allowed_cidrs, (std::vector<std::string>{"10.0.0.0/8", "2001:db8::1"}));
    EXPECT_EQ(order->expires_at, Instant{seconds{1'798'761'600}});
    EXPECT_EQ(order->reason, "for the nightly build");
    EXPECT_EQ(order->limits, (std::vector<ServiceKeyLimit>{{"50000", policy::Period::monthly},
                                                           {std::nullopt, policy::Period::daily}}));
}

TEST(NewServiceKey, TakesLimitsAsAPolicyHasThemAndNamesTheOneThatIsWrong) {
    const auto order = parse_new_service_key(
        body(with(R"("rate_limits":{"user":{"requests_per_minute":60,"tokens_per_minute":null}})")), now);
    ASSERT_TRUE(order) << describe(order.error());
    ASSERT_TRUE(order->rate_limits);
    EXPECT_EQ(boost::json::serialize(*order->rate_limits),
              R"({"user":{"requests_per_minute":60,"tokens_per_minute":null}})");

    EXPECT_EQ(refusal(with(R"("rate_limits":[])")),
              "rate_limits: must be an object of user, session, agent and pause_session, or null");
    EXPECT_EQ(
        refusal(with(R"("rate_limits":{"user":{"requests_per_minute":0}})")),
        "rate_limits.user.requests_per_minute: must be a whole number from 1 to 1000000000, or null for no limit");
    EXPECT_EQ(refusal(with(R"("rate_limits":{"users":{}})")),
              "rate_limits.users: is not a limit: user, session, agent and pause_session are");
}

TEST(NewServiceKey, NeverEndsOnlyWhenThatIsSaid) {
    const auto order = parse_new_service_key(body(with(R"("expires_at":null)")), now);

    ASSERT_TRUE(order);
    EXPECT_TRUE(order->says_expiry);
    EXPECT_FALSE(order->expires_at);
}

TEST(NewServiceKey, NamesTheFieldThatIsWrong) {
    EXPECT_EQ(refusal(R"({"owner":"ada","groups":[]})"), "name: is required");
    EXPECT_EQ(refusal(R"({"name":"ci","groups":[]})"), "owner: is required: who answers for this key?");
    EXPECT_EQ(refusal(R"({"name":"ci","owner":"ada"})"),
              "groups: is required; an empty list gives what everybody may use");
    EXPECT_EQ(refusal(with(R"("name":7)")), "name: must be a string");
    EXPECT_EQ(refusal(with(R"("name":"  ")")), "name: must not be empty");
    EXPECT_EQ(refusal(with(R"("name":"a\nb")")), "name: must not hold control characters");
    EXPECT_EQ(refusal(with("\"name\":\"" + std::string(101, 'x') + "\"")), "name: must have at most 100 bytes");
    EXPECT_EQ(refusal(with(R"("owner":"")")), "owner: must not be empty");
    EXPECT_EQ(refusal(with(R"("groups":"a")")), "groups: must be a list of strings");
    EXPECT_EQ(refusal(with(R"("groups":["a",""])")), "groups[1]: must not be empty");
    EXPECT_EQ(refusal(with(R"("groups":["a","b","a"])")), "groups[2]: is given twice");
    EXPECT_EQ(refusal(with(R"("reason":[])")), "reason: must be a string");
}

TEST(NewServiceKey, NamesTheAddressThatIsNone) {
    constexpr std::string_view needed = ": must be an address or a range such as 10.0.0.0/8 or 2001:db8::/32";
    for (const char* odd : {"10.0.0.0/33", "ci.example.com", "10.0.0.1:443", "10.0.0.0/8 "})
        EXPECT_EQ(refusal(with(std::string(R"("allowed_cidrs":["10.0.0.1",")") + odd + "\"]")),
                  "allowed_cidrs[1]" + std::string(needed))
            << odd;
}

TEST(NewServiceKey, EndsInTheFutureAndWithinTenYears) {
    EXPECT_EQ(refusal(with(R"("expires_at":"2026-11-21T12:00:00.123Z")")), "expires_at: must be in the future");
    EXPECT_EQ(refusal(with(R"("expires_at":"2020-01-01T00:00:00Z")")), "expires_at: must be in the future");
    EXPECT_EQ(refusal(with(R"("expires_at":"2036-11-22T12:00:00Z")")),
              "expires_at: must be within ten years; null is never");
    EXPECT_EQ(refusal(with(R"("expires_at":"2036-11-21T12:00:00Z")")), "taken");
    for (const char* odd : {"\"tomorrow\"", "90", "\"\"", "true"})
        EXPECT_EQ(refusal(with(std::string(R"("expires_at":)") + odd)),
                  "expires_at: must be a time such as 2027-01-31T00:00:00Z, or null for never")
            << odd;
}

TEST(NewServiceKey, NamesTheLimitThatIsWrong) {
    EXPECT_EQ(refusal(with(R"("limits":{})")), "limits: must be a list of objects of amount and period");
    EXPECT_EQ(refusal(with(R"("limits":[7])")), "limits[0]: must be an object of amount and period");
    EXPECT_EQ(refusal(with(R"("limits":[{"period":"daily"}])")), "limits[0].amount: is required; null is unlimited");
    EXPECT_EQ(refusal(with(R"("limits":[{"amount":500}])")),
              "limits[0].amount: must be null or a string of 1 to 18 digits, in whole cents");
    EXPECT_EQ(refusal(with(R"("limits":[{"amount":"1"},{"amount":"1","period":"yearly"}])")),
              "limits[1].period: must be one of daily, weekly, monthly");
    EXPECT_EQ(refusal(with(R"("limits":[{"amount":"1"},{"amount":"2","period":"monthly"}])")),
              "limits[1].period: is given twice");
    EXPECT_EQ(refusal(with(R"("limits":[{"amount":"1","scope":"user"}])")),
              "limits[0].scope: is not a field of this request");
}

TEST(NewServiceKey, RefusesAFieldThatNobodyKnows) {
    EXPECT_EQ(refusal(with(R"("allowed_cidr":[])")), "allowed_cidr: is not a field of this request");
    EXPECT_EQ(refusal(with(R"("disabled":false)")), "disabled: is not a field of this request");
    EXPECT_EQ(refusal(with(R"("a\nb":1)")), "a?b: is not a field of this request");
}

TEST(ServiceKeyChange, OverwritesWhatItSaysAndNothingElse) {
    auth::ServiceKey key;
    key.name = "ci";
    key.owner = "ada";
    key.groups = {"a"};
    key.allowed_cidrs = {"10.0.0.0/8"};
    key.expires_at = now + days(3);
    const auto order = parse_service_key_change(body(R"({"owner":"bob","allowed_cidrs":[],"disabled":true})"), now);
    ASSERT_TRUE(order) << describe(order.error());

    apply(*order, key);

    EXPECT_EQ(key.name, "ci");
    EXPECT_EQ(key.owner, "bob");
    EXPECT_EQ(key.groups, std::vector<std::string>{"a"});
    EXPECT_TRUE(key.allowed_cidrs.empty());
    EXPECT_TRUE(key.disabled);
    EXPECT_EQ(key.expires_at, now + days(3));
}

TEST(ServiceKeyChange, GivesLimitsAndTakesThemAway) {
    auth::ServiceKey key;
    const auto given = parse_service_key_change(body(R"({"rate_limits":{"agent":{"concurrent_requests":2}}})"), now);
    ASSERT_TRUE(given) << describe(given.error());
    apply(*given, key);
    EXPECT_EQ(boost::json::serialize(key.limits), R"({"agent":{"concurrent_requests":2}})");

    const auto taken = parse_service_key_change(body(R"({"rate_limits":null})"), now);
    ASSERT_TRUE(taken) << describe(taken.error());
    apply(*taken, key);
    EXPECT_TRUE(key.limits.empty());
}

TEST(ServiceKeyChange, CanTakeTheEndAway) {
    auth::ServiceKey key;
    key.expires_at = now + days(3);
    const auto order = parse_service_key_change(body(R"({"expires_at":null})"), now);
    ASSERT_TRUE(order);

    apply(*order, key);

    EXPECT_FALSE(key.expires_at);
}

TEST(ServiceKeyChange, NamesTheFieldThatIsWrong) {
    EXPECT_EQ(refusal_of_change("{}"),
              "nothing to change: give one of name, owner, groups, allowed_cidrs, expires_at, rate_limits, disabled");
    EXPECT_EQ(refusal_of_change(R"({"reason":"why not"})"),
              "nothing to change: give one of name, owner, groups, allowed_cidrs, expires_at, rate_limits, disabled");
    EXPECT_EQ(refusal_of_change(R"({"disabled":"yes"})"), "disabled: must be true or false");
    EXPECT_EQ(refusal_of_change(R"({"groups":null})"), "groups: must be a list of strings");
    EXPECT_EQ(refusal_of_change(R"({"limits":[]})"),
              "limits: of a present key are set at /v1/organizations/spend_limits");
    EXPECT_EQ(refusal_of_change(R"({"id":"svk_1"})"), "id: is not a field of this request");
}

TEST(Rotation, OverlapsADayUnlessItSaysOtherwise) {
    EXPECT_EQ(parse_rotation(body("{}"))->overlap, days(1));
    EXPECT_EQ(parse_rotation(body(R"({"overlap_seconds":0})"))->overlap, seconds(0));
    EXPECT_EQ(parse_rotation(body(R"({"overlap_seconds":2592000,"reason":"leaked"})")),
              (RotationOrder{days(30), "leaked"}));
}

TEST(Rotation, NamesTheFieldThatIsWrong) {
    for (const char* odd : {"-1", "2592001", "1.5", "\"60\"", "null"}) {
        const auto order = parse_rotation(body(std::string(R"({"overlap_seconds":)") + odd + "}"));
        ASSERT_FALSE(order) << odd;
        EXPECT_EQ(order.error().message, "overlap_seconds: must be a whole number from 0 to 2592000 (30 days)");
    }
    EXPECT_EQ(parse_rotation(body(R"({"overlap":0})")).error().message, "overlap: is not a field of this request");
}

}  // namespace
}  // namespace gatehouse::admin

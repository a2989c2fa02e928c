// SPDX-License-Identifier: Apache-2.0
#include "policy/increase.h"

#include <gtest/gtest.h>

namespace gatehouse::policy {
namespace {

constexpr Instant noon{std::chrono::milliseconds{1'795'262'400'000}};  // 2026-11-21T12:00:00Z

TEST(IncreaseRequests, AreReadAsTheyWereWritten) {
    IncreaseRequest request{.id = "slir_1",
                            .who = {"ada", "ada@x.org", "Ada", {"eng", "ops"}, false, {}},
                            .period = Period::weekly,
                            .reason = "a \"release\"",
                            .created_at = noon};
    const auto pending = parse_increase(to_document(request));
    ASSERT_TRUE(pending);
    EXPECT_EQ(to_document(*pending), to_document(request));
    EXPECT_EQ(pending->who.groups, request.who.groups);
    EXPECT_FALSE(pending->wished);

    request.wished = "5000";
    request.status = IncreaseStatus::approved;
    request.resolved_at = noon + std::chrono::hours(1);
    request.resolved_by = "admin-key:a";
    request.granted = "4000";
    request.granted_until = noon + std::chrono::days(7);
    request.note = "until Friday";
    const auto approved = parse_increase(to_document(request));
    ASSERT_TRUE(approved);
    EXPECT_EQ(to_document(*approved), to_document(request));
    EXPECT_EQ(approved->granted_until, request.granted_until);

    EXPECT_FALSE(parse_increase("7"));
    EXPECT_FALSE(parse_increase(R"({"type":"spend_limit_increase_request","who":{},"period":"yearly"})"));
}

TEST(IncreaseRequests, HaveOneOpenIdForEachPersonAndPeriod) {
    EXPECT_EQ(open_increase_id("ada", Period::daily), open_increase_id("ada", Period::daily));
    EXPECT_NE(open_increase_id("ada", Period::daily), open_increase_id("ada", Period::weekly));
    EXPECT_NE(open_increase_id("ada", Period::daily), open_increase_id("bob", Period::daily));
}

TEST(IncreaseRequests, AreAboutTheLimitThatBlocksLongestOrElseTheFullest) {
    const Limit day{"u:ada", Period::daily, Money::cents(100), false};
    const Limit month{"u:ada", Period::monthly, Money::cents(1'000), false};
    const Limit pool{"g:eng", Period::weekly, Money::cents(10), true};
    const auto spent = [](std::int64_t cents) { return Standing{Money::cents(cents), Money()}; };
    EXPECT_EQ(period_to_raise({day, month}, {spent(100), spent(1'000)}, noon), Period::monthly);
    EXPECT_EQ(period_to_raise({day, month}, {spent(100), spent(900)}, noon), Period::daily);
    EXPECT_EQ(period_to_raise({day, month}, {spent(10), spent(900)}, noon), Period::monthly);
    EXPECT_EQ(period_to_raise({pool}, {spent(1)}, noon), Period::weekly);
    EXPECT_EQ(period_to_raise({}, {}, noon), std::nullopt);
}

TEST(Dollars, AreReadAsPeopleTypeThem) {
    EXPECT_EQ(parse_dollars("500"), "50000");
    EXPECT_EQ(parse_dollars(" $1,200.5 "), "120050");
    EXPECT_EQ(parse_dollars("0.07"), "7");
    EXPECT_EQ(parse_dollars("0"), "0");
    for (const char* wrong : {"", "$", ".5", "1.234", "-5", "5 dollars", "1.2.3", "1,2,x", "9999999999999999999"})
        EXPECT_EQ(parse_dollars(wrong), std::nullopt) << wrong;
}

}  // namespace
}  // namespace gatehouse::policy

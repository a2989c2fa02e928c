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
    request.granted_period = Period::daily;
    request.about = Cap{.id = "spl_1",
                        .scope = {ScopeKind::rbac_group, "eng"},
                        .amount = "100",
                        .period = Period::weekly,
                        .created_at = noon,
                        .updated_at = noon,
                        .expires_at = {}};
    request.granted_until = noon + std::chrono::days(7);
    request.note = "until Friday";
    const auto approved = parse_increase(to_document(request));
    ASSERT_TRUE(approved);
    EXPECT_EQ(to_document(*approved), to_document(request));
    EXPECT_EQ(approved->granted_until, request.granted_until);
    EXPECT_EQ(approved->granted_period, Period::daily);
    EXPECT_EQ(approved->about, request.about);

    EXPECT_FALSE(parse_increase("7"));
    EXPECT_FALSE(parse_increase(R"({"type":"spend_limit_increase_request","who":{},"period":"yearly"})"));
}

IncreaseRequest asked(std::string id, Period period, Instant when) {
    return {.id = std::move(id), .who = {}, .period = period, .reason = "r", .created_at = when};
}

TEST(IncreaseRequests, LapseWhenNobodyDecides) {
    IncreaseRequest request = asked("slir_1", Period::daily, noon);
    const Instant lapse = noon + std::chrono::days(30);
    EXPECT_EQ(status_at(request, lapse - std::chrono::milliseconds(1)), IncreaseStatus::pending);
    EXPECT_EQ(status_at(request, lapse), IncreaseStatus::expired);
    request.status = IncreaseStatus::denied;
    EXPECT_EQ(status_at(request, lapse), IncreaseStatus::denied);
    for (const char* name : {"pending", "approved", "denied", "withdrawn", "expired"})
        EXPECT_EQ(to_slug(*parse_increase_status(name)), name);
}

TEST(IncreaseHistory, IsReadAsItWasWritten) {
    IncreaseHistory history;
    remember(history, asked("slir_1", Period::daily, noon));
    remember(history, asked("slir_2", Period::weekly, noon));
    close(history, "slir_1");

    const std::string text = to_document(history);

    EXPECT_EQ(text, R"([{"id":"slir_1","period":"daily","created_at":"2026-11-21T12:00:00.000Z","open":false},)"
                    R"({"id":"slir_2","period":"weekly","created_at":"2026-11-21T12:00:00.000Z","open":true}])");
    EXPECT_EQ(to_document(parse_increase_history(text)), text);
    EXPECT_TRUE(parse_increase_history("").entries.empty());
    EXPECT_NE(increase_history_id("ada"), increase_history_id("bob"));
}

TEST(IncreaseHistory, AllowsOneOpenRequestAPeriod) {
    IncreaseHistory history;
    remember(history, asked("slir_1", Period::daily, noon));
    EXPECT_EQ(may_ask(history, Period::daily, noon).error().fault, Fault::conflict);
    EXPECT_TRUE(may_ask(history, Period::weekly, noon));
    EXPECT_TRUE(may_ask(history, Period::daily, noon + increase_patience)) << "it has lapsed";
    close(history, "slir_1");
    EXPECT_TRUE(may_ask(history, Period::daily, noon));
}

TEST(IncreaseHistory, AllowsTenRequestsWithinADayAndSaysWhenTheNextOneMayBe) {
    IncreaseHistory history;
    for (int count = 0; count < 10; ++count) {
        const std::string id = "slir_" + std::to_string(count);
        const Instant when = noon + std::chrono::minutes(count);
        EXPECT_TRUE(may_ask(history, Period::daily, when));
        remember(history, asked(id, Period::daily, when));
        close(history, id);
    }
    const auto refused = may_ask(history, Period::daily, noon + std::chrono::hours(1));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::rate_limited);
    EXPECT_EQ(refused.error().retry_after, std::chrono::hours(23));
    EXPECT_TRUE(may_ask(history, Period::daily, noon + std::chrono::days(1)));
}

TEST(IncreaseHistory, ForgetsTheOldestOfMoreThanFifty) {
    IncreaseHistory history;
    for (int count = 0; count < 60; ++count)
        remember(history, asked("slir_" + std::to_string(count), Period::daily, noon));
    EXPECT_EQ(history.entries.size(), 50U);
    EXPECT_EQ(history.entries.front().id, "slir_10");
}

class Obstacles : public ::testing::Test {
  protected:
    void given(Scope scope, Period period, std::string cents, std::optional<Instant> until = {}) {
        const std::string id = cap_id(scope, period, until.has_value());
        caps.push_back({id, std::move(scope), std::move(cents), period, noon, noon, until});
    }
    /// "scope period lifted why" of each, when everything of Ada's that is bounded is spent.
    std::vector<std::string> found(Period period) {
        const CapBook book(caps);
        const Subject ada{"ada", "", groups};
        const auto limits = book.limits(ada, GroupLimitMode::min, noon);
        std::vector<Standing> standings;
        for (const Limit& limit : limits)
            standings.push_back({limit.amount == Money::cents(999) ? Money() : limit.amount, Money()});
        std::vector<std::string> lines;
        for (const auto& [cap, lifted, why] :
             obstacles(book, ada, GroupLimitMode::min, limits, standings, period, noon))
            lines.push_back(std::string(to_slug(cap->scope.kind)) + " " + std::string(to_slug(cap->period)) +
                            (lifted ? " lifted" : " stays") + (why.empty() ? "" : ", with a reason"));
        return lines;
    }
    using Lines = std::vector<std::string>;
    std::vector<std::string> groups{"eng", "eng"};
    std::vector<Cap> caps;
};

TEST_F(Obstacles, AreLiftedByAnOwnCapOfTheirPeriodWhoseverTheyAre) {
    given({ScopeKind::organization, ""}, Period::daily, "10");
    given({ScopeKind::rbac_group, "eng"}, Period::weekly, "20");
    given({ScopeKind::user, "ada"}, Period::monthly, "30");
    EXPECT_EQ(found(Period::daily), (Lines{"organization daily lifted", "rbac_group weekly stays, with a reason",
                                           "user monthly stays, with a reason"}));
    EXPECT_EQ(found(Period::monthly)[2], "user monthly lifted");
}

TEST_F(Obstacles, OfAPoolStayWhateverIsApproved) {
    given({ScopeKind::group_pool, "eng"}, Period::weekly, "20");
    EXPECT_EQ(found(Period::weekly), Lines{"group_pool weekly stays, with a reason"}) << "once, though named twice";
}

TEST_F(Obstacles, ThatAreTemporaryAreLiftedOnCondition) {
    given({ScopeKind::user, "ada"}, Period::monthly, "30");
    given({ScopeKind::user, "ada"}, Period::monthly, "60", noon + std::chrono::hours(1));
    EXPECT_EQ(found(Period::monthly), Lines{"user monthly lifted, with a reason"});
}

TEST_F(Obstacles, AreNotCapsThatLeaveRoom) {
    given({ScopeKind::organization, ""}, Period::daily, "999");
    EXPECT_EQ(found(Period::daily), Lines{});
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

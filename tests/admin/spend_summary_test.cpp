// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/admin/reports_fixture.h"

namespace gatehouse::testing {
namespace {

using namespace std::chrono_literals;

class SpendSummary : public ReportsTest {
  protected:
    static constexpr std::int64_t dollar = 1'000'000'000;

    boost::json::value summary(const std::string& query = "") {
        const auto answer = get("spend_summary" + query);
        EXPECT_EQ(answer.status, 200) << answer.body;
        return answer.json();
    }
};

TEST_F(SpendSummary, IsOneMonthOnOnePage) {
    for (int day = 1; day <= 31; ++day)
        given({.when = moment(2026, 10, day, 9h), .nano = 2 * dollar});
    for (int day = 1; day <= 25; ++day)
        given({.when = moment(2026, 11, day, 9h), .project = "apollo", .nano = 3 * dollar});
    given({.when = moment(2026, 11, 25, 10h), .user = "sub-bob", .group = "", .model = "claude-haiku-5-5", .nano = 1});

    const auto found = summary();

    EXPECT_EQ(found.at("type"), "spend_summary");
    EXPECT_EQ(found.at("month"), "2026-11");
    EXPECT_EQ(found.at("as_of"), "2026-11-25T15:00:00.000Z");
    EXPECT_EQ(found.at("currency"), "USD");
    EXPECT_EQ(found.at("price_book").as_string(), policy::builtin_price_list().version);
    EXPECT_EQ(found.at("month_to_date").at("amount"), "7500.0000001");
    EXPECT_EQ(found.at("month_to_date").at("cost_nano"), "75000000001");
    EXPECT_EQ(found.at("month_to_date").at("requests"), 26);
    EXPECT_EQ(found.at("month_to_date").at("output_tokens"), 26 * 20);
    EXPECT_EQ(found.at("last_month").at("amount"), "6200");
    // 25 days behind; of the 28 before today 24 cost 3 dollars and 4 (one of each weekday but three) cost 2.
    EXPECT_EQ(found.at("forecast").at("method"), "weekdays");
    EXPECT_EQ(found.at("forecast").at("days_of_history"), 28);
    // Thursday to Saturday (29 to 31 October were 2 dollars) 2.75 each, Sunday and Monday 3 each.
    EXPECT_EQ(found.at("forecast").at("amount"), "8925.0000001");

    const auto& users = found.at("top").at("users");
    EXPECT_EQ(users.at("results").at(0).at("user"), "sub-ada");
    EXPECT_EQ(users.at("results").at(0).at("user_email"), "ada@example.com");
    EXPECT_EQ(users.at("results").at(0).at("user_name"), "Ada");
    EXPECT_EQ(users.at("results").at(0).at("amount"), "7500");
    EXPECT_EQ(users.at("results").at(1).at("cost_nano"), "1");
    EXPECT_EQ(found.at("top").at("models").at("results").at(1).at("model"), "claude-haiku-5-5");
    EXPECT_EQ(found.at("top").at("groups").at("results").as_array().size(), 1U);
    EXPECT_EQ(found.at("top").at("groups").at("rest").at("cost_nano"), "1");
    EXPECT_EQ(found.at("top").at("projects").at("results").at(0).at("project"), "apollo");
    EXPECT_EQ(found.at("unallocated").at("no_group").at("cost_nano"), "1");
    EXPECT_EQ(found.at("unallocated").at("no_project").at("cost_nano"), "1");
}

TEST_F(SpendSummary, OfAMonthThatIsOverHasNoForecast) {
    given({.when = moment(2026, 9, 30), .nano = 5});
    given({.when = moment(2026, 10, 31, 23h), .nano = 7});

    const auto found = summary("?month=2026-10");

    EXPECT_EQ(found.at("month"), "2026-10");
    EXPECT_EQ(found.at("as_of"), "2026-11-01T00:00:00.000Z");
    EXPECT_EQ(found.at("month_to_date").at("cost_nano"), "7");
    EXPECT_EQ(found.at("last_month").at("cost_nano"), "5");
    EXPECT_TRUE(found.at("forecast").is_null());
}

TEST_F(SpendSummary, RankingsAndTheRestAreTheWhole) {
    for (int user = 1; user <= 5; ++user)
        given({.when = moment(2026, 11, 3), .user = "sub-" + std::to_string(user), .nano = user});

    const auto users = summary("?top=2").at("top").at("users");

    ASSERT_EQ(users.at("results").as_array().size(), 2U);
    EXPECT_EQ(users.at("results").at(0).at("user"), "sub-5");
    EXPECT_FALSE(users.at("results").at(0).as_object().contains("user_email"));
    EXPECT_EQ(users.at("rest").at("cost_nano"), "6");
}

TEST_F(SpendSummary, BeforeAnybodyWorkedIsZero) {
    const auto found = summary();
    EXPECT_EQ(found.at("month_to_date").at("amount"), "0");
    EXPECT_EQ(found.at("forecast").at("method"), "spent");
    EXPECT_TRUE(found.at("top").at("users").at("results").as_array().empty());
}

TEST_F(SpendSummary, BadQuestionsAreRefusedByTheNameOfTheField) {
    for (const std::string_view month : {"november", "2026-13", "2026-1", "2026-11-01", ""})
        EXPECT_EQ(get("spend_summary?month=" + std::string(month)).message(), "month: must be a month such as 2026-11")
            << month;
    EXPECT_EQ(get("spend_summary?month=2026-12").message(), "month: has not begun yet");
    EXPECT_EQ(get("spend_summary?top=0").message(), "top: must be a whole number from 1 to 100");
    EXPECT_EQ(get("spend_summary?mont=2026-10").status, 400);
}

}  // namespace
}  // namespace gatehouse::testing

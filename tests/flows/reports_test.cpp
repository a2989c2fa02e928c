// SPDX-License-Identifier: Apache-2.0
// From a prompt to the figures that finance reads: the real binary, its real store, an admin key.
#include <gtest/gtest.h>

#include "gateway/base/timestamp.h"
#include "tests/flows/world.h"

namespace gatehouse::testing {
namespace {

constexpr std::string_view finance_key = "a-read-key-of-thirty-two-characters";
/// What one answer of the scripted upstream costs with Sonnet 5: 11 × 2,000 + 3 × 2,500 + 5 × 200 + 7 × 10,000.
constexpr std::int64_t answer_nano = 100'500;

class ReportsFlow : public ::testing::Test {
  protected:
    std::unique_ptr<GatehouseProcess> serve(std::string admin) {
        Config config = world_.config();
        config.more = std::move(admin);
        return world_.serve(config);
    }
    static std::string admin_block() {
        return "admin:\n  read_keys:\n    - { id: finance, key: " + std::string(finance_key) + " }\n";
    }
    static Answer ask(std::uint16_t port, std::string_view target, std::string_view key = finance_key) {
        return HttpConnection(port).get("/v1/organizations/" + std::string(target), {{"x-api-key", std::string(key)}});
    }
    static std::int64_t nano_of(const Answer& report) {
        const auto value = json::parse(report.body);
        if (!value || json::find(*value, "data") == nullptr) return -1;
        std::int64_t sum = 0;
        for (const auto& bucket : json::find(*value, "data")->as_array())
            for (const auto& row : json::find(bucket, "results")->as_array())
                sum += std::stoll(std::string(json::find_string(row, "cost_nano").value_or("0")));
        return sum;
    }

    World world_;
};

TEST_F(ReportsFlow, WhatAPersonSpentIsInEveryReportToTheLastDigit) {
    const auto gateway = serve(admin_block());
    const Tokens ada = world_.sign_in(gateway->port(), "demo-ada");
    for (int count = 0; count < 3; ++count)
        EXPECT_EQ(post_messages(gateway->port(), ada).status, 200);
    const std::string from = "starting_at=" + to_timestamp(SystemClock().now() - std::chrono::days(1)).substr(0, 10);

    // The settlement comes after the answer.
    EXPECT_TRUE(eventually([&] { return nano_of(ask(gateway->port(), "cost_report?" + from)) == 3 * answer_nano; }));
    for (const std::string_view more :
         {"&bucket_width=1h&limit=168", "&bucket_width=1mo", "&group_by=user", "&group_by=model,group",
          "&recompute=true", "&group_by=session&users[]=ada@demo.example"})
        EXPECT_EQ(nano_of(ask(gateway->port(), "cost_report?" + from + std::string(more))), 3 * answer_nano) << more;
    const Answer usage = ask(gateway->port(), "usage_report/messages?" + from + "&group_by=user");
    EXPECT_NE(usage.body.find(R"("user_email":"ada@demo.example")"), std::string::npos) << usage.body;
    EXPECT_NE(usage.body.find(R"("output_tokens":21)"), std::string::npos) << usage.body;
    const Answer focus = ask(gateway->port(), "focus_export?" + from);
    EXPECT_NE(focus.body.find("0.0003015,anthropic,"), std::string::npos) << focus.body;
    const auto summary = json::parse(ask(gateway->port(), "spend_summary").body);
    ASSERT_TRUE(summary);
    EXPECT_EQ(json::find_string(*json::find(*summary, "month_to_date"), "cost_nano"), std::to_string(3 * answer_nano));
    EXPECT_EQ(ask(gateway->port(), "cost_report?" + from, "a-wrong-key-of-thirty-two-characters").status, 401);
}

TEST_F(ReportsFlow, WithoutAnAdminBlockThereAreNone) {
    const auto gateway = serve("");
    const Tokens ada = world_.sign_in(gateway->port(), "demo-ada");
    for (const std::string_view target : {"cost_report", "usage_report/messages", "focus_export", "spend_summary"})
        EXPECT_EQ(HttpConnection(gateway->port()).get("/v1/organizations/" + std::string(target), ada.bearer()).status,
                  404)
            << target;
}

}  // namespace
}  // namespace gatehouse::testing

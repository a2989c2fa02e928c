// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/cap_order.h"

#include <gtest/gtest.h>

#include "gateway/base/json.h"

namespace gatehouse::admin {
namespace {

using policy::Period;
using policy::ScopeKind;

constexpr Instant noon{std::chrono::milliseconds{1'795'608'000'000}};  // 2026-11-25T12:00:00Z

Result<CapOrder> parse(std::string_view text) {
    return parse_cap_order(json::parse(text)->as_object(), noon);
}

CapOrder good(std::string_view text) {
    const auto order = parse(text);
    EXPECT_TRUE(order) << text << ": " << (order ? "" : order.error().message);
    return order.value_or(CapOrder{});
}

TEST(CapOrder, NamesEveryScope) {
    EXPECT_EQ(good(R"({"scope":{"type":"organization"},"amount":"5"})").scope,
              (policy::Scope{ScopeKind::organization, ""}));
    EXPECT_EQ(good(R"({"scope":{"type":"user","user_id":"ada"},"amount":"5"})").scope,
              (policy::Scope{ScopeKind::user, "ada"}));
    EXPECT_EQ(good(R"({"scope":{"type":"rbac_group","rbac_group_id":"eng"},"amount":"5"})").scope,
              (policy::Scope{ScopeKind::rbac_group, "eng"}));
    EXPECT_EQ(good(R"({"scope":{"type":"group_pool","rbac_group_id":"eng"},"amount":"5"})").scope,
              (policy::Scope{ScopeKind::group_pool, "eng"}));
    EXPECT_EQ(good(R"({"scope":{"type":"user","user_email":"Ada@x.org"},"amount":"5"})").user_email, "Ada@x.org");
}

TEST(CapOrder, IsMonthlyAndForGoodUnlessItSaysOtherwise) {
    const CapOrder plain = good(R"({"scope":{"type":"organization"},"amount":"0050"})");
    EXPECT_EQ(plain.period, Period::monthly);
    EXPECT_EQ(plain.amount, "50");
    EXPECT_FALSE(plain.expires_at);

    const CapOrder said =
        good(R"({"scope":{"type":"organization"},"amount":null,"period":"daily","currency":"USD","reason":"release",)"
             R"("expires_at":"2026-11-25T13:00:00+00:30","colour":"red"})");
    EXPECT_EQ(said.period, Period::daily);
    EXPECT_FALSE(said.amount);
    EXPECT_EQ(said.expires_at, noon + std::chrono::minutes(30));
    EXPECT_EQ(said.reason, "release");
    EXPECT_FALSE(good(R"({"scope":{"type":"organization"},"amount":null,"expires_at":null})").expires_at);
}

TEST(CapOrder, NamesTheFieldThatIsWrong) {
    const std::string all = R"({"scope":{"type":"organization"},"amount":"5",)";
    const std::vector<std::pair<std::string, std::string>> faults{
        {R"({})", "scope: is required"},
        {R"({"scope":"x"})", "scope: must be an object"},
        {R"({"scope":{}})", "scope.type: must be one of user, rbac_group, organization, group_pool"},
        {R"({"scope":{"type":"team"}})", "scope.type: must be one of user, rbac_group, organization, group_pool"},
        {R"({"scope":{"type":7}})", "scope.type: must be one of user, rbac_group, organization, group_pool"},
        {R"({"scope":{"type":"user"}})", "scope.user_id: is required"},
        {R"({"scope":{"type":"user","user_id":5}})", "scope.user_id: must be a string"},
        {R"({"scope":{"type":"user","user_id":""}})", "scope.user_id: must not be empty"},
        {R"({"scope":{"type":"user","user_id":"a\nb"}})", "scope.user_id: must not hold control characters"},
        {R"({"scope":{"type":"user","user_id":")" + std::string(257, 'a') + R"("}})",
         "scope.user_id: must have at most 256 bytes"},
        {R"({"scope":{"type":"user","user_id":"a","user_email":"b"}})",
         "scope.user_email: stands instead of user_id, not beside it"},
        {R"({"scope":{"type":"user","user_email":null}})", "scope.user_email: must be a string"},
        {R"({"scope":{"type":"rbac_group"}})", "scope.rbac_group_id: is required"},
        {R"({"scope":{"type":"group_pool","user_id":"a"}})", "scope.rbac_group_id: is required"},
        {R"({"scope":{"type":"organization"}})", "amount: is required; null is unlimited"},
        {R"({"scope":{"type":"organization"},"amount":5})",
         "amount: must be null or a string of 1 to 18 digits, in whole cents"},
        {R"({"scope":{"type":"organization"},"amount":"1.5"})",
         "amount: must be null or a string of 1 to 18 digits, in whole cents"},
        {R"({"scope":{"type":"organization"},"amount":"1234567890123456789"})",
         "amount: must be null or a string of 1 to 18 digits, in whole cents"},
        {all + R"("currency":"EUR"})", "currency: must be USD"},
        {all + R"("currency":null})", "currency: must be USD"},
        {all + R"("period":"yearly"})", "period: must be one of daily, weekly, monthly"},
        {all + R"("period":null})", "period: must be one of daily, weekly, monthly"},
        {all + R"("reason":1})", "reason: must be a string"},
        {all + R"("reason":")" + std::string(1'001, 'a') + R"("})", "reason: must have at most 1000 bytes"},
        {all + R"("expires_at":"tomorrow"})", "expires_at: must be null or a time such as 2027-01-31T00:00:00Z"},
        {all + R"("expires_at":1795608000})", "expires_at: must be null or a time such as 2027-01-31T00:00:00Z"},
        {all + R"("expires_at":"2026-11-25T12:00:00Z"})", "expires_at: must be in the future"},
    };
    for (const auto& [text, message] : faults) {
        const auto order = parse(text);
        ASSERT_FALSE(order) << text;
        EXPECT_EQ(order.error().fault, Fault::bad_request);
        EXPECT_EQ(order.error().message, message);
    }
}

}  // namespace
}  // namespace gatehouse::admin

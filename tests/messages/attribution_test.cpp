// SPDX-License-Identifier: Apache-2.0
#include "gateway/messages/attribution.h"

#include <gtest/gtest.h>

#include <vector>

namespace gatehouse::messages {
namespace {

using Groups = std::vector<std::string>;

const AttributionSettings both{.billing_group_tag = "cost-center", .project_header = "X-Project"};
const Groups caller{"platform", "engineering"};

Attribution attributed(std::string_view tags, const http::Headers& headers = {},
                       const AttributionSettings& settings = both) {
    const auto ask = Ask::parse(http::Body::of(R"({"model":"m")" + std::string(tags) + "}"));
    EXPECT_TRUE(ask.has_value()) << tags;
    return ask ? attribute(settings, headers, *ask, caller) : Attribution{};
}

void expect_ignored(std::string_view tags, std::string_view project) {
    const Attribution result = attributed(tags);
    EXPECT_TRUE(result.billing_group_ignored) << tags;
    EXPECT_EQ(result.billing_group, "") << tags;
    EXPECT_EQ(result.project, project) << tags;
}

TEST(Attribution, TakesABillingGroupThatTheCallerIsIn) {
    const Attribution result = attributed(R"(,"tags":{"cost-center":"engineering"})");
    EXPECT_EQ(result.billing_group, "engineering");
    EXPECT_FALSE(result.billing_group_ignored);
    EXPECT_EQ(result.project, "engineering");
}

TEST(Attribution, IgnoresABillingGroupThatIsNotTheCallers) {
    expect_ignored(R"(,"tags":{"cost-center":"finance"})", "finance");
    expect_ignored(R"(,"tags":{"cost-center":"Engineering"})", "Engineering");
    for (const char* value : {"7", "null", "[\"engineering\"]", R"("")"})
        expect_ignored(R"(,"tags":{"cost-center":)" + std::string(value) + "}", "");
    expect_ignored(R"(,"tags":{"cost-center":")" + std::string(201, 'x') + "\"}", "");
    expect_ignored(R"(,"tags":{"cost-center":"two\nlines"})", "");
}

TEST(Attribution, SaysNothingOfRequestsWithoutTheTag) {
    for (const char* tags : {"", R"(,"tags":{})", R"(,"tags":{"other":"engineering"})", R"(,"tags":"engineering")"}) {
        const Attribution result = attributed(tags);
        EXPECT_EQ(result.project, "") << tags;
        EXPECT_EQ(result.billing_group, "") << tags;
        EXPECT_FALSE(result.billing_group_ignored) << tags;
    }
}

TEST(Attribution, ReadsNoTagWhileNoneIsConfigured) {
    const Attribution result = attributed(R"(,"tags":{"cost-center":"engineering","":"engineering"})",
                                          {{"x-project", "atlas"}}, {.project_header = "X-Project"});
    EXPECT_EQ(result.billing_group, "");
    EXPECT_FALSE(result.billing_group_ignored);
    EXPECT_EQ(result.project, "atlas");
}

TEST(Attribution, PrefersTheHeaderForTheProjectAndLeavesTheGroupToTheTag) {
    const Attribution result = attributed(R"(,"tags":{"cost-center":"engineering"})", {{"x-project", "atlas"}});
    EXPECT_EQ(result.project, "atlas");
    EXPECT_EQ(result.billing_group, "engineering");
    EXPECT_EQ(attributed("", {{"x-project", "atlas"}}, {.billing_group_tag = "cost-center"}).project, "");
}

TEST(Attribution, PassesOverAHeaderThatCannotBeWrittenDown) {
    const char* tag = R"(,"tags":{"cost-center":"engineering"})";
    for (const std::string& value :
         {std::string(201, 'x'), std::string("caf\xC3\xA9"), std::string("a\tb"), std::string()})
        EXPECT_EQ(attributed(tag, {{"x-project", value}}).project, "engineering") << value;
    EXPECT_EQ(attributed(tag, {{"x-project", std::string(200, 'x')}}).project, std::string(200, 'x'));
}

TEST(AllocatedGroup, IsTheBillingGroupThenThePolicysThenTheFirstOfTheCallers) {
    EXPECT_EQ(allocated_group(caller, Groups{"platform"}, "engineering"), "engineering");
    EXPECT_EQ(allocated_group(caller, Groups{"sales", "platform", "engineering"}, ""), "platform");
    EXPECT_EQ(allocated_group(caller, Groups{"sales"}, ""), "engineering");
    EXPECT_EQ(allocated_group(caller, {}, ""), "engineering");
    EXPECT_EQ(allocated_group({}, Groups{"sales"}, ""), "");
}

}  // namespace
}  // namespace gatehouse::messages

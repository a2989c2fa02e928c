// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/parameters.h"

#include <gtest/gtest.h>

#include <array>

namespace gatehouse::admin {
namespace {

constexpr auto known = std::to_array<std::string_view>({"limit", "since", "all"});
constexpr auto lists = std::to_array<std::string_view>({"names", "groups"});

Parameters given(std::string_view query) {
    auto parameters = Parameters::parse(query, known, lists);
    EXPECT_TRUE(parameters) << parameters.error().message;
    return *parameters;
}

std::string refusal(std::string_view query) {
    const auto parameters = Parameters::parse(query, known, lists);
    return parameters ? "" : parameters.error().message;
}

using Texts = std::vector<std::string>;

TEST(Parameters, ListsComeWithBracketsOrWithCommas) {
    EXPECT_EQ(given("names[]=a&names[]=b,c&groups=d").list("names"), (Texts{"a", "b,c"}));
    EXPECT_EQ(given("names=a,b&names=c").list("names"), (Texts{"a", "b", "c"}));
    EXPECT_EQ(given("names%5B%5D=CN%3Dx%2COU%3Dy").list("names"), (Texts{"CN=x,OU=y"}));
    EXPECT_EQ(given("names[]=").list("names"), (Texts{""}));
    EXPECT_EQ(given("").list("names"), Texts{});
}

TEST(Parameters, WhatIsNotKnownIsRefused) {
    EXPECT_EQ(refusal("limits=1"), "limits: is not known here: use limit, since, all, names or groups");
    EXPECT_EQ(refusal("limit[]=1"), "limit[]: is not known here: use limit, since, all, names or groups");
    EXPECT_EQ(refusal("limit=1&limit=1"), "limit: is given more than once");
    EXPECT_EQ(refusal(std::string(200, 'a')).size(),
              60 + std::string_view(": is not known here: use limit, since, all, names or groups").size());
}

TEST(Parameters, MomentsAreTimestampsOrDates) {
    const Instant noon{std::chrono::sys_days{std::chrono::year{2026} / 11 / 2} + std::chrono::hours{12}};
    EXPECT_EQ(*given("since=2026-11-02T14:00:00%2B02:00").moment("since"), noon);
    EXPECT_EQ(*given("since=2026-11-02").moment("since"), noon - std::chrono::hours{12});
    EXPECT_FALSE(*given("").moment("since"));
    for (const std::string_view text : {"", "now", "2026-11-02T", "2026-02-30", "20261102", "1790000000"})
        EXPECT_FALSE(given(std::string("since=").append(text)).moment("since")) << text;
}

TEST(Parameters, NumbersAndFlagsAreChecked) {
    EXPECT_EQ(given("limit=7").whole("limit", 1, 7, 3), 7);
    EXPECT_EQ(given("").whole("limit", 1, 7, 3), 3);
    for (const std::string_view text : {"0", "8", "-1", "", "7x", "99999999999999999999"})
        EXPECT_FALSE(given(std::string("limit=").append(text)).whole("limit", 1, 7, 3)) << text;
    EXPECT_EQ(given("all=true").flag("all"), true);
    EXPECT_EQ(given("all=false").flag("all"), false);
    EXPECT_EQ(given("").flag("all"), false);
    EXPECT_FALSE(given("all=1").flag("all"));
}

}  // namespace
}  // namespace gatehouse::admin

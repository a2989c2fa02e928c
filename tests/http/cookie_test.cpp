// SPDX-License-Identifier: Apache-2.0
#include "gateway/http/cookie.h"

#include <gtest/gtest.h>

namespace gatehouse::http {
namespace {

TEST(CookieName, TakesTheHostPrefixOnHttpsOnly) {
    EXPECT_EQ(cookie_name("gw_dev", true), "__Host-gw_dev");
    EXPECT_EQ(cookie_name("gw_dev", false), "gw_dev");
}

TEST(SetCookie, IsForTheWholeHostAndOutOfReachOfScriptsAndOtherSites) {
    const Cookie cookie{"__Host-a", "value", std::chrono::minutes(10), true};
    EXPECT_EQ(set_cookie(cookie), "__Host-a=value; Max-Age=600; Path=/; HttpOnly; SameSite=Lax; Secure");
    const Cookie plain{"a", "value", std::chrono::minutes(10), false};
    EXPECT_EQ(set_cookie(plain), "a=value; Max-Age=600; Path=/; HttpOnly; SameSite=Lax");
}

TEST(ClearCookie, RepeatsTheAttributesThatBrowsersCompare) {
    EXPECT_EQ(clear_cookie("__Host-a", true), "__Host-a=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure");
}

TEST(FindCookie, FindsOneAmongManyAndAcrossLines) {
    const Headers headers{{"Cookie", "a=1; b=2;c=3"}, {"accept", "d=9"}, {"cookie", " d = 4 "}};
    EXPECT_EQ(find_cookie(headers, "a"), "1");
    EXPECT_EQ(find_cookie(headers, "b"), "2");
    EXPECT_EQ(find_cookie(headers, "c"), "3");
    EXPECT_EQ(find_cookie(headers, "d"), "4");
    EXPECT_FALSE(find_cookie(headers, "e"));
}

TEST(FindCookie, KeepsEqualsSignsOfTheValueAndTellsEmptyFromAbsent) {
    const Headers headers{{"cookie", "a=x=y==; b=; novalue; =nameless;;"}};
    EXPECT_EQ(find_cookie(headers, "a"), "x=y==");
    EXPECT_EQ(find_cookie(headers, "b"), "");
    EXPECT_FALSE(find_cookie(headers, "novalue"));
}

TEST(FindCookie, ComparesNamesWithCase) {
    const Headers headers{{"cookie", "__host-a=1"}};
    EXPECT_FALSE(find_cookie(headers, "__Host-a"));
}

TEST(FindCookie, TrustsNeitherOfTwoWithTheSameName) {
    EXPECT_FALSE(find_cookie({{"cookie", "a=planted; a=real"}}, "a"));
    EXPECT_FALSE(find_cookie({{"cookie", "a=1"}, {"cookie", "a=1"}}, "a"));
}

}  // namespace
}  // namespace gatehouse::http

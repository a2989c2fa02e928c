// SPDX-License-Identifier: Apache-2.0
#include "gateway/http/same_origin.h"

#include <gtest/gtest.h>

namespace gatehouse::http {
namespace {

constexpr std::string_view here = "https://gate.example";

bool passes(const Headers& headers) {
    return check_same_origin(headers, here).has_value();
}

TEST(SameOrigin, PassesOurOwnOrigin) {
    EXPECT_TRUE(passes({{"origin", "https://gate.example"}}));
    EXPECT_TRUE(passes({{"origin", "https://gate.example"}, {"sec-fetch-site", "same-origin"}}));
    EXPECT_TRUE(passes({{"origin", "https://gate.example"}, {"sec-fetch-site", "none"}}));
}

TEST(SameOrigin, PassesWithoutOriginWhenTheBrowserVouches) {
    EXPECT_TRUE(passes({{"sec-fetch-site", "same-origin"}}));
    EXPECT_TRUE(passes({{"sec-fetch-site", "none"}}));
}

TEST(SameOrigin, RefusesAnyOtherOrigin) {
    for (const char* origin : {"null", "", "https://evil.example", "http://gate.example", "https://gate.example:8443",
                               "https://gate.example/", "https://gate.example.evil.example", "HTTPS://GATE.EXAMPLE",
                               "https://gate.example https://evil.example"})
        EXPECT_FALSE(passes({{"origin", origin}, {"sec-fetch-site", "same-origin"}})) << origin;
}

TEST(SameOrigin, LetsSecFetchSiteOverrideAGoodOrigin) {
    EXPECT_FALSE(passes({{"origin", "https://gate.example"}, {"sec-fetch-site", "cross-site"}}));
    EXPECT_FALSE(passes({{"origin", "https://gate.example"}, {"sec-fetch-site", "same-site"}}));
}

TEST(SameOrigin, RefusesWhenNeitherHeaderSpeaks) {
    EXPECT_FALSE(passes({}));
    EXPECT_FALSE(passes({{"referer", "https://gate.example/device"}}));
    EXPECT_FALSE(passes({{"sec-fetch-site", "nonsense"}}));
}

TEST(SameOrigin, RefusesRepeatedHeaders) {
    EXPECT_FALSE(passes({{"origin", "https://gate.example"}, {"origin", "https://evil.example"}}));
    EXPECT_FALSE(passes({{"sec-fetch-site", "none"}, {"sec-fetch-site", "cross-site"}}));
}

TEST(SameOrigin, SaysWhyInTheLogOnly) {
    const auto refused = check_same_origin({{"origin", "https://evil.example"}}, here);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::forbidden);
    EXPECT_EQ(refused.error().reason, Reason::cross_site);
    EXPECT_EQ(refused.error().message.find("evil"), std::string::npos);
    EXPECT_NE(refused.error().detail.find("evil"), std::string::npos);
}

}  // namespace
}  // namespace gatehouse::http

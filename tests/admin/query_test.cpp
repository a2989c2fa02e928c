// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/query.h"

#include <gtest/gtest.h>

namespace gatehouse::admin {
namespace {

Query query(std::string text) {
    http::Request request;
    request.target = "/x?" + std::move(text);
    return Query(request);
}

TEST(Query, FindsWhatIsGivenOnce) {
    EXPECT_EQ(*query("a=1&b=%40").find("b"), "@");
    EXPECT_EQ(*query("a=1").find("b"), std::nullopt);
}

TEST(Query, RefusesToGuessBetweenTwoValues) {
    const auto found = query("a=1&a=2").find("a");
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().message, "a: must be given once");
}

TEST(Query, GivesEveryValueOfALongList) {
    std::string text;
    for (int count = 0; count < 1'000; ++count)
        text += "user_ids[]=u" + std::to_string(count) + "&";
    EXPECT_EQ(query(text).all("user_ids[]").size(), 1'000U);
}

TEST(Query, TakesALimitFromOneToAThousand) {
    EXPECT_EQ(*query("").limit(20), 20U);
    EXPECT_EQ(*query("limit=1").limit(20), 1U);
    EXPECT_EQ(*query("limit=1000").limit(20), 1'000U);
    for (const char* text : {"limit=", "limit=0", "limit=1001", "limit=-1", "limit=1.0", "limit=x"})
        EXPECT_EQ(query(text).limit(20).error().message, "limit: must be between 1 and 1000") << text;
}

TEST(PageToken, HoldsAnyText) {
    EXPECT_EQ(parse_page_token(to_page_token("{\"a\":\"ä\"}")), "{\"a\":\"ä\"}");
    EXPECT_EQ(to_page_token("\xff\xfe?").find_first_of("+/="), std::string::npos);
    EXPECT_FALSE(parse_page_token("%"));
}

}  // namespace
}  // namespace gatehouse::admin

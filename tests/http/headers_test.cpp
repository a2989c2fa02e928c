// SPDX-License-Identifier: Apache-2.0
#include "gateway/http/headers.h"

#include <gtest/gtest.h>

namespace gatehouse::http {
namespace {

TEST(Headers, CompareNamesWithoutCaseAndKeepTheirSpelling) {
    const Headers headers{{"Content-Type", "text/plain"}};
    EXPECT_EQ(headers.find("content-type"), "text/plain");
    EXPECT_EQ(headers.value("CONTENT-TYPE"), "text/plain");
    EXPECT_FALSE(headers.find("content-typ"));
    EXPECT_EQ(headers.value("absent"), "");
    EXPECT_EQ(headers.at(0).name, "Content-Type");
}

TEST(Headers, KeepOrderAndRepetition) {
    Headers headers;
    headers.add("a", "1");
    headers.add("b", "2");
    headers.add("A", "3");
    EXPECT_EQ(headers.size(), 3U);
    EXPECT_EQ(headers.count("a"), 2U);
    EXPECT_EQ(headers.value("a"), "1") << "the first";
    std::string wire;
    headers.append_to(wire);
    EXPECT_EQ(wire, "a: 1\r\nb: 2\r\nA: 3\r\n");
}

TEST(Headers, ReplaceEveryLineWithOne) {
    Headers headers{{"a", "1"}, {"b", "2"}, {"A", "3"}};
    headers.set("a", "4");
    EXPECT_EQ(headers.count("a"), 1U);
    EXPECT_EQ(headers.value("a"), "4");
    EXPECT_EQ(headers.value("b"), "2");
}

TEST(Headers, SayHowManyLinesWent) {
    Headers headers{{"a", "1"}, {"b", "2"}, {"A", "3"}};
    EXPECT_EQ(headers.remove("a"), 2U);
    EXPECT_EQ(headers.remove("a"), 0U);
    EXPECT_EQ(headers.size(), 1U);
    EXPECT_EQ(headers.remove("b"), 1U);
    EXPECT_TRUE(headers.empty());
}

TEST(Headers, FindTokensOfListsInAnyLine) {
    const Headers headers{{"connection", "keep-alive, X-Secret"}, {"Connection", "\tUpgrade "}};
    EXPECT_TRUE(headers.has_token("connection", "keep-alive"));
    EXPECT_TRUE(headers.has_token("connection", "x-secret"));
    EXPECT_TRUE(headers.has_token("connection", "upgrade"));
    EXPECT_FALSE(headers.has_token("connection", "keep"));
    EXPECT_FALSE(headers.has_token("te", "upgrade"));
}

TEST(Headers, AreWalkedInOrder) {
    const Headers headers{{"a", "1"}, {"b", ""}, {"c", "3"}};
    std::string walked;
    for (const Header header : headers)
        walked.append(header.name).append("=").append(header.value).append(";");
    EXPECT_EQ(walked, "a=1;b=;c=3;");
}

TEST(SameToken, IsAsciiWithoutCase) {
    EXPECT_TRUE(same_token("ChUnKeD", "chunked"));
    EXPECT_FALSE(same_token("chunked", "chunke"));
    EXPECT_FALSE(same_token("[", "{")) << "only letters have a case";
    EXPECT_FALSE(same_token("@", "`"));
}

}  // namespace
}  // namespace gatehouse::http

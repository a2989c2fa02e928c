// SPDX-License-Identifier: Apache-2.0
#include "gateway/http/url.h"

#include <gtest/gtest.h>

namespace gatehouse::http {
namespace {

TEST(ParseUrl, TakesItApart) {
    const auto url = parse_url("https://Gate.Example:8443/a/b%20c?x=1&y=%2F");
    ASSERT_TRUE(url) << url.error().message;
    EXPECT_TRUE(url->secure);
    EXPECT_EQ(url->host, "gate.example");
    EXPECT_EQ(url->port, 8443);
    EXPECT_EQ(url->path, "/a/b%20c") << "as written";
    EXPECT_EQ(url->query, "x=1&y=%2F");
    EXPECT_EQ(url->target(), "/a/b%20c?x=1&y=%2F");
}

TEST(ParseUrl, FillsInThePort) {
    EXPECT_EQ(parse_url("https://a.example")->port, 443);
    EXPECT_EQ(parse_url("http://a.example")->port, 80);
    EXPECT_EQ(parse_url("HTTP://a.example")->port, 80);
    EXPECT_EQ(parse_url("https://a.example")->target(), "/");
}

TEST(ParseUrl, WritesTheOriginAsBrowsersDo) {
    EXPECT_EQ(parse_url("https://A.example:443/x")->origin(), "https://a.example");
    EXPECT_EQ(parse_url("http://a.example:80")->origin(), "http://a.example");
    EXPECT_EQ(parse_url("http://a.example:443")->origin(), "http://a.example:443");
    EXPECT_EQ(parse_url("https://[::1]:8443/")->origin(), "https://[::1]:8443");
    EXPECT_EQ(parse_url("https://[::1]:8443/")->host, "::1");
}

TEST(ParseUrl, RefusesWhatIsNotAnAbsoluteHttpUrl) {
    for (const char* text :
         {"", "a.example", "/path", "//a.example", "ftp://a.example", "javascript:alert(1)", "https://",
          "https:///path", "https://user@a.example", "https://user:password@a.example", "https://a.example#part",
          "https://a b.example", "https://a.example:99999", " https://a.example"})
        EXPECT_FALSE(parse_url(text)) << text;
}

TEST(ParseUrl, DoesNotRepeatAPasswordInItsRefusal) {
    const auto refused = parse_url("https://user:hunter2@a.example");
    ASSERT_FALSE(refused);
    EXPECT_EQ(describe(refused.error()).find("hunter2"), std::string::npos);
}

TEST(Url, KnowsLoopbackByName) {
    for (const char* text : {"http://localhost:1", "http://127.0.0.1", "http://127.9.9.9", "http://[::1]"})
        EXPECT_TRUE(parse_url(text)->is_loopback()) << text;
    for (const char* text : {"http://localhost.evil.example", "http://128.0.0.1", "http://[::2]"})
        EXPECT_FALSE(parse_url(text)->is_loopback()) << text;
}

TEST(Url, TakesNoNameThatOnlyLooksLikeLoopback) {
    EXPECT_FALSE(parse_url("http://127.evil.example")->is_loopback());
}

}  // namespace
}  // namespace gatehouse::http

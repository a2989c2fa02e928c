// SPDX-License-Identifier: Apache-2.0
#include "gateway/net/proxy.h"

#include <gtest/gtest.h>

#include <map>

namespace gatehouse::net {
namespace {

Result<ProxySettings> settings(std::map<std::string, std::string, std::less<>> variables) {
    return ProxySettings::from_environment([variables](std::string_view name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    });
}

const Proxy* proxy_for(const ProxySettings& all, std::string_view url) {
    return all.for_url(*http::parse_url(url));
}

TEST(ProxySettings, AreEmptyWithoutVariables) {
    const auto none = settings({});
    ASSERT_TRUE(none);
    EXPECT_EQ(proxy_for(*none, "https://api.example.com"), nullptr);
}

TEST(ProxySettings, ChooseByScheme) {
    const auto both = settings({{"HTTPS_PROXY", "http://proxy:3128"}, {"http_proxy", "other:8080"}});
    ASSERT_TRUE(both);
    EXPECT_EQ(proxy_for(*both, "https://api.example.com")->host, "proxy");
    EXPECT_EQ(proxy_for(*both, "http://api.example.com")->port, 8080);
}

TEST(ProxySettings, HonourNoProxy) {
    const auto some = settings(
        {{"HTTPS_PROXY", "http://proxy:3128"}, {"NO_PROXY", "internal.example.com,.corp , 10.0.0.0/8,exact:8443"}});
    ASSERT_TRUE(some);
    for (const char* url : {"https://internal.example.com", "https://a.corp", "https://10.2.3.4", "https://exact:8443",
                            "https://sub.internal.example.com", "https://localhost", "https://127.0.0.1:8443"})
        EXPECT_EQ(proxy_for(*some, url), nullptr) << url;
    for (const char* url :
         {"https://example.com", "https://notinternal.example.com", "https://exact", "https://11.0.0.1"})
        EXPECT_NE(proxy_for(*some, url), nullptr) << url;
    EXPECT_EQ(proxy_for(*settings({{"HTTPS_PROXY", "http://p:1"}, {"NO_PROXY", "*"}}), "https://x.example"), nullptr);
}

TEST(ProxySettings, CarryCredentialsDecoded) {
    const auto some = settings({{"HTTPS_PROXY", "http://user:p%40ss@proxy:3128"}});
    ASSERT_TRUE(some);
    EXPECT_EQ(proxy_for(*some, "https://x.example")->authorization, "Basic dXNlcjpwQHNz");
}

TEST(ProxySettings, RefuseWhatIsNoProxyAndKeepTheSecret) {
    const auto bad = settings({{"HTTPS_PROXY", "http://user:secret@"}});
    ASSERT_FALSE(bad);
    EXPECT_NE(bad.error().message.find("HTTPS_PROXY"), std::string::npos);
    EXPECT_EQ(describe(bad.error()).find("secret"), std::string::npos);
    EXPECT_FALSE(settings({{"HTTPS_PROXY", "https://proxy:3128"}}));
}

}  // namespace
}  // namespace gatehouse::net

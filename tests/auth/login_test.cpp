// SPDX-License-Identifier: Apache-2.0
// Browser sign-in: the way to the identity provider and back, the session cookie, signing out.
#include <gtest/gtest.h>

#include "auth/attempt.h"
#include "auth/secret_hash.h"
#include "tests/auth/sign_in_fixture.h"

namespace gatehouse::testing {
namespace {

constexpr const char* session_cookie = "__Host-gh_session";

class BrowserSignIn : public SignInTest {};

TEST_F(BrowserSignIn, EndsOnTheAccessPageWithAFreshCookie) {
    Browser browser;
    const http::Response to_provider = get(browser, "/login");
    EXPECT_EQ(to_provider.status, 302);
    EXPECT_EQ(to_provider.headers.value("cache-control"), "no-store");
    EXPECT_FALSE(browser.cookies.contains(session_cookie));
    const http::Response back = get(browser, callback(to_provider, "code-ada"));
    EXPECT_EQ(back.status, 302);
    EXPECT_EQ(location(back), "/access");
    EXPECT_FALSE(browser.cookies.contains("__Host-gw_dev"));
    ASSERT_EQ(browser.cookies[session_cookie].size(), 43U);
    EXPECT_EQ(get(browser, "/access").status, 200);
    EXPECT_EQ(told_of, (std::vector<std::string>{"ada"}));
    EXPECT_EQ(journal.count("login", {"result=success", "sub=ada"}), 1);
}

TEST_F(BrowserSignIn, SetsACookieThatScriptsAndOtherSitesCannotUse) {
    Browser browser;
    const http::Response to_provider = get(browser, "/login");
    const http::Response back = get(browser, callback(to_provider, "code-ada"));
    bool found = false;
    for (const http::Header header : back.headers) {
        if (header.name != "set-cookie" || !header.value.starts_with(session_cookie)) continue;
        found = true;
        EXPECT_TRUE(header.value.ends_with("; Max-Age=86400; Path=/; HttpOnly; SameSite=Lax; Secure")) << header.value;
    }
    EXPECT_TRUE(found);
}

TEST_F(BrowserSignIn, KeepsOnlyTheHashOfTheCookie) {
    Browser browser;
    sign_in_browser(browser);
    const auto sessions = run(vault.sessions_of("ada")).value();
    ASSERT_EQ(sessions.size(), 1U);
    const std::string value = browser.cookies[session_cookie];
    EXPECT_EQ(sessions[0].secret_hash, auth::secret_hash(value));
    EXPECT_NE(sessions[0].id, value);
    EXPECT_EQ(sessions[0].kind, auth::SessionKind::browser);
    EXPECT_EQ(sessions[0].sealed_idp_refresh, "") << "a browser session is not refreshed";
}

TEST_F(BrowserSignIn, ReturnsToTheOwnPathThatWasAskedFor) {
    Browser browser;
    const http::Response back =
        sign_in_browser(browser, "code-ada", "/login?return_to=/device%3Fuser_code%3DBCDF-GHJK");
    EXPECT_EQ(location(back), "/device?user_code=BCDF-GHJK");
}

TEST_F(BrowserSignIn, NeverReturnsToAnotherSite) {
    for (const char* target : {"https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example",
                               "/%09/evil.example", "%09//evil.example", "/%0d%0aset-cookie:x=y", "javascript:alert(1)",
                               "evil.example", "", "/%2f%2fok", "/a%20b", "/%C3%A4"}) {
        idp.will_sign_in("code-ada", ada());
        Browser browser;
        const http::Response back = sign_in_browser(browser, "code-ada", std::string("/login?return_to=") + target);
        EXPECT_EQ(location(back), "/access") << target;
    }
}

TEST(OwnPath, IsOneSlashAndNothingThatABrowserWouldReadAsAHost) {
    EXPECT_TRUE(auth::is_own_path("/"));
    EXPECT_TRUE(auth::is_own_path("/access?x=https://a.example//b"));
    EXPECT_FALSE(auth::is_own_path(""));
    EXPECT_FALSE(auth::is_own_path("access"));
    EXPECT_FALSE(auth::is_own_path("//evil.example"));
    EXPECT_FALSE(auth::is_own_path("/\\evil.example"));
    EXPECT_FALSE(auth::is_own_path("/a\\b"));
    EXPECT_FALSE(auth::is_own_path("/\t/evil.example"));
    EXPECT_FALSE(auth::is_own_path("/a\r\nb"));
    EXPECT_FALSE(auth::is_own_path("/" + std::string(3000, 'a')));
}

TEST_F(BrowserSignIn, SlowsDownAnAddressThatBeginsTooMany) {
    settings.device_authorization = {2, std::chrono::seconds(600)};
    Browser browser;
    EXPECT_EQ(get(browser, "/login").status, 302);
    EXPECT_EQ(get(browser, "/login").status, 302);
    const http::Response third = get(browser, "/login");
    EXPECT_EQ(third.status, 429);
    EXPECT_FALSE(third.headers.find("set-cookie")) << "nothing was stored for it";
    Browser elsewhere;
    elsewhere.address = "192.0.2.1";
    EXPECT_EQ(get(elsewhere, "/login").status, 302);
}

TEST_F(BrowserSignIn, RefusesACallbackThatThisBrowserDidNotBegin) {
    Browser attacker;
    Browser victim;
    const http::Response to_provider = get(attacker, "/login");
    const http::Response page = get(victim, callback(to_provider, "code-ada"));
    EXPECT_NE(page.body.find(R"(role="alert")"), std::string::npos);
    EXPECT_FALSE(victim.cookies.contains(session_cookie)) << "nobody is signed in as somebody else";
    EXPECT_TRUE(idp.redeemed().empty());
}

TEST_F(BrowserSignIn, RefusesACallbackWithoutState) {
    Browser browser;
    get(browser, "/login");
    for (const char* target :
         {"/oauth/callback", "/oauth/callback?code=code-ada", "/oauth/callback?code=code-ada&state=x"}) {
        EXPECT_NE(get(browser, target).body.find(R"(role="alert")"), std::string::npos) << target;
        EXPECT_FALSE(browser.cookies.contains(session_cookie));
    }
}

TEST_F(BrowserSignIn, GivesAFreshSessionAtEachSignInAndEndsTheOldOne) {
    Browser browser;
    sign_in_browser(browser);
    const std::string first_cookie = browser.cookies[session_cookie];
    const std::string first_id = run(vault.sessions_of("ada")).value().at(0).id;
    idp.will_sign_in("code-again", ada());
    sign_in_browser(browser, "code-again");
    EXPECT_NE(browser.cookies[session_cookie], first_cookie);
    EXPECT_FALSE(session_is_there(first_id));
    Browser thief;
    thief.cookies[session_cookie] = first_cookie;
    EXPECT_EQ(get(thief, "/access").status, 302);
}

TEST_F(BrowserSignIn, DoesNotAdoptACookieThatSomebodyPlanted) {
    Browser browser;
    browser.cookies[session_cookie] = "planted";
    sign_in_browser(browser);
    EXPECT_NE(browser.cookies[session_cookie], "planted");
}

TEST_F(BrowserSignIn, EndsAfterEightHoursIdle) {
    Browser browser;
    sign_in_browser(browser);
    clock.advance(std::chrono::hours(7));
    EXPECT_EQ(get(browser, "/access").status, 200);
    clock.advance(std::chrono::hours(7));
    EXPECT_EQ(get(browser, "/access").status, 200) << "seven hours since the last use";
    clock.advance(std::chrono::hours(8));
    const http::Response late = get(browser, "/access");
    EXPECT_EQ(late.status, 302);
    EXPECT_EQ(location(late), "/login?return_to=/access");
    EXPECT_TRUE(run(vault.sessions_of("ada")).value().empty());
}

TEST_F(BrowserSignIn, EndsAfterTwentyFourHoursHoweverBusy) {
    Browser browser;
    sign_in_browser(browser);
    for (int hour = 0; hour < 23; ++hour) {
        clock.advance(std::chrono::hours(1));
        EXPECT_EQ(get(browser, "/access").status, 200);
    }
    clock.advance(std::chrono::hours(1));
    EXPECT_EQ(get(browser, "/access").status, 302);
}

TEST_F(BrowserSignIn, DoesNotTakeADeviceSessionForABrowser) {
    const Tokens held = sign_in_terminal();
    Browser browser;
    for (const std::string& value : {held.access, held.refresh, session_of(held.access), std::string()}) {
        browser.cookies[session_cookie] = value;
        EXPECT_EQ(get(browser, "/access").status, 302);
    }
}

TEST_F(BrowserSignIn, SaysWhenThePersonMayNotSignIn) {
    Browser browser;
    const http::Response to_provider = get(browser, "/login");
    idp.fail_with(Error::forbidden(Reason::group_not_allowed, "You are in none of the groups that may sign in.",
                                   "groups=[<secret>]"));
    const http::Response page = get(browser, callback(to_provider, "code-ada"));
    EXPECT_NE(page.body.find("You are in none of the groups that may sign in."), std::string::npos);
    EXPECT_EQ(page.body.find("secret"), std::string::npos);
    EXPECT_FALSE(browser.cookies.contains(session_cookie));
    EXPECT_EQ(journal.count("login", {"result=fail", "reason=group_not_allowed"}), 1);
}

TEST_F(BrowserSignIn, ShowsAPageWhenProviderOrStoreAreDown) {
    Browser browser;
    idp.fail_with(Error::unavailable(Reason::idp_unreachable, "The identity provider cannot be reached.", "10.0.0.1"));
    const http::Response no_provider = get(browser, "/login");
    EXPECT_EQ(no_provider.status, 503);
    EXPECT_NE(no_provider.body.find("The identity provider cannot be reached."), std::string::npos);
    EXPECT_EQ(no_provider.body.find("10.0.0.1"), std::string::npos);
    idp.work_again();
    vault.set_down(true);
    const http::Response no_store = get(browser, "/login");
    EXPECT_EQ(no_store.status, 500);
    EXPECT_NE(no_store.body.find(R"(role="alert")"), std::string::npos);
    EXPECT_EQ(no_store.body.find("MemoryVault"), std::string::npos);
    EXPECT_NE(no_store.body.find("11111111-2222-4333-8444-555555555555"), std::string::npos) << "for the administrator";
}

TEST_F(BrowserSignIn, SignsOutForGood) {
    Browser browser;
    sign_in_browser(browser);
    const auto cookies = browser.cookies;
    const http::Response page = submit(browser, "/logout", {});
    EXPECT_EQ(page.status, 200);
    EXPECT_NE(page.body.find("You are signed out"), std::string::npos);
    EXPECT_FALSE(browser.cookies.contains(session_cookie));
    browser.cookies = cookies;
    EXPECT_EQ(get(browser, "/access").status, 302) << "the cookie's copy is worthless";
    EXPECT_EQ(journal.count("logout", {"sub=ada"}), 1);
}

TEST_F(BrowserSignIn, IsNotSignedOutByOtherSites) {
    Browser browser;
    sign_in_browser(browser);
    browser.origin = "https://evil.example";
    EXPECT_EQ(submit(browser, "/logout", {}).status, 403);
    EXPECT_EQ(get(browser, "/access").status, 200);
}

}  // namespace
}  // namespace gatehouse::testing

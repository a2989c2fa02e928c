// SPDX-License-Identifier: Apache-2.0
// Personal keys: shown once, kept as a hash, revoked by their owner only.
#include <gtest/gtest.h>

#include "auth/authenticator.h"
#include "tests/auth/sign_in_fixture.h"

namespace gatehouse::testing {
namespace {

class PersonalKeys : public SignInTest {
  protected:
    http::Response create(Browser& browser, const std::string& name, const std::string& days) {
        return submit(browser, "/access/keys", {{"name", name}, {"days", days}});
    }
    static std::string secret_in(const std::string& page) {
        const std::size_t start = page.find("ghk_");
        return start == std::string::npos ? std::string() : page.substr(start, page.find('<', start) - start);
    }
    std::vector<auth::PersonalKey> keys_of(const std::string& subject) { return run(vault.keys_of(subject)).value(); }
    std::string identified(const std::string& key) {
        auth::Authenticator authenticator(session, "https://gate.example", vault, clock, journal);
        http::Request caller;
        caller.headers = {{"x-api-key", key}};
        auto who = run(authenticator.identify(caller));
        return who ? (*who)->person().subject : std::string();
    }
};

TEST_F(PersonalKeys, AreShownOnceAndWork) {
    Browser browser;
    sign_in_browser(browser);
    const http::Response page = create(browser, "build server", "30");
    ASSERT_EQ(page.status, 200) << page.body;
    EXPECT_EQ(page.headers.value("cache-control"), "no-store");
    const std::string secret = secret_in(page.body);
    EXPECT_EQ(secret.size(), 47U) << page.body;
    const std::string later = get(browser, "/access").body;
    EXPECT_EQ(later.find("ghk_"), std::string::npos);
    EXPECT_NE(later.find("build server"), std::string::npos);
    EXPECT_NE(later.find("expires 2027-02-14 08:00 UTC"), std::string::npos) << later;
    EXPECT_NE(later.find("never used"), std::string::npos);
    EXPECT_EQ(identified(secret), "ada");
    EXPECT_EQ(journal.count("key.create", {"result=success", "sub=ada"}), 1);
}

TEST_F(PersonalKeys, AreKeptAsAHashOnly) {
    Browser browser;
    sign_in_browser(browser);
    const std::string secret = secret_in(create(browser, "a", "1").body);
    const auto keys = keys_of("ada");
    ASSERT_EQ(keys.size(), 1U);
    EXPECT_EQ(keys[0].hash, to_hex(sha256(secret)));
    for (const std::string& held : {keys[0].id, keys[0].hash, keys[0].name})
        EXPECT_EQ(held.find(secret.substr(4)), std::string::npos);
    for (const std::string& line : journal.lines)
        EXPECT_EQ(line.find(secret.substr(4)), std::string::npos);
}

TEST_F(PersonalKeys, ExpireOnTheirDay) {
    Browser browser;
    sign_in_browser(browser);
    const std::string secret = secret_in(create(browser, "a", "1").body);
    clock.advance(std::chrono::hours(24));
    EXPECT_EQ(identified(secret), "");
}

TEST_F(PersonalKeys, ShowTheirLastUse) {
    Browser browser;
    sign_in_browser(browser);
    create(browser, "a", "1");
    ASSERT_TRUE(run(vault.touch_key(keys_of("ada")[0].id, clock.now())));
    EXPECT_NE(get(browser, "/access").body.find("last used 2027-01-15 08:00 UTC"), std::string::npos);
}

TEST_F(PersonalKeys, NeedANameAndALifetimeOfAtMostAYear) {
    Browser browser;
    sign_in_browser(browser);
    for (const char* days : {"", "0", "-1", "366", "1.5", "1 ", "x", "99999999999"}) {
        const http::Response page = create(browser, "name", days);
        EXPECT_EQ(page.status, 400) << days;
        EXPECT_NE(page.body.find("1 to 365"), std::string::npos);
    }
    for (const std::string& name : {std::string(), std::string("   "), std::string(101, 'n'), std::string("a\nb"),
                                    std::string("a\0b", 3), std::string("\xff\xfe")})
        EXPECT_EQ(create(browser, name, "30").status, 400) << name;
    EXPECT_TRUE(keys_of("ada").empty());
    EXPECT_EQ(create(browser, "Käthes Schlüssel 🔑", "365").status, 200);
}

TEST_F(PersonalKeys, EscapeTheirNames) {
    Browser browser;
    sign_in_browser(browser);
    const std::string evil = R"("><script>alert(1)</script>)";
    EXPECT_EQ(create(browser, evil, "30").body.find("<script"), std::string::npos);
    const std::string page = get(browser, "/access").body;
    EXPECT_EQ(page.find("<script"), std::string::npos);
    EXPECT_NE(page.find("&quot;&gt;&lt;script&gt;"), std::string::npos);
}

TEST_F(PersonalKeys, AreLimitedInNumber) {
    Browser browser;
    sign_in_browser(browser);
    for (int number = 0; number < 50; ++number)
        ASSERT_EQ(create(browser, "key", "30").status, 200);
    EXPECT_EQ(create(browser, "one more", "30").status, 409);
    EXPECT_EQ(keys_of("ada").size(), 50U);
}

TEST_F(PersonalKeys, FollowTheirOwnersGroupsAtTheNextSignIn) {
    Browser browser;
    sign_in_browser(browser);
    create(browser, "a", "30");
    auth::Person moved = ada();
    moved.groups = {"contractors"};
    idp.will_sign_in("code-moved", moved);
    Browser later;
    sign_in_browser(later, "code-moved");
    ASSERT_EQ(keys_of("ada").size(), 1U);
    EXPECT_EQ(keys_of("ada")[0].person, moved);
    EXPECT_EQ(keys_of("ada")[0].name, "a");
}

TEST_F(PersonalKeys, AreRevokedByTheirOwner) {
    Browser browser;
    sign_in_browser(browser);
    const std::string secret = secret_in(create(browser, "a", "30").body);
    const std::string id = keys_of("ada")[0].id;
    const http::Response response = submit(browser, "/access/keys/revoke", {{"key", id}});
    EXPECT_EQ(response.status, 302);
    EXPECT_EQ(location(response), "/access");
    EXPECT_EQ(identified(secret), "");
    EXPECT_EQ(journal.count("key.revoke", {"result=success", "credential_id=" + id}), 1);
    EXPECT_EQ(submit(browser, "/access/keys/revoke", {{"key", id}}).status, 404);
}

TEST_F(PersonalKeys, AreNotRevokedByAnybodyElse) {
    Browser adas;
    sign_in_browser(adas);
    const std::string secret = secret_in(create(adas, "a", "30").body);
    idp.will_sign_in("code-bob", bob());
    Browser bobs;
    sign_in_browser(bobs, "code-bob");
    EXPECT_EQ(submit(bobs, "/access/keys/revoke", {{"key", keys_of("ada")[0].id}}).status, 404);
    EXPECT_EQ(identified(secret), "ada");
    EXPECT_EQ(journal.count("key.revoke"), 0);
}

TEST_F(PersonalKeys, AreMadeOnlyByForms) {
    Browser browser;
    sign_in_browser(browser);
    browser.origin = "https://gate.example.evil.example";
    EXPECT_EQ(create(browser, "a", "30").status, 403);
    Browser stranger;
    EXPECT_EQ(create(stranger, "a", "30").status, 401);
    EXPECT_TRUE(keys_of("ada").empty());
    EXPECT_EQ(get(browser, "/access/keys").status, 404);
}

}  // namespace
}  // namespace gatehouse::testing

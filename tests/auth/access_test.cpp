// SPDX-License-Identifier: Apache-2.0
// The access page: what a person sees of themselves, and ending their own sessions and nobody else's.
#include <gtest/gtest.h>

#include "tests/auth/sign_in_fixture.h"

namespace gatehouse::testing {
namespace {

class AccessPage : public SignInTest {
  protected:
    std::string page_of(Browser& browser) {
        const http::Response page = get(browser, "/access");
        EXPECT_EQ(page.status, 200);
        return page.body;
    }
};

TEST_F(AccessPage, BeginsWithAWayIn) {
    Browser browser;
    const http::Response page = get(browser, "/");
    EXPECT_EQ(page.status, 200);
    EXPECT_TRUE(page.headers.value("content-type").starts_with("text/html"));
    EXPECT_NE(page.body.find(R"(href="/login")"), std::string::npos);
}

TEST_F(AccessPage, SendsStrangersToSignIn) {
    Browser browser;
    const http::Response page = get(browser, "/access");
    EXPECT_EQ(page.status, 302);
    EXPECT_EQ(location(page), "/login?return_to=/access");
    EXPECT_EQ(page.headers.value("cache-control"), "no-store");
}

TEST_F(AccessPage, ShowsWhoYouAreAndWhatYouMayUse) {
    Browser browser;
    sign_in_browser(browser);
    const std::string page = page_of(browser);
    for (const char* text :
         {"Ada Lovelace", "ada@corp.example", "<dd>ada</dd>", "<li>engineering</li>", "<li>admins</li>",
          "<strong>engineers</strong>", "<li>claude-sonnet-5</li>", "<li>claude-haiku-4-5</li>"})
        EXPECT_NE(page.find(text), std::string::npos) << text;
}

TEST_F(AccessPage, SaysWhenNothingMatches) {
    auth::Person nobody{"nobody", "", "", {}};
    idp.will_sign_in("code-nobody", nobody);
    Browser browser;
    sign_in_browser(browser, "code-nobody");
    const std::string page = page_of(browser);
    EXPECT_NE(page.find("none matched"), std::string::npos);
    EXPECT_NE(page.find("No models."), std::string::npos);
    EXPECT_NE(page.find("no groups"), std::string::npos);
}

TEST_F(AccessPage, GivesTheExactSetUpLines) {
    Browser browser;
    sign_in_browser(browser);
    const std::string page = page_of(browser);
    for (const char* text :
         {"&quot;forceLoginMethod&quot;: &quot;gateway&quot;",
          "&quot;forceLoginGatewayUrl&quot;: &quot;https://gate.example&quot;",
          "&quot;parentSettingsBehavior&quot;: &quot;merge&quot;", "/etc/claude-code/managed-settings.json",
          "/Library/Application Support/ClaudeCode/managed-settings.json",
          "C:\\Program Files\\ClaudeCode\\managed-settings.json", "gatehouse login https://gate.example",
          "&quot;apiKeyHelper&quot;: &quot;gatehouse token&quot;",
          "&quot;ANTHROPIC_BASE_URL&quot;: &quot;https://gate.example&quot;",
          "export ANTHROPIC_BASE_URL=https://gate.example", "export ANTHROPIC_AUTH_TOKEN="})
        EXPECT_NE(page.find(text), std::string::npos) << text;
}

TEST_F(AccessPage, HasNoScriptAndMayLeadNowhereElse) {
    Browser browser;
    sign_in_browser(browser);
    const http::Response page = get(browser, "/access");
    EXPECT_EQ(page.body.find("<script"), std::string::npos);
    EXPECT_EQ(page.body.find(" style="), std::string::npos) << "the policy would refuse style attributes";
    const std::string policy(page.headers.value("content-security-policy"));
    EXPECT_NE(policy.find("form-action 'self';"), std::string::npos) << policy;
    EXPECT_EQ(page.headers.value("cache-control"), "no-store");
}

TEST_F(AccessPage, EscapesWhateverPeopleAreCalled) {
    const std::string evil = R"(<script>alert("1")</script>'&{{{body}}})";
    idp.will_sign_in("code-evil", {"<i>sub", evil, evil, {"<b>group"}});
    models = {};
    Browser browser;
    browser.user_agent = "<svg onload=alert(1)>";
    sign_in_browser(browser, "code-evil");
    const std::string page = page_of(browser);
    for (const char* text : {"<script", "<i>sub", "<b>group", "<svg"})
        EXPECT_EQ(page.find(text), std::string::npos) << text;
    EXPECT_NE(page.find("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&apos;&amp;{{{body}}}"), std::string::npos);
}

TEST_F(AccessPage, ListsYourSessionsAndOnlyYours) {
    sign_in_terminal();
    idp.will_sign_in("code-bob", bob());
    Browser bobs;
    bobs.user_agent = "BobBrowser";
    sign_in_browser(bobs, "code-bob");
    idp.will_sign_in("code-ada", ada());
    Browser browser;
    sign_in_browser(browser);
    const std::string page = page_of(browser);
    EXPECT_NE(page.find("claude-code/2.1"), std::string::npos);
    EXPECT_NE(page.find("198.51.100.4"), std::string::npos);
    EXPECT_NE(page.find("Firefox"), std::string::npos);
    EXPECT_NE(page.find("203.0.113.7"), std::string::npos);
    EXPECT_NE(page.find("(this one)"), std::string::npos);
    EXPECT_NE(page.find("first used 2027-01-15 08:00 UTC"), std::string::npos);
    EXPECT_EQ(page.find("BobBrowser"), std::string::npos);
    for (const auto& session : run(vault.sessions_of("ada")).value())
        EXPECT_NE(page.find(R"(name="session" value=")" + session.id + '"'), std::string::npos);
}

TEST_F(AccessPage, EndsATerminalsSession) {
    const Tokens held = sign_in_terminal();
    idp.will_sign_in("code-again", ada());
    Browser browser;
    sign_in_browser(browser, "code-again");
    const std::string id = session_of(held.access);
    const http::Response response = submit(browser, "/access/sessions/revoke", {{"session", id}});
    EXPECT_EQ(response.status, 302);
    EXPECT_EQ(location(response), "/access");
    EXPECT_FALSE(session_is_there(id));
    EXPECT_EQ(refresh(held.refresh).status, 401);
    EXPECT_EQ(journal.count("session.revoke", {"result=success", "credential_id=" + id}), 1);
    EXPECT_EQ(get(browser, "/access").status, 200);
}

TEST_F(AccessPage, SignsOutWhoeverEndsTheirPresentSession) {
    Browser browser;
    sign_in_browser(browser);
    const std::string id = run(vault.sessions_of("ada")).value().at(0).id;
    const http::Response page = submit(browser, "/access/sessions/revoke", {{"session", id}});
    EXPECT_EQ(page.status, 200);
    EXPECT_NE(page.body.find("You are signed out"), std::string::npos);
    EXPECT_TRUE(browser.cookies.empty());
    EXPECT_EQ(get(browser, "/access").status, 302);
}

TEST_F(AccessPage, DoesNotEndOtherPeoplesSessions) {
    const Tokens adas = sign_in_terminal();
    idp.will_sign_in("code-bob", bob());
    Browser browser;
    sign_in_browser(browser, "code-bob");
    const std::string id = session_of(adas.access);
    const http::Response others = submit(browser, "/access/sessions/revoke", {{"session", id}});
    const http::Response nobodys = submit(browser, "/access/sessions/revoke", {{"session", "no-such-session"}});
    EXPECT_EQ(others.status, 404);
    EXPECT_EQ(others.body, nobodys.body) << "the answer tells nothing about other people";
    EXPECT_TRUE(session_is_there(id));
}

TEST_F(AccessPage, TakesFormsOnlyFromItsOwnPagesAndFromSignedInPeople) {
    const Tokens held = sign_in_terminal();
    idp.will_sign_in("code-again", ada());
    Browser browser;
    sign_in_browser(browser, "code-again");
    const std::string id = session_of(held.access);
    browser.origin = "null";
    EXPECT_EQ(submit(browser, "/access/sessions/revoke", {{"session", id}}).status, 403);
    EXPECT_EQ(journal.count("auth.denied", {"reason=cross_site", "path=/access/sessions/revoke"}), 1);
    Browser stranger;
    const http::Response page = submit(stranger, "/access/sessions/revoke", {{"session", id}});
    EXPECT_EQ(page.status, 401);
    EXPECT_NE(page.body.find(R"(href="/login")"), std::string::npos);
    EXPECT_TRUE(session_is_there(id));
}

TEST_F(AccessPage, ShowsPausedSessionsAndLetsTheirOwnerResumeThem) {
    paused.items = {{"ada", "s<1>", "", clock.now(), "it cost $25.13"}, {"bob", "s2", "", clock.now(), "it cost $9"}};
    Browser browser;
    sign_in_browser(browser);
    const std::string page = page_of(browser);
    EXPECT_NE(page.find("s&lt;1&gt;"), std::string::npos);
    EXPECT_NE(page.find("it cost $25.13"), std::string::npos);
    EXPECT_EQ(page.find("it cost $9"), std::string::npos) << "another one's";

    const http::Response resumed = submit(browser, "/access/paused/resume", {{"user", "ada"}, {"session", "s<1>"}});

    EXPECT_EQ(resumed.status, 302);
    EXPECT_EQ(location(resumed), "/access");
    EXPECT_EQ(journal.count("paused_session.resume", {"result=success", "session_id=s<1>"}), 1);
    EXPECT_EQ(page_of(browser).find("Paused sessions"), std::string::npos);
    EXPECT_EQ(submit(browser, "/access/paused/resume", {{"user", "bob"}, {"session", "s2"}}).status, 404);
    EXPECT_EQ(paused.items.size(), 1U);
}

TEST_F(AccessPage, ResumesForNobodyButASignedInPersonOnOurOwnPage) {
    paused.items = {{"ada", "s1", "", clock.now(), "it cost $25.13"}};
    Browser browser;
    sign_in_browser(browser);
    browser.origin = "https://evil.example";
    EXPECT_EQ(submit(browser, "/access/paused/resume", {{"user", "ada"}, {"session", "s1"}}).status, 403);
    Browser stranger;
    EXPECT_EQ(submit(stranger, "/access/paused/resume", {{"user", "ada"}, {"session", "s1"}}).status, 401);
    idp.will_sign_in("code-terminal", ada());
    http::Request request = request_of("POST", "/access/paused/resume", "user=ada&session=s1");
    request.headers.add("origin", "https://gate.example");
    request.headers.add("authorization", "Bearer " + sign_in_terminal("code-terminal").access);
    EXPECT_EQ(send(std::move(request)).status, 401) << "what runs away must not resume itself";
    EXPECT_EQ(paused.items.size(), 1U);
}

TEST_F(AccessPage, ShowsCapsAndRequestsForMore) {
    spend.sheet.rows = {{"monthly", "", "$12.30", "$0.10", "$12.00", clock.now(), true},
                        {"daily", "eng<1>", "$1.00", "", "$5.00", clock.now(), false}};
    spend.sheet.asked = {{"slir_2", "daily", "pending", true, "tests", "", clock.now()},
                         {"slir_1", "monthly", "denied", false, "a <release>", "next month", clock.now()}};
    Browser browser;
    sign_in_browser(browser);
    const std::string page = page_of(browser);
    for (const char* text : {"$12.30 of $12.00", "reached", "$0.10 more is set aside", "eng&lt;1&gt;",
                             "<strong>denied</strong> · monthly · a &lt;release&gt;<br>next month", "Ask for more",
                             R"(name="request" value="slir_2")"})
        EXPECT_NE(page.find(text), std::string::npos) << text;
    EXPECT_EQ(page.find("slir_1"), std::string::npos) << "what is decided cannot be taken back";
    spend.sheet = {};
    EXPECT_EQ(page_of(browser).find("What you may spend"), std::string::npos) << "nothing is capped";
}

TEST_F(AccessPage, AsksForMoreOnBehalfOfWhoIsSignedIn) {
    Browser browser;
    sign_in_browser(browser);
    const std::vector<std::pair<std::string, std::string>> form{
        {"period", "daily"}, {"amount", "25"}, {"reason", "a release"}, {"user", "bob"}};

    EXPECT_EQ(location(submit(browser, "/access/increase", form)), "/access");

    EXPECT_EQ(spend.asked, std::vector<std::string>{"ada daily 25 a release"});
    EXPECT_EQ(journal.count("increase.request", {"result=success", "sub=ada"}), 1);
    spend.refuses = Error::conflict(Reason::already_exists, "that request is still open");
    const http::Response refused = submit(browser, "/access/increase", form);
    EXPECT_EQ(refused.status, 409);
    EXPECT_NE(refused.body.find("that request is still open"), std::string::npos);
    EXPECT_EQ(journal.count("increase.request", {"result=fail", "reason=already_exists", "sub=ada"}), 1);
    browser.origin = "https://evil.example";
    EXPECT_EQ(submit(browser, "/access/increase", form).status, 403);
}

TEST_F(AccessPage, TakesARequestForMoreBack) {
    Browser browser;
    sign_in_browser(browser);
    const std::vector<std::pair<std::string, std::string>> form{{"request", "slir_2"}};

    EXPECT_EQ(location(submit(browser, "/access/increase/withdraw", form)), "/access");

    EXPECT_EQ(spend.withdrawn, std::vector<std::string>{"ada slir_2"});
    EXPECT_EQ(journal.count("increase.withdraw", {"result=success", "increase_request_id=slir_2"}), 1);
    spend.refuses = Error::not_found(Reason::not_found, "no such request");
    EXPECT_EQ(submit(browser, "/access/increase/withdraw", form).status, 404);
    spend.refuses.reset();
    browser.origin = "https://evil.example";
    EXPECT_EQ(submit(browser, "/access/increase/withdraw", form).status, 403);
    EXPECT_EQ(spend.withdrawn.size(), 1U);
}

}  // namespace
}  // namespace gatehouse::testing

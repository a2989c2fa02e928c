// SPDX-License-Identifier: Apache-2.0
// Device sign-in up to the approved grant: the authorization request, the page, the callback.
#include <gtest/gtest.h>

#include "auth/device.h"
#include "auth/pace.h"
#include "tests/auth/sign_in_fixture.h"

namespace gatehouse::testing {
namespace {

class DeviceSignIn : public SignInTest {};

TEST_F(DeviceSignIn, DescribesItselfFromThePublicUrlForAnyMethod) {
    for (const char* method : {"GET", "HEAD", "POST", "DELETE"}) {
        http::Request request = request_of(method, "/.well-known/oauth-authorization-server");
        request.headers.add("host", "evil.example");
        const http::Response response = send(std::move(request));
        EXPECT_EQ(response.status, 200);
        EXPECT_EQ(field(response, "issuer"), "https://gate.example");
        EXPECT_EQ(field(response, "token_endpoint"), "https://gate.example/oauth/token");
        EXPECT_EQ(field(response, "device_authorization_endpoint"), "https://gate.example/oauth/device_authorization");
        EXPECT_EQ(field(response, "revocation_endpoint"), "https://gate.example/oauth/revoke");
        EXPECT_EQ(response.body.find("evil"), std::string::npos);
    }
    const auto body = json::parse(send(request_of("GET", "/.well-known/oauth-authorization-server")).body);
    EXPECT_EQ(json::find_integer(*body, "gateway_protocol_version"), 1);
    EXPECT_EQ(json::find(*body, "grant_types_supported")->as_array().size(), 2U);
    EXPECT_TRUE(json::find(*body, "response_types_supported")->as_array().empty());
    EXPECT_EQ(json::to_text(*json::find(*body, "token_endpoint_auth_methods_supported")), R"(["none"])");
    EXPECT_EQ(json::to_text(*json::find(*body, "scopes_supported")), R"(["openid","profile","email"])");
}

TEST_F(DeviceSignIn, StartsWithCodesOfTheRightFormWhateverTheBody) {
    http::Request request = request_of("POST", "/oauth/device_authorization", R"({"client_id":"x"})");
    request.headers.add("content-type", "application/json");
    const http::Response response = send(std::move(request));
    ASSERT_EQ(response.status, 200);
    EXPECT_EQ(field(response, "device_code").size(), 43U);
    const std::string code = field(response, "user_code");
    ASSERT_EQ(code.size(), 9U);
    EXPECT_EQ(code[4], '-');
    EXPECT_EQ((code.substr(0, 4) + code.substr(5)).find_first_not_of("BCDFGHJKMNPQRSTVWXYZ"), std::string::npos);
    EXPECT_EQ(field(response, "verification_uri"), "https://gate.example/device");
    EXPECT_EQ(field(response, "verification_uri_complete"), "https://gate.example/device?user_code=" + code);
    const auto body = json::parse(response.body);
    EXPECT_EQ(json::find_integer(*body, "expires_in"), 600);
    EXPECT_EQ(json::find_integer(*body, "interval"), 5);
    EXPECT_EQ(json::find(*body, "login_notice"), nullptr);
    EXPECT_TRUE(router.find("POST", "/oauth/device_authorization").ignores_body);
}

TEST_F(DeviceSignIn, CarriesTheLoginNotice) {
    settings.login_notice = "Use your corporate account.";
    EXPECT_EQ(field(post_form("/oauth/device_authorization", {}), "login_notice"), "Use your corporate account.");
}

TEST_F(DeviceSignIn, SlowsDownAnAddressThatStartsTooMany) {
    settings.device_authorization = {2, std::chrono::seconds(600)};
    start_device();
    start_device();
    const http::Response third = post_form("/oauth/device_authorization", {});
    EXPECT_EQ(third.status, 429);
    EXPECT_EQ(field(third, "error"), "slow_down");
    EXPECT_NE(field(third, "error_description").find("network"), std::string::npos);
    EXPECT_FALSE(third.headers.find("retry-after"));
    http::Request elsewhere = request_of("POST", "/oauth/device_authorization");
    elsewhere.peer.address = "192.0.2.1";
    EXPECT_EQ(send(std::move(elsewhere)).status, 200);
    clock.advance(std::chrono::seconds(601));
    EXPECT_EQ(post_form("/oauth/device_authorization", {}).status, 200);
}

TEST_F(DeviceSignIn, AnswersAFailingStoreWithTheInferenceEnvelope) {
    vault.set_down(true);
    const http::Response response = post_form("/oauth/device_authorization", {});
    EXPECT_EQ(response.status, 500);
    EXPECT_EQ(field(response, "type"), "error");
    EXPECT_EQ(field(response, "request_id"), "11111111-2222-4333-8444-555555555555");
    EXPECT_EQ(response.body.find("MemoryVault"), std::string::npos);
}

TEST_F(DeviceSignIn, AsksForTheCodeOnAPageWithoutScript) {
    Browser browser;
    const http::Response page = get(browser, "/device");
    EXPECT_EQ(page.status, 200);
    EXPECT_NE(page.body.find(R"(name="user_code")"), std::string::npos);
    EXPECT_NE(page.body.find("<label for=\"user_code\">"), std::string::npos);
    EXPECT_EQ(page.body.find("<script"), std::string::npos);
    EXPECT_EQ(page.headers.value("cache-control"), "no-store");
    const std::string policy(page.headers.value("content-security-policy"));
    EXPECT_TRUE(policy.starts_with("default-src 'none'; style-src 'sha256-")) << policy;
    EXPECT_NE(policy.find("form-action 'self';"), std::string::npos) << policy;
    EXPECT_NE(policy.find("frame-ancestors 'none'; base-uri 'none'"), std::string::npos) << policy;
    EXPECT_EQ(policy.find("unsafe"), std::string::npos) << policy;
}

TEST_F(DeviceSignIn, HashesExactlyTheStyleThatThePageHolds) {
    Browser browser;
    const http::Response page = get(browser, "/device");
    const std::size_t start = page.body.find("<style>") + 7;
    const std::string style = page.body.substr(start, page.body.find("</style>") - start);
    const std::string hash = "'sha256-" + to_base64(sha256(style)) + "'";
    EXPECT_NE(page.headers.value("content-security-policy").find(hash), std::string_view::npos);
}

TEST_F(DeviceSignIn, KeepsTheOriginHeaderOfItsOwnForms) {
    // With no-referrer, browsers send `Origin: null` even to the same origin, and the POST would be refused.
    Browser browser;
    EXPECT_NE(get(browser, "/device").body.find(R"(<meta name="referrer" content="same-origin">)"), std::string::npos);
}

TEST_F(DeviceSignIn, ShowsTheCodeWithWhoAsksAndTwoButtons) {
    oidc.form_action_origins = {"https://adfs.example", "https://x.example; script-src *"};
    const Started started = start_device();
    Browser browser;
    const http::Response page = get(browser, "/device?user_code=" + started.user_code);
    EXPECT_EQ(page.status, 200);
    EXPECT_NE(page.body.find(started.user_code), std::string::npos);
    EXPECT_NE(page.body.find("claude-code/2.1"), std::string::npos);
    EXPECT_NE(page.body.find("198.51.100.4"), std::string::npos);
    EXPECT_NE(page.body.find(R"(<input type="hidden" name="user_code" value=")" + started.user_code),
              std::string::npos);
    EXPECT_NE(page.body.find(R"(<form method="post" action="/device">)"), std::string::npos);
    EXPECT_NE(page.body.find(R"(formaction="/device/deny")"), std::string::npos);
    const std::string policy(page.headers.value("content-security-policy"));
    EXPECT_NE(policy.find("form-action 'self' https://idp.example https://adfs.example;"), std::string::npos) << policy;
}

TEST_F(DeviceSignIn, LearnsWhereApprovingLeadsBeforeItShowsTheButton) {
    const Started started = start_device();
    provider.discovered = false;
    Browser browser;
    const http::Response page = get(browser, "/device?user_code=" + started.user_code);
    EXPECT_NE(page.headers.value("content-security-policy").find("https://idp.example"), std::string_view::npos);
}

TEST_F(DeviceSignIn, EscapesWhatAHostileProgramCallsItself) {
    http::Request request = request_of("POST", "/oauth/device_authorization");
    request.headers.add("user-agent", R"("><img src=x onerror=alert(1)>{{secret}}&)");
    const std::string code = field(send(std::move(request)), "user_code");
    Browser browser;
    const http::Response page = get(browser, "/device?user_code=" + code);
    EXPECT_EQ(page.body.find("<img"), std::string::npos);
    EXPECT_NE(page.body.find("&quot;&gt;&lt;img src=x onerror=alert(1)&gt;{{secret}}&amp;"), std::string::npos)
        << page.body;
}

TEST_F(DeviceSignIn, DoesNotEchoAnUnknownCode) {
    Browser browser;
    const http::Response page = get(browser, "/device?user_code=%3Cscript%3Ealert(1)%3C/script%3E");
    EXPECT_EQ(page.status, 400);
    EXPECT_NE(page.body.find(R"(role="alert")"), std::string::npos);
    EXPECT_EQ(page.body.find("<script"), std::string::npos);
    EXPECT_NE(page.body.find(R"(name="user_code")"), std::string::npos) << "the form is there to try again";
}

TEST_F(DeviceSignIn, SendsTheBrowserToTheProviderWithABoundAttempt) {
    const Started started = start_device();
    Browser browser;
    const http::Response response = submit(browser, "/device", {{"user_code", started.user_code}});
    EXPECT_EQ(response.status, 302);
    EXPECT_TRUE(location(response).starts_with("https://idp.example/authorize?"));
    EXPECT_EQ(parameter(response, "redirect_uri"), "https://gate.example/oauth/callback");
    ASSERT_EQ(idp.authorizations().size(), 1U);
    EXPECT_GE(idp.authorizations()[0].nonce.size(), 43U);
    EXPECT_GE(idp.authorizations()[0].pkce_verifier.size(), 43U);
    EXPECT_NE(idp.authorizations()[0].state, idp.authorizations()[0].nonce);
    const std::string cookie(response.headers.value("set-cookie"));
    EXPECT_TRUE(cookie.starts_with("__Host-gw_dev=")) << cookie;
    EXPECT_TRUE(cookie.ends_with("; Max-Age=600; Path=/; HttpOnly; SameSite=Lax; Secure")) << cookie;
    const std::string value = browser.cookies["__Host-gw_dev"];
    EXPECT_EQ(value.size(), 43U);
    EXPECT_EQ(location(response).find(value), std::string::npos) << "the binding must not travel in the address";
}

TEST_F(DeviceSignIn, SendsNoVerifierWhenPkceIsOff) {
    oidc.use_pkce = false;
    const Started started = start_device();
    Browser browser;
    submit(browser, "/device", {{"user_code", started.user_code}});
    EXPECT_EQ(idp.authorizations().at(0).pkce_verifier, "");
}

TEST_F(DeviceSignIn, TakesACodeHoweverItIsTyped) {
    const Started started = start_device();
    std::string typed = " " + started.user_code + " ";
    for (char& letter : typed)
        letter = static_cast<char>(std::tolower(letter));
    typed.insert(3, " ");
    Browser browser;
    EXPECT_EQ(submit(browser, "/device", {{"user_code", typed}}).status, 302);
}

TEST_F(DeviceSignIn, RefusesWhatCannotBeACodeWithoutAskingTheStore) {
    Browser browser;
    for (const char* typed : {"", "ABCD", "AAAA-AAAA", "BCDF-GHJKM", "BCDF*GHJK", "\xff\xff\xff\xff"}) {
        const int before = vault.calls();
        EXPECT_EQ(submit(browser, "/device", {{"user_code", typed}}).status, 400) << typed;
        EXPECT_EQ(vault.calls(), before + 1) << "only the counter";
    }
}

TEST_F(DeviceSignIn, RefusesAnExpiredCode) {
    const Started started = start_device();
    clock.advance(std::chrono::seconds(601));
    Browser browser;
    EXPECT_EQ(submit(browser, "/device", {{"user_code", started.user_code}}).status, 400);
    EXPECT_EQ(get(browser, "/device?user_code=" + started.user_code).status, 400);
    EXPECT_EQ(field(poll(started.device_code), "error"), "expired_token");
}

TEST_F(DeviceSignIn, RefusesACodeThatWasApprovedAlready) {
    const Started started = start_device();
    Browser browser;
    approve(browser, started.user_code);
    EXPECT_EQ(submit(browser, "/device", {{"user_code", started.user_code}}).status, 400);
    EXPECT_EQ(submit(browser, "/device/deny", {{"user_code", started.user_code}}).status, 400);
    EXPECT_EQ(poll(started.device_code).status, 200) << "a late denial does not take it back";
}

TEST_F(DeviceSignIn, RefusesPostsFromOtherSites) {
    const Started started = start_device();
    Browser browser;
    browser.origin = "https://evil.example";
    for (const char* path : {"/device", "/device/deny"}) {
        const http::Response response = submit(browser, path, {{"user_code", started.user_code}});
        EXPECT_EQ(response.status, 403);
        EXPECT_NE(response.body.find(R"(role="alert")"), std::string::npos);
    }
    EXPECT_EQ(journal.count("device.verify", {"result=fail", "reason=cross_site"}), 2);
    EXPECT_EQ(field(poll(started.device_code), "error"), "authorization_pending");
    EXPECT_TRUE(idp.authorizations().empty());
}

TEST_F(DeviceSignIn, StopsGuessersOfCodes) {
    settings.device_verify = {10, std::chrono::seconds(600)};
    const Started started = start_device();
    Browser guesser;
    for (int guess = 0; guess < 10; ++guess)
        EXPECT_EQ(submit(guesser, "/device", {{"user_code", "BBBB-BBBB"}}).status, 400);
    const http::Response eleventh = submit(guesser, "/device", {{"user_code", started.user_code}});
    EXPECT_EQ(eleventh.status, 429) << "even the right one";
    EXPECT_NE(eleventh.body.find(R"(role="alert")"), std::string::npos);
    EXPECT_EQ(submit(guesser, "/device/deny", {{"user_code", started.user_code}}).status, 429);
    for (int guess = 0; guess < 10; ++guess)
        get(guesser, "/device?user_code=BBBB-BBBB");
    EXPECT_EQ(get(guesser, "/device?user_code=" + started.user_code).status, 429) << "looking is guessing too";
    Browser other;
    other.address = "192.0.2.1";
    EXPECT_EQ(submit(other, "/device", {{"user_code", started.user_code}}).status, 302);
}

TEST_F(DeviceSignIn, CountsAWholeIpv6NetworkAsOneGuesser) {
    Browser guesser;
    for (int guess = 0; guess < 10; ++guess) {
        guesser.address = "2001:db8::" + std::to_string(guess + 1);
        EXPECT_EQ(submit(guesser, "/device", {{"user_code", "BBBB-BBBB"}}).status, 400);
    }
    guesser.address = "2001:db8::ffff";
    EXPECT_EQ(submit(guesser, "/device", {{"user_code", "BBBB-BBBB"}}).status, 429);
}

TEST_F(DeviceSignIn, TellsTheTerminalOfADenial) {
    const Started started = start_device();
    Browser browser;
    const http::Response page = submit(browser, "/device/deny", {{"user_code", started.user_code}});
    EXPECT_EQ(page.status, 200);
    const http::Response polled = poll(started.device_code);
    EXPECT_EQ(polled.status, 400);
    EXPECT_EQ(field(polled, "error"), "access_denied");
    EXPECT_EQ(journal.count("device.verify", {"decision=deny"}), 1);
}

TEST_F(DeviceSignIn, ApprovesOnlyAfterTheProviderHasAnswered) {
    const Started started = start_device();
    Browser browser;
    const http::Response to_provider = submit(browser, "/device", {{"user_code", started.user_code}});
    EXPECT_EQ(field(poll(started.device_code), "error"), "authorization_pending");
    clock.advance(std::chrono::seconds(5));
    const http::Response page = get(browser, callback(to_provider, "code-ada"));
    EXPECT_EQ(page.status, 200);
    EXPECT_EQ(page.body.find(R"(role="alert")"), std::string::npos);
    EXPECT_FALSE(browser.cookies.contains("__Host-gw_dev")) << "success clears the cookie";
    EXPECT_EQ(poll(started.device_code).status, 200);
    EXPECT_EQ(journal.count("device.callback", {"result=success", "sub=ada", "email=ada@corp.example"}), 1);
}

TEST_F(DeviceSignIn, CannotBeFinishedByAnotherBrowser) {
    const Started started = start_device();
    Browser victim;
    Browser thief;
    const http::Response to_provider = submit(victim, "/device", {{"user_code", started.user_code}});
    const http::Response page = get(thief, callback(to_provider, "code-ada"));
    EXPECT_NE(page.body.find(R"(role="alert")"), std::string::npos);
    thief.cookies["__Host-gw_dev"] = "guessed";
    get(thief, callback(to_provider, "code-ada"));
    EXPECT_TRUE(idp.redeemed().empty()) << "nothing is redeemed before the state is proven";
    EXPECT_EQ(journal.count("device.callback", {"reason=state_mismatch"}), 2);
    EXPECT_EQ(field(poll(started.device_code), "error"), "authorization_pending");
    get(victim, callback(to_provider, "code-ada"));
    clock.advance(std::chrono::seconds(5));
    EXPECT_EQ(poll(started.device_code).status, 200) << "the thief did not use the attempt up";
}

TEST_F(DeviceSignIn, UsesAStateOnce) {
    const Started started = start_device();
    Browser browser;
    const http::Response to_provider = submit(browser, "/device", {{"user_code", started.user_code}});
    const auto cookies = browser.cookies;
    get(browser, callback(to_provider, "code-ada"));
    browser.cookies = cookies;
    idp.will_sign_in("code-bob", bob());
    const http::Response again = get(browser, callback(to_provider, "code-bob"));
    EXPECT_NE(again.body.find(R"(role="alert")"), std::string::npos);
    EXPECT_EQ(idp.redeemed().size(), 1U);
    EXPECT_EQ(journal.count("device.callback", {"reason=attempt_unknown"}), 1);
}

TEST_F(DeviceSignIn, ForgetsAnAttemptAfterTenMinutes) {
    const Started started = start_device();
    Browser browser;
    const http::Response to_provider = submit(browser, "/device", {{"user_code", started.user_code}});
    clock.advance(std::chrono::seconds(600));
    const http::Response page = get(browser, callback(to_provider, "code-ada"));
    EXPECT_NE(page.body.find(R"(role="alert")"), std::string::npos);
    EXPECT_TRUE(idp.redeemed().empty());
}

TEST_F(DeviceSignIn, LeavesTheGrantPendingWhenTheProviderReportsAnError) {
    const Started started = start_device();
    Browser browser;
    const http::Response to_provider = submit(browser, "/device", {{"user_code", started.user_code}});
    const http::Response page = get(browser, "/oauth/callback?error=access_denied&error_description=%3Cb%3Eno&state=" +
                                                 parameter(to_provider, "state"));
    EXPECT_EQ(page.status, 200);
    EXPECT_NE(page.body.find(R"(role="alert")"), std::string::npos);
    EXPECT_EQ(page.body.find("<b>"), std::string::npos);
    EXPECT_EQ(field(poll(started.device_code), "error"), "authorization_pending");
    clock.advance(std::chrono::seconds(5));
    approve(browser, started.user_code);
    EXPECT_EQ(poll(started.device_code).status, 200) << "the same code may be tried again";
}

TEST_F(DeviceSignIn, DeniesTheGrantWhenTheExchangeFails) {
    const Started started = start_device();
    Browser browser;
    const http::Response page = approve(browser, started.user_code, "code-nobody");
    EXPECT_EQ(page.status, 200);
    EXPECT_NE(page.body.find(R"(role="alert")"), std::string::npos);
    EXPECT_EQ(page.body.find("invalid_grant"), std::string::npos) << "the detail is for the log";
    EXPECT_EQ(field(poll(started.device_code), "error"), "access_denied");
}

TEST_F(DeviceSignIn, DeniesTheGrantWhenThePersonMayNotSignIn) {
    const Started started = start_device();
    Browser browser;
    const http::Response to_provider = submit(browser, "/device", {{"user_code", started.user_code}});
    idp.fail_with(Error::forbidden(Reason::domain_not_allowed, "Your email domain may not sign in here."));
    const http::Response page = get(browser, callback(to_provider, "code-ada"));
    EXPECT_NE(page.body.find("Your email domain may not sign in here."), std::string::npos);
    EXPECT_EQ(field(poll(started.device_code), "error"), "access_denied");
    EXPECT_EQ(journal.count("device.callback", {"result=fail", "reason=domain_not_allowed"}), 1);
}

TEST_F(DeviceSignIn, SaysWhenTheCodeExpiredDuringTheSignIn) {
    const Started started = start_device();
    clock.advance(std::chrono::seconds(590));
    Browser browser;
    const http::Response to_provider = submit(browser, "/device", {{"user_code", started.user_code}});
    clock.advance(std::chrono::seconds(20));
    const http::Response page = get(browser, callback(to_provider, "code-ada"));
    EXPECT_NE(page.body.find("expired"), std::string::npos);
    EXPECT_EQ(journal.count("device.callback", {"reason=code_expired"}), 1);
}

TEST_F(DeviceSignIn, StoresNothingWhenTheProviderIsDown) {
    const Started started = start_device();
    idp.fail_with(Error::unavailable(Reason::idp_unreachable, "The identity provider cannot be reached."));
    Browser browser;
    const http::Response page = submit(browser, "/device", {{"user_code", started.user_code}});
    EXPECT_EQ(page.status, 503);
    EXPECT_TRUE(browser.cookies.empty());
    EXPECT_EQ(field(poll(started.device_code), "error"), "authorization_pending");
}

class PlainDeviceSignIn : public SignInTest {
  protected:
    PlainDeviceSignIn() : SignInTest("http://localhost:8080") {}
};

TEST_F(PlainDeviceSignIn, UsesTheBareCookieOnLoopback) {
    const Started started = start_device();
    Browser browser;
    browser.origin = "http://localhost:8080";
    const http::Response response = submit(browser, "/device", {{"user_code", started.user_code}});
    const std::string cookie(response.headers.value("set-cookie"));
    EXPECT_TRUE(cookie.starts_with("gw_dev=")) << cookie;
    EXPECT_TRUE(cookie.ends_with("; Max-Age=600; Path=/; HttpOnly; SameSite=Lax")) << cookie;
}

TEST(Network, IsTheAddressOrTheSubscribersPartOfIt) {
    EXPECT_EQ(auth::network_of("192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(auth::network_of("2001:db8:1:2::1"), auth::network_of("2001:db8:1:2:ffff:ffff:ffff:ffff"));
    EXPECT_NE(auth::network_of("2001:db8:1:2::1"), auth::network_of("2001:db8:1:3::1"));
    EXPECT_NE(auth::network_of("::ffff:192.0.2.1"), auth::network_of("::ffff:192.0.2.2"));
    EXPECT_NE(auth::network_of("::ffff:c000:201"), auth::network_of("::ffff:c000:202"));
    EXPECT_EQ(auth::network_of("::1"), "::1");
}

TEST(UserCode, LooksTheSameInEverySpelling) {
    EXPECT_EQ(auth::normal_user_code("bcdf-ghjk"), "BCDFGHJK");
    EXPECT_EQ(auth::normal_user_code(" BCDF GHJK "), "BCDFGHJK");
    EXPECT_EQ(auth::normal_user_code("BCDFGHJKM").size(), 9U) << "too long stays too long";
    EXPECT_EQ(auth::shown_user_code("BCDFGHJK"), "BCDF-GHJK");
}

}  // namespace
}  // namespace gatehouse::testing

// SPDX-License-Identifier: Apache-2.0
// Signing in, seen from outside: the terminal's polls, the browser's pages, the identity provider's moods.
#include <gtest/gtest.h>

#include "tests/flows/world.h"

namespace gatehouse::testing {
namespace {

class SignInFlow : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        world_ = std::make_unique<World>();
        Config config = world_->config();
        config.more = "login_notice: Authorized use only\n";
        gateway_ = world_->serve(config);
    }
    static void TearDownTestSuite() {
        EXPECT_EQ(gateway_->terminate(), 0) << gateway_->err();
        gateway_.reset();
        world_.reset();
    }

    static Answer begin() { return HttpConnection(gateway_->port()).ask("POST", "/oauth/device_authorization"); }
    static Answer poll(const Answer& begun) {
        return HttpConnection(gateway_->port())
            .ask("POST", "/oauth/token", {{"content-type", "application/x-www-form-urlencoded"}},
                 http::encode_form({{"grant_type", "urn:ietf:params:oauth:grant-type:device_code"},
                                    {"device_code", text_of(begun, "device_code")}}));
    }
    static std::string code_form(const Answer& begun) {
        return http::encode_form({{"user_code", text_of(begun, "user_code")}});
    }
    static void expect_page_rules(const Answer& page) {
        const std::string policy = page.header("content-security-policy");
        EXPECT_NE(policy.find("default-src 'none'"), std::string::npos) << policy;
        EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos) << policy;
        EXPECT_EQ(policy.find("script-src"), std::string::npos) << policy;
        EXPECT_EQ(page.header("cache-control"), "no-store");
        EXPECT_EQ(page.body.find("<script"), std::string::npos);
    }

    static inline std::unique_ptr<World> world_;
    static inline std::unique_ptr<GatehouseProcess> gateway_;
};

TEST_F(SignInFlow, TellsTheTerminalWhereToSendItsDeveloper) {
    const Answer begun = begin();
    const auto body = json::parse(begun.body).value();

    EXPECT_EQ(begun.status, 200);
    EXPECT_EQ(text_of(begun, "verification_uri"), std::string(public_url) + "/device");
    EXPECT_EQ(text_of(begun, "verification_uri_complete"),
              std::string(public_url) + "/device?user_code=" + text_of(begun, "user_code"));
    EXPECT_EQ(text_of(begun, "device_code").size(), 43U);
    EXPECT_EQ(text_of(begun, "user_code").size(), 9U);
    EXPECT_EQ(text_of(begun, "login_notice"), "Authorized use only");
    EXPECT_EQ(json::find_integer(body, "interval"), 5);
    EXPECT_EQ(begun.header("cache-control"), "no-store");
}

TEST_F(SignInFlow, MakesTheTerminalWaitAndPacesIt) {
    const Answer begun = begin();

    const Answer first = poll(begun);
    const Answer second = poll(begun);

    EXPECT_EQ(first.status, 400);
    EXPECT_EQ(text_of(first, "error"), "authorization_pending");
    EXPECT_EQ(second.status, 429);
    EXPECT_EQ(text_of(second, "error"), "slow_down");
}

TEST_F(SignInFlow, HandsATokenOutOnce) {
    const Answer begun = begin();
    Browser browser(gateway_->port());
    browser.sign_in_at(world_->idp.port(), browser.post("/device", code_form(begun)), "demo-ada");

    const Answer first = poll(begun);
    const Answer second = poll(begun);

    EXPECT_EQ(first.status, 200);
    EXPECT_EQ(claim(text_of(first, "access_token"), "sub"), "demo-ada");
    EXPECT_EQ(claim(text_of(first, "access_token"), "email"), "ada@demo.example");
    EXPECT_EQ(claim(text_of(first, "access_token"), "iss"), public_url);
    EXPECT_EQ(claim(text_of(first, "access_token"), "aud"), "claude-gateway");
    EXPECT_EQ(first.header("cache-control"), "no-store");
    EXPECT_EQ(second.status, 400);
    EXPECT_EQ(text_of(second, "error"), "expired_token");
}

TEST_F(SignInFlow, ShowsThePersonWhichTerminalAsksAndTakesNoForAnAnswer) {
    const Answer begun = begin();
    Browser browser(gateway_->port());
    const Answer page = browser.get("/device?user_code=" + text_of(begun, "user_code"));

    EXPECT_EQ(page.status, 200);
    EXPECT_NE(page.body.find(text_of(begun, "user_code")), std::string::npos);
    EXPECT_NE(page.header("content-security-policy").find(world_->idp.issuer()), std::string::npos);
    expect_page_rules(page);
    EXPECT_EQ(browser.post("/device/deny", code_form(begun)).status, 200);
    EXPECT_EQ(text_of(poll(begun), "error"), "access_denied");
}

TEST_F(SignInFlow, RefusesFormsThatCameFromElsewhereAndCodesThatItDoesNotKnow) {
    const Answer begun = begin();
    HttpConnection stranger(gateway_->port());
    const auto post = [&](http::Headers headers) {
        headers.add("content-type", "application/x-www-form-urlencoded");
        return stranger.ask("POST", "/device", headers, code_form(begun));
    };

    EXPECT_EQ(post({{"origin", "https://evil.example"}}).status, 403);
    EXPECT_EQ(post({}).status, 403);
    EXPECT_EQ(post({{"origin", public_url}, {"sec-fetch-site", "cross-site"}}).status, 403);
    EXPECT_EQ(Browser(gateway_->port()).post("/device", "user_code=BBBB-BBBB").status, 400);
    EXPECT_EQ(text_of(poll(begun), "error"), "authorization_pending");
}

TEST_F(SignInFlow, FinishesInTheBrowserThatBeganOnly) {
    const Answer begun = begin();
    Browser mine(gateway_->port());
    Browser others(gateway_->port());
    const Answer redirected = mine.post("/device", code_form(begun));

    const Answer stolen = others.sign_in_at(world_->idp.port(), redirected, "demo-ada");

    EXPECT_EQ(stolen.body.find("You are signed in"), std::string::npos);
    EXPECT_EQ(text_of(poll(begun), "error"), "authorization_pending");
}

TEST_F(SignInFlow, ShowsAPersonTheirAccessAndLetsThemOut) {
    Browser browser = world_->browse(gateway_->port(), "demo-fiona");
    const Answer page = browser.get("/access");

    EXPECT_EQ(page.status, 200);
    expect_page_rules(page);
    for (const char* part : {"Fiona Finance", "fiona@demo.example", "finance", "admins", "claude-sonnet-5"})
        EXPECT_NE(page.body.find(part), std::string::npos) << part;
    EXPECT_EQ(page.body.find("claude-opus-5"), std::string::npos);
    EXPECT_NE(page.body.find(public_url), std::string::npos);
    const std::string cookie = browser.cookie("gh_session");
    EXPECT_EQ(browser.post("/logout", "").status, 200);
    const Answer after = HttpConnection(gateway_->port()).get("/access", {{"cookie", "gh_session=" + cookie}});
    EXPECT_EQ(after.status, 302);
    EXPECT_EQ(after.header("location"), "/login?return_to=/access");
}

TEST_F(SignInFlow, ReturnsNowhereElseAfterALogin) {
    Browser browser(gateway_->port());
    const Answer done =
        browser.sign_in_at(world_->idp.port(), browser.get("/login?return_to=//evil.example/"), "demo-ada");

    EXPECT_EQ(done.status, 302);
    EXPECT_EQ(done.header("location"), "/access");
}

TEST_F(SignInFlow, KeepsASessionWhileTheIdentityProviderIsDown) {
    const Tokens ada = world_->sign_in(gateway_->port(), "demo-ada");
    world_->idp.set_down(true);
    const Answer refused = world_->refresh(gateway_->port(), ada);
    const int meanwhile = post_messages(gateway_->port(), ada).status;
    world_->idp.set_down(false);

    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(text_of(refused, "error"), "temporarily_unavailable");
    EXPECT_EQ(meanwhile, 200);
    EXPECT_EQ(world_->refresh(gateway_->port(), ada).status, 200);
}

TEST_F(SignInFlow, RefusesRefreshTokensThatItNeverGave) {
    const Tokens ada = world_->sign_in(gateway_->port(), "demo-ada");
    for (const std::string& token : {std::string("nonsense"), ada.access, ada.refresh + "x"}) {
        const Answer answer = world_->refresh(gateway_->port(), {"", token});
        EXPECT_EQ(answer.status, 401) << token;
        EXPECT_EQ(text_of(answer, "error"), "invalid_grant") << token;
    }
    EXPECT_EQ(post_messages(gateway_->port(), {ada.refresh, ""}).status, 401);
}

TEST(SecureSignInFlow, MarksItsCookiesForHttps) {
    World world;
    std::string text = world.yaml(world.config());
    text.replace(text.find(public_url), public_url.size(), "https://gateway.example.com");
    const auto gateway = world.run({"serve", "--config", world.dir.write("gateway.yaml", text)});

    const Answer answer = HttpConnection(gateway->port()).get("/login");

    const std::string cookie = answer.header("set-cookie");
    EXPECT_EQ(answer.status, 302);
    EXPECT_TRUE(cookie.starts_with("__Host-gw_dev=")) << cookie;
    for (const char* part : {"; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"})
        EXPECT_NE(cookie.find(part), std::string::npos) << cookie;
    EXPECT_NE(answer.header("location").find("code_challenge_method=S256"), std::string::npos);
    EXPECT_EQ(gateway->terminate(), 0) << gateway->err();
}

TEST(AllowedGroupsFlow, RefuseAPersonOutsideThem) {
    World world;
    std::string text = world.yaml(world.config());
    const std::string_view client = "  client_secret: ${CLIENT_SECRET}\n";
    text.insert(text.find(client), "  allowed_groups: [engineering]\n");
    const auto gateway = world.run({"serve", "--config", world.dir.write("gateway.yaml", text)});
    HttpConnection terminal(gateway->port());
    const Answer begun = terminal.ask("POST", "/oauth/device_authorization");
    Browser browser(gateway->port());
    const Answer approved = browser.post("/device", http::encode_form({{"user_code", text_of(begun, "user_code")}}));

    const Answer done = browser.sign_in_at(world.idp.port(), approved, "demo-carl");

    EXPECT_EQ(done.body.find("You are signed in"), std::string::npos);
    const Answer polled =
        terminal.ask("POST", "/oauth/token", {},
                     http::encode_form({{"grant_type", "urn:ietf:params:oauth:grant-type:device_code"},
                                        {"device_code", text_of(begun, "device_code")}}));
    EXPECT_EQ(text_of(polled, "error"), "access_denied");
    EXPECT_EQ(post_messages(gateway->port(), world.sign_in(gateway->port(), "demo-ada")).status, 200);
    EXPECT_EQ(gateway->terminate(), 0) << gateway->err();
}

}  // namespace
}  // namespace gatehouse::testing

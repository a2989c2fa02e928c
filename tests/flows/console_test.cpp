// SPDX-License-Identifier: Apache-2.0
// The console, seen from outside: who gets its page, how its files travel, and what a browser's session may ask the
// API.
#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "tests/flows/world.h"

namespace gatehouse::testing {
namespace {

/// Ada (engineering) administers, Fiona (finance) reads spend, Carl (contractors) is a developer.
class ConsoleFlow : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        world_ = std::make_unique<World>();
        Config config = world_->config();
        config.more = "admin:\n  admin_groups: [engineering]\n  finance_groups: [finance]\n";
        gateway_ = world_->serve(config);
    }
    static void TearDownTestSuite() {
        EXPECT_EQ(gateway_->terminate(), 0) << gateway_->err();
        gateway_.reset();
        world_.reset();
    }

    static Browser signed_in(std::string_view person) { return world_->browse(gateway_->port(), person); }
    static Answer fetch(std::string_view target, const http::Headers& headers = {}) {
        return HttpConnection(gateway_->port()).get(target, headers);
    }
    /// The path of the page's script.
    static std::string script_of(const Answer& page) {
        std::smatch found;
        const std::regex script("src=\"(/console/assets/main-[A-Z0-9]+\\.js)\"");
        return std::regex_search(page.body, found, script) ? found[1].str() : "";
    }

    static inline std::unique_ptr<World> world_;
    static inline std::unique_ptr<GatehouseProcess> gateway_;
};

TEST_F(ConsoleFlow, SendsWhoIsSignedOutToSignInAndBack) {
    EXPECT_EQ(fetch("/me").header("location"), "/login?return_to=%2Fme");
    EXPECT_EQ(fetch("/console").header("location"), "/login?return_to=%2Fconsole");
    EXPECT_EQ(fetch("/console/spend?month=2026-11").header("location"),
              "/login?return_to=%2Fconsole%2Fspend%3Fmonth%3D2026-11");
    Browser browser(gateway_->port());
    const Answer back = browser.sign_in_at(world_->idp.port(), browser.get("/login?return_to=%2Fme"), "demo-carl");
    EXPECT_EQ(back.header("location"), "/me");
    EXPECT_EQ(browser.get("/me").status, 200);
}

TEST_F(ConsoleFlow, ServesItsPageUnderAPolicyWithoutInlineCodeOrOtherOrigins) {
    const Answer page = signed_in("demo-carl").get("/console/anything/below");

    EXPECT_EQ(page.status, 200);
    EXPECT_EQ(page.header("content-security-policy"),
              "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
              "form-action 'self'; frame-ancestors 'none'; base-uri 'none'");
    EXPECT_EQ(page.header("cache-control"), "no-cache");
    EXPECT_EQ(page.body.find("<style"), std::string::npos);
    EXPECT_EQ(page.body.find("style="), std::string::npos);
    EXPECT_FALSE(script_of(page).empty()) << page.body;
}

TEST_F(ConsoleFlow, ServesItsFilesCompressedAndForGood) {
    const std::string script = script_of(signed_in("demo-carl").get("/me"));

    const Answer plain = fetch(script);
    const Answer gzip = fetch(script, {{"accept-encoding", "gzip;q=0.5, br;q=0"}});
    const Answer brotli = fetch(script, {{"accept-encoding", "gzip, deflate, br, zstd"}});

    EXPECT_EQ(plain.status, 200);
    EXPECT_EQ(plain.header("content-encoding"), "");
    EXPECT_EQ(gzip.header("content-encoding"), "gzip");
    EXPECT_EQ(gzip.body.substr(0, 2), "\x1f\x8b");
    EXPECT_EQ(brotli.header("content-encoding"), "br");
    EXPECT_LT(brotli.body.size(), gzip.body.size());
    EXPECT_LT(gzip.body.size(), plain.body.size());
    for (const Answer* each : {&plain, &gzip, &brotli}) {
        EXPECT_EQ(each->header("cache-control"), "public, max-age=31536000, immutable");
        EXPECT_EQ(each->header("vary"), "accept-encoding");
        EXPECT_EQ(each->header("content-type"), "text/javascript;charset=utf-8");
        EXPECT_EQ(each->header("etag"), plain.header("etag"));
    }
    EXPECT_EQ(fetch(script, {{"if-none-match", plain.header("etag")}}).status, 304);
    EXPECT_EQ(fetch("/console/assets/none.js").status, 404);
    EXPECT_EQ(fetch("/console/assets/index.html").status, 404);
}

TEST_F(ConsoleFlow, TellsAPersonWhoTheyAreAndWhatTheyMayDo) {
    const auto me = json::parse(signed_in("demo-carl").call("GET", "/v1/me").body).value();

    EXPECT_EQ(json::find_string(me, "role"), "developer");
    EXPECT_EQ(json::find_string(*json::find(me, "user"), "id"), "demo-carl");
    EXPECT_EQ(json::find_string(*json::find_path(me, "/policy"), "reason"), "Because this policy holds for everyone.");
    EXPECT_FALSE(json::find(me, "models")->as_array().empty());
    EXPECT_EQ(json::find_string(*json::find(me, "gateway"), "origin"), public_url);
    EXPECT_EQ(text_of(signed_in("demo-fiona").call("GET", "/v1/me"), "role"), "finance");
    EXPECT_EQ(text_of(signed_in("demo-ada").call("GET", "/v1/me"), "role"), "admin");
}

TEST_F(ConsoleFlow, AnswersACredentialAsItAnswersABrowser) {
    const Tokens tokens = world_->sign_in(gateway_->port(), "demo-carl");

    EXPECT_EQ(text_of(fetch("/v1/me", tokens.bearer()), "role"), "developer");
    EXPECT_EQ(fetch("/v1/me").status, 401);
    EXPECT_EQ(fetch("/v1/me", {{"authorization", "Bearer nonsense"}}).status, 401);
}

TEST_F(ConsoleFlow, TakesACookieOnlyFromItsOwnPage) {
    Browser ada = signed_in("demo-ada");
    const std::string cap = R"({"scope":{"type":"organization"},"amount":"100000","period":"monthly"})";
    const std::string limits = "/v1/organizations/spend_limits";

    EXPECT_EQ(ada.bare("GET", "/v1/me", {}).status, 403);
    EXPECT_EQ(ada.bare("GET", limits, {}).status, 403);
    EXPECT_EQ(ada.bare("GET", limits, {{"x-gatehouse-console", "1"}}).status, 200);
    EXPECT_EQ(ada.bare("POST", limits, {{"x-gatehouse-console", "1"}}, cap).status, 403);
    EXPECT_EQ(ada.bare("POST", limits, {{"x-gatehouse-console", "1"}, {"origin", "https://evil.example"}}, cap).status,
              403);
    EXPECT_EQ(ada.bare("POST", limits,
                       {{"x-gatehouse-console", "1"}, {"origin", public_url}, {"sec-fetch-site", "cross-site"}}, cap)
                  .status,
              403);
    EXPECT_EQ(ada.bare("POST", limits, {{"origin", public_url}}, cap).status, 403);
    EXPECT_EQ(json::parse(ada.call("GET", limits).body).value().at("data").as_array().size(), 0U);
    EXPECT_EQ(ada.call("POST", limits, cap).status, 200);
    EXPECT_EQ(json::parse(ada.call("GET", limits).body).value().at("data").as_array().size(), 1U);
}

TEST_F(ConsoleFlow, FindsWhatAnAdminChangedAndWhatSomebodyElseTried) {
    Browser ada = signed_in("demo-ada");
    const std::string limits = "/v1/organizations/spend_limits";
    const std::string cap = R"({"scope":{"type":"rbac_group","rbac_group_id":"contractors"},"amount":"100000"})";
    EXPECT_EQ(ada.call("POST", limits, cap).status, 200);
    EXPECT_EQ(signed_in("demo-fiona").call("POST", limits, cap).status, 403);
    const auto actors = [&](std::string_view query) {
        const Answer answer = ada.call("GET", std::string("/v1/organizations/audit?").append(query));
        std::set<std::string> found;
        for (const auto& row : json::parse(answer.body).value().at("data").as_array())
            found.emplace(json::find_string(row, "actor").value());
        return found;
    };

    EXPECT_EQ(actors("denied=true"), std::set<std::string>{"oidc:demo-fiona"});
    EXPECT_EQ(actors("action=spend_limit"), std::set<std::string>{"oidc:demo-ada"});
    EXPECT_EQ(actors("actor=oidc:demo-fiona&action=spend_limit"), std::set<std::string>{});
}

TEST_F(ConsoleFlow, ListsTheModelsThatAPolicyMayName) {
    const Answer answer = signed_in("demo-ada").call("GET", "/v1/organizations/models");

    EXPECT_NE(answer.body.find(R"("id":"claude-sonnet-5")"), std::string::npos) << answer.body;
    EXPECT_EQ(signed_in("demo-fiona").call("GET", "/v1/organizations/groups").status, 200);
    EXPECT_EQ(signed_in("demo-carl").call("GET", "/v1/organizations/groups").status, 401);
}

TEST_F(ConsoleFlow, NeverServesAModelToACookie) {
    Browser ada = signed_in("demo-ada");

    EXPECT_EQ(ada.call("POST", "/v1/messages", ask_for("claude-sonnet-5")).status, 401);
    EXPECT_EQ(ada.call("POST", "/v1/messages/count_tokens", ask_for("claude-sonnet-5")).status, 401);
    EXPECT_EQ(ada.call("GET", "/v1/models").status, 401);
    EXPECT_EQ(ada.call("GET", "/managed/settings").status, 401);
    EXPECT_EQ(ada.call("GET", "/api/oauth/usage").status, 401);
}

TEST_F(ConsoleFlow, LetsNoGoodCookieRescueABadCredential) {
    Browser ada = signed_in("demo-ada");

    EXPECT_EQ(ada.call("GET", "/v1/me", "", {{"authorization", "Bearer nonsense"}}).status, 401);
    EXPECT_EQ(ada.call("GET", "/v1/organizations/spend_limits", "", {{"x-api-key", "nonsense"}}).status, 401);
}

TEST_F(ConsoleFlow, MakesAKeyThatWorksUntilItIsRevoked) {
    Browser carl = signed_in("demo-carl");
    const auto made = carl.call("POST", "/v1/me/keys", R"({"name":"nightly","days":30})");
    const http::Headers key{{"x-api-key", text_of(made, "secret")}};

    EXPECT_EQ(made.status, 200) << made.body;
    EXPECT_EQ(fetch("/v1/models", key).status, 200);
    EXPECT_EQ(carl.call("GET", "/v1/me/keys").body.find("secret"), std::string::npos);
    EXPECT_EQ(HttpConnection(gateway_->port()).ask("POST", "/v1/me/keys", key, R"({"name":"more","days":30})").status,
              403);
    EXPECT_EQ(signed_in("demo-ada").call("DELETE", "/v1/me/keys/" + text_of(made, "id")).status, 404);
    EXPECT_EQ(carl.call("DELETE", "/v1/me/keys/" + text_of(made, "id")).status, 200);
    EXPECT_EQ(fetch("/v1/models", key).status, 401);
    EXPECT_EQ(carl.call("POST", "/v1/me/keys", R"({"name":"nightly","days":"30"})").status, 400);
    EXPECT_EQ(carl.call("POST", "/v1/me/keys", R"({"name":"nightly","days":366})").status, 400);
}

TEST_F(ConsoleFlow, EndsOnlyOnesOwnSessions) {
    Browser here = signed_in("demo-carl");
    Browser there = signed_in("demo-carl");
    std::string other;
    for (const auto& row : json::parse(here.call("GET", "/v1/me/sessions").body).value().at("data").as_array()) {
        const std::string id(json::find_string(row, "id").value());
        if (there.call("GET", "/v1/me").body.find(id) != std::string::npos) other = id;
    }

    ASSERT_FALSE(other.empty());
    EXPECT_EQ(signed_in("demo-ada").call("DELETE", "/v1/me/sessions/" + other).status, 404);
    EXPECT_EQ(there.call("GET", "/v1/me").status, 200);
    EXPECT_EQ(here.call("DELETE", "/v1/me/sessions/" + other).status, 200);
    EXPECT_EQ(there.call("GET", "/v1/me").status, 401);
    EXPECT_EQ(here.call("GET", "/v1/me").status, 200);
}

TEST_F(ConsoleFlow, CountsWhatAPersonUsedForThemAlone) {
    const Tokens tokens = world_->sign_in(gateway_->port(), "demo-carl");
    const Answer answered =
        HttpConnection(gateway_->port()).ask("POST", "/v1/messages", tokens.bearer(), ask_for("claude-sonnet-5"));
    ASSERT_EQ(answered.status, 200);
    Browser carl = signed_in("demo-carl");
    const auto requests = [](Browser& browser) {
        return json::parse(browser.call("GET", "/v1/me/usage?days=1").body)
            .value()
            .at("total")
            .at("requests")
            .as_int64();
    };
    for (int attempt = 0; attempt < 200 && requests(carl) == 0; ++attempt) {
    }  // it is written down after the answer

    EXPECT_EQ(requests(carl), 1);
    Browser fiona = signed_in("demo-fiona");
    EXPECT_EQ(requests(fiona), 0);
    EXPECT_EQ(carl.call("GET", "/v1/me/usage?days=61").status, 400);
}

}  // namespace
}  // namespace gatehouse::testing

// SPDX-License-Identifier: Apache-2.0
// The demo identity provider as a relying party and a browser see it.
#include "gateway/demo/identity_provider.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "gateway/base/json.h"
#include "gateway/demo/sign_in_page.h"
#include "gateway/http/form.h"
#include "tests/support/fixed_random.h"
#include "tests/support/manual_clock.h"
#include "tests/support/run_task.h"

namespace gatehouse::demo {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr const char* issuer = "http://127.0.0.1:9001";
constexpr const char* redirect = "http://127.0.0.1:9000/oauth/callback";
constexpr const char* verifier = "a-verifier-of-at-least-forty-three-characters-in-all";

class DemoIdentity : public ::testing::Test {
  protected:
    DemoIdentity() { mount(); }

    void mount() {
        router_ = http::Router();
        provider_ =
            std::make_unique<DemoIdentityProvider>(issuer, "gateway", Secret("s3cret"), redirect, clock_, random_);
        provider_->mount(router_);
    }

    http::Response send(const std::string& method, const std::string& target, const std::string& body = {},
                        http::Headers headers = {}) {
        http::Request request;
        request.method = method;
        request.target = target;
        request.headers = std::move(headers);
        if (!body.empty() && request.headers.count("content-type") == 0)
            request.headers.add("content-type", "application/x-www-form-urlencoded");
        request.body = http::Body::of(body);
        const auto& route = router_.find(method, http::normal_path(target));
        auto response = testing::run(std::get<http::ReplyHandler>(route.handler.call)(request));
        EXPECT_TRUE(response);
        return response.value_or(http::Response{});
    }

    Fields authorization() const {
        return {{"client_id", "gateway"},
                {"redirect_uri", redirect},
                {"response_type", "code"},
                {"scope", "openid profile email offline_access"},
                {"state", "st&te"},
                {"nonce", "n0nce"},
                {"code_challenge", to_base64url(sha256(verifier))},
                {"code_challenge_method", "S256"}};
    }

    /// What the browser is sent back with after choosing that person.
    std::string choose(std::string person, Fields fields) {
        fields.emplace_back("person", std::move(person));
        const auto answer = send("POST", "/authorize", http::encode_form(fields));
        EXPECT_EQ(answer.status, 302);
        const std::string location(answer.headers.value("location"));
        EXPECT_TRUE(location.starts_with(redirect)) << location;
        return location.substr(location.find('?') + 1);
    }

    std::string code_for(std::string person) {
        const std::string query = choose(std::move(person), authorization());
        return std::string(http::Form::parse(query).value("code"));
    }

    http::Response redeem(std::string code, std::string proof = verifier, std::string address = redirect) {
        return send("POST", "/token",
                    http::encode_form({{"grant_type", "authorization_code"},
                                       {"code", std::move(code)},
                                       {"redirect_uri", std::move(address)},
                                       {"code_verifier", std::move(proof)},
                                       {"client_id", "gateway"},
                                       {"client_secret", "s3cret"}}));
    }

    http::Response refresh(std::string token) {
        return send("POST", "/token",
                    http::encode_form({{"grant_type", "refresh_token"},
                                       {"refresh_token", std::move(token)},
                                       {"client_id", "gateway"},
                                       {"client_secret", "s3cret"}}));
    }

    static boost::json::value parsed(const http::Response& response) {
        return json::parse(response.body).value_or(boost::json::value{});
    }
    static std::string text(const http::Response& response, std::string_view name) {
        return std::string(json::find_string(parsed(response), name).value_or(std::string_view{}));
    }
    static boost::json::value jwt_part(const std::string& token, int index) {
        std::string_view rest = token;
        for (; index > 0; --index)
            rest.remove_prefix(rest.find('.') + 1);
        const auto plain = from_base64url(rest.substr(0, rest.find('.')));
        return json::parse(plain.value_or("")).value_or(boost::json::value{});
    }

    testing::ManualClock clock_;
    testing::FixedRandom random_;
    std::unique_ptr<DemoIdentityProvider> provider_;
    http::Router router_;
};

TEST_F(DemoIdentity, PublishesEndpointsBelowItsIssuerAndOneSigningKey) {
    const auto discovery = parsed(send("GET", "/.well-known/openid-configuration"));
    const auto keys = parsed(send("GET", "/jwks"));

    EXPECT_EQ(json::find_string(discovery, "issuer"), issuer);
    EXPECT_EQ(json::find_string(discovery, "token_endpoint"), std::string(issuer) + "/token");
    EXPECT_EQ(json::to_text(*json::find(discovery, "response_types_supported")), R"(["code"])");
    EXPECT_EQ(json::to_text(*json::find(discovery, "token_endpoint_auth_methods_supported")),
              R"(["client_secret_basic","client_secret_post"])");
    ASSERT_EQ(json::find(keys, "keys")->get_array().size(), 1U);
    const auto& key = json::find(keys, "keys")->get_array().front();
    EXPECT_EQ(json::find_string(key, "e"), "AQAB");
    EXPECT_EQ(from_base64url(*json::find_string(key, "n"))->size(), 256U);
}

TEST_F(DemoIdentity, ShowsThreePeopleAndNoScript) {
    const auto page = send("GET", "/authorize?" + http::encode_form(authorization()));

    EXPECT_EQ(page.status, 200);
    for (const char* name : {"Ada Engineer", "Carl Contractor", "Fiona Finance"})
        EXPECT_NE(page.body.find(name), std::string::npos);
    EXPECT_NE(page.body.find("value=\"st&amp;te\""), std::string::npos);
    EXPECT_EQ(page.body.find("<script"), std::string::npos);
    const auto policy = page.headers.value("content-security-policy");
    EXPECT_NE(policy.find("default-src 'none'"), std::string::npos);
    EXPECT_NE(policy.find("form-action 'self' http://127.0.0.1:9000"), std::string::npos);
    EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
}

TEST_F(DemoIdentity, SignsNobodyInByALink) {
    Fields fields = authorization();
    fields.emplace_back("person", "demo-ada");

    const auto answer = send("GET", "/authorize?" + http::encode_form(fields));

    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.headers.count("location"), 0U);
}

TEST_F(DemoIdentity, GivesTheCodeAndTheStateBack) {
    const http::Form form = http::Form::parse(choose("demo-ada", authorization()));

    EXPECT_EQ(form.value("state"), "st&te");
    EXPECT_EQ(form.value("code").size(), 43U);
}

TEST_F(DemoIdentity, PutsThePersonIntoASignedToken) {
    const auto answer = redeem(code_for("demo-fiona"));
    const std::string token = text(answer, "id_token");
    const auto header = jwt_part(token, 0);
    const auto claims = jwt_part(token, 1);

    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.headers.value("cache-control"), "no-store");
    EXPECT_EQ(json::find_string(header, "alg"), "RS256");
    EXPECT_EQ(json::find_string(claims, "iss"), issuer);
    EXPECT_EQ(json::find_string(claims, "aud"), "gateway");
    EXPECT_EQ(json::find_string(claims, "sub"), "demo-fiona");
    EXPECT_EQ(json::find_string(claims, "email"), "fiona@demo.example");
    EXPECT_EQ(json::find_bool(claims, "email_verified"), true);
    EXPECT_EQ(json::find_string(claims, "nonce"), "n0nce");
    EXPECT_EQ(json::to_text(*json::find(claims, "groups")), R"(["finance","admins"])");
    EXPECT_EQ(json::find_integer(claims, "iat"), to_unix_seconds(clock_.now()));
    EXPECT_GT(*json::find_integer(claims, "exp"), to_unix_seconds(clock_.now()));
    const auto signature = from_base64url(token.substr(token.rfind('.') + 1));
    EXPECT_EQ(signature->size(), 256U);
}

TEST_F(DemoIdentity, AcceptsTheClientsSecretInABasicHeader) {
    const http::Headers headers{{"authorization", "Basic " + to_base64("gateway:s3cret")},
                                {"content-type", "application/x-www-form-urlencoded"}};
    const auto answer = send("POST", "/token",
                             http::encode_form({{"grant_type", "authorization_code"},
                                                {"code", code_for("demo-ada")},
                                                {"redirect_uri", redirect},
                                                {"code_verifier", verifier}}),
                             headers);

    EXPECT_EQ(answer.status, 200) << answer.body;
}

TEST_F(DemoIdentity, RefusesAWrongClientSecret) {
    const std::string code = code_for("demo-ada");
    const auto posted = send("POST", "/token",
                             http::encode_form({{"grant_type", "authorization_code"},
                                                {"code", code},
                                                {"redirect_uri", redirect},
                                                {"code_verifier", verifier},
                                                {"client_id", "gateway"},
                                                {"client_secret", "guess"}}));
    const http::Headers headers{{"authorization", "Basic " + to_base64("gateway:guess")},
                                {"content-type", "application/x-www-form-urlencoded"}};
    const auto basic = send("POST", "/token", "grant_type=authorization_code", headers);

    EXPECT_EQ(posted.status, 401);
    EXPECT_EQ(text(posted, "error"), "invalid_client");
    EXPECT_EQ(basic.status, 401);
    EXPECT_EQ(redeem(code).status, 200);  // a stranger's attempt must not spend the code
}

TEST_F(DemoIdentity, SpendsACodeOnce) {
    const std::string code = code_for("demo-ada");

    EXPECT_EQ(redeem(code).status, 200);
    const auto again = redeem(code);

    EXPECT_EQ(again.status, 400);
    EXPECT_EQ(text(again, "error"), "invalid_grant");
}

TEST_F(DemoIdentity, RefusesACodeAfterAMinute) {
    const std::string code = code_for("demo-ada");
    clock_.advance(std::chrono::seconds{60});

    EXPECT_EQ(text(redeem(code), "error"), "invalid_grant");
}

TEST_F(DemoIdentity, RefusesACodeWithAnotherVerifierOrAddress) {
    const auto stolen = redeem(code_for("demo-ada"), std::string(verifier) + "x");
    const auto elsewhere = redeem(code_for("demo-ada"), verifier, "http://127.0.0.1:9000/oauth/callbac");

    EXPECT_EQ(text(stolen, "error"), "invalid_grant");
    EXPECT_EQ(text(elsewhere, "error"), "invalid_grant");
}

struct WrongField {
    std::string_view name;
    std::string_view value;
    std::string_view error;
};

TEST_F(DemoIdentity, TellsTheClientWhatIsWrongWithItsRequest) {
    for (const auto& [name, value, error] : {WrongField{"response_type", "token", "unsupported_response_type"},
                                             WrongField{"scope", "email", "invalid_scope"},
                                             WrongField{"code_challenge_method", "plain", "invalid_request"},
                                             WrongField{"code_challenge", "short", "invalid_request"}}) {
        Fields fields = authorization();
        for (auto& field : fields)
            if (field.first == name) field.second = value;
        const http::Form form = http::Form::parse(choose("demo-ada", fields));
        EXPECT_EQ(form.value("error"), error) << name;
        EXPECT_EQ(form.value("state"), "st&te");
        EXPECT_FALSE(form.find("code"));
    }
}

TEST_F(DemoIdentity, NeverRedirectsToAnAddressItDoesNotKnow) {
    for (const char* name : {"client_id", "redirect_uri"}) {
        Fields fields = authorization();
        for (auto& field : fields)
            if (field.first == name) field.second += "/";
        const auto answer = send("GET", "/authorize?" + http::encode_form(fields));
        EXPECT_EQ(answer.status, 400);
        EXPECT_EQ(answer.headers.count("location"), 0U);
    }
}

TEST_F(DemoIdentity, RotatesRefreshTokensAndEndsTheFamilyOnReuse) {
    const auto first = redeem(code_for("demo-carl"));
    const std::string original = text(first, "refresh_token");
    const auto second = refresh(original);
    const std::string successor = text(second, "refresh_token");

    ASSERT_EQ(second.status, 200) << second.body;
    EXPECT_NE(successor, original);
    EXPECT_EQ(json::find_string(jwt_part(text(second, "id_token"), 1), "sub"), "demo-carl");
    EXPECT_EQ(json::find(jwt_part(text(second, "id_token"), 1), "nonce"), nullptr);
    EXPECT_EQ(text(refresh(original), "error"), "invalid_grant");
    EXPECT_EQ(text(refresh(successor), "error"), "invalid_grant");
}

TEST_F(DemoIdentity, KeepsSessionsAcrossItsOwnRestart) {
    const std::string token = text(redeem(code_for("demo-ada")), "refresh_token");

    mount();

    EXPECT_EQ(refresh(token).status, 200);
    EXPECT_EQ(text(refresh(token), "error"), "invalid_grant");
}

TEST_F(DemoIdentity, GivesNoRefreshTokenWithoutOfflineAccess) {
    Fields fields = authorization();
    fields[3].second = "openid";
    const http::Form form = http::Form::parse(choose("demo-ada", fields));

    const auto answer = redeem(std::string(form.value("code")));

    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(text(answer, "refresh_token"), "");
}

TEST_F(DemoIdentity, AnswersUserinfoForItsOwnAccessTokensOnly) {
    const auto tokens = redeem(code_for("demo-ada"));
    const auto ask = [&](const std::string& token) {
        return send("GET", "/userinfo", {}, {{"authorization", "Bearer " + token}});
    };

    EXPECT_EQ(text(ask(text(tokens, "access_token")), "email"), "ada@demo.example");
    EXPECT_EQ(ask(text(tokens, "refresh_token")).status, 401);
    EXPECT_EQ(send("GET", "/userinfo").status, 401);
    clock_.advance(std::chrono::seconds{300});
    EXPECT_EQ(ask(text(tokens, "access_token")).status, 401);
}

TEST_F(DemoIdentity, RefusesATokenRequestThatIsNoForm) {
    const auto answer =
        send("POST", "/token", R"({"grant_type":"authorization_code"})", {{"content-type", "application/json"}});

    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(text(answer, "error"), "invalid_request");
}

TEST_F(DemoIdentity, HasNothingElse) {
    EXPECT_EQ(send("GET", "/").status, 404);
}

TEST(DemoPages, EscapeWhatTheyRepeat) {
    EXPECT_EQ(escape_html("<a href='\"&"), "&lt;a href=&#39;&quot;&amp;");
}

}  // namespace
}  // namespace gatehouse::demo

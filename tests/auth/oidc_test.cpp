// SPDX-License-Identifier: Apache-2.0
// Signing in with an OpenID provider: what is sent, what comes back, and every id_token that must be refused.
#include "auth/oidc.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <string>
#include <vector>

#include "gateway/http/form.h"
#include "gateway/http/url.h"
#include "tests/auth/oidc_world.h"

namespace gatehouse::auth::testing {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using OidcRefusalTest = OidcTest;

http::Form query_of(const std::string& address) {
    return http::Form::parse(address.substr(address.find('?') + 1));
}

// ---- what goes out

TEST_F(OidcTest, SendsTheBrowserToTheProviderWithEverythingTheFlowNeeds) {
    const auto address = run(context_, oidc().authorize_url(authorization()));
    ASSERT_TRUE(address) << describe(address.error());
    EXPECT_TRUE(address->starts_with("https://idp.example/authorize?"));
    const auto query = query_of(*address);
    EXPECT_EQ(query.value("response_type"), "code");
    EXPECT_EQ(query.value("client_id"), client_id);
    EXPECT_EQ(query.value("redirect_uri"), "https://gateway.example/oauth/callback");
    EXPECT_EQ(query.value("scope"), "openid profile email offline_access");
    EXPECT_EQ(query.value("state"), "the-state");
    EXPECT_EQ(query.value("nonce"), nonce);
    EXPECT_EQ(query.value("response_mode"), "query");
    EXPECT_EQ(query.value("code_challenge_method"), "S256");
    EXPECT_EQ(query.value("code_challenge"), to_base64url(sha256(authorization().pkce_verifier)));
    EXPECT_EQ(oidc().authorize_origin(), "https://idp.example");
}

TEST_F(OidcTest, KnowsNoOriginBeforeDiscovery) {
    EXPECT_EQ(oidc().authorize_origin(), "");
}

TEST_F(OidcTest, AddsExtraParametersButNeverOverItsOwn) {
    settings_.extra_auth_params = {{"prompt", "consent"},
                                   {"domain_hint", "example.com"},
                                   {"state", "evil"},
                                   {"redirect_uri", "evil"},
                                   {"code_challenge", "evil"},
                                   {"scope", "evil"},
                                   {"request_uri", "evil"},
                                   {"request", "evil"},
                                   {"nonce", "evil"},
                                   {"response_mode", "evil"},
                                   {"response_type", "evil"},
                                   {"client_id", "evil"},
                                   {"code_challenge_method", "plain"}};
    const auto address = run(context_, oidc().authorize_url(authorization()));
    ASSERT_TRUE(address);
    EXPECT_EQ(query_of(*address).value("prompt"), "consent");
    EXPECT_EQ(query_of(*address).value("domain_hint"), "example.com");
    EXPECT_EQ(address->find("evil"), std::string::npos) << *address;
    EXPECT_EQ(address->find("plain"), std::string::npos) << *address;
}

TEST_F(OidcTest, KeepsTheQueryThatTheEndpointAlreadyHas) {
    auto document = discovery_document();
    document["authorization_endpoint"] = "https://idp.example/authorize?p=b2c_1_signin";
    discovery_says(document);
    const auto address = run(context_, oidc().authorize_url(authorization()));
    ASSERT_TRUE(address);
    EXPECT_TRUE(address->starts_with("https://idp.example/authorize?p=b2c_1_signin&response_type=code&"));
}

TEST_F(OidcTest, LeavesPkceOutWhenItIsOff) {
    settings_.use_pkce = false;
    const auto address = run(context_, oidc().authorize_url(authorization()));
    ASSERT_TRUE(address);
    EXPECT_EQ(address->find("code_challenge"), std::string::npos);
    ASSERT_TRUE(redeem_with(good_header(), good_claims()));
    EXPECT_EQ(http::Form::parse(client_.requests()[1]->body).value("code_verifier"), "");
}

TEST_F(OidcTest, RedeemsTheCodeWithTheVerifierAndTheSecretInTheForm) {
    ASSERT_TRUE(redeem_with(good_header(), good_claims()));
    const auto& request = client_.request(1);
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.url.host + request.target, "idp.example/token");
    EXPECT_EQ(request.headers.value("content-type"), "application/x-www-form-urlencoded");
    EXPECT_FALSE(request.headers.find("authorization"));
    const auto form = http::Form::parse(request.body);
    EXPECT_EQ(form.value("grant_type"), "authorization_code");
    EXPECT_EQ(form.value("code"), "the-code");
    EXPECT_EQ(form.value("redirect_uri"), "https://gateway.example/oauth/callback");
    EXPECT_EQ(form.value("code_verifier"), authorization().pkce_verifier);
    EXPECT_EQ(form.value("client_id"), client_id);
    EXPECT_EQ(form.value("client_secret"), "s3cret");
}

TEST_F(OidcTest, EncodesSecretsThatAreNotPlainWords) {
    settings_.client_secret = Secret("p:s +&=%\xc3\xa4");
    ASSERT_TRUE(redeem_with(good_header(), good_claims()));
    EXPECT_EQ(http::Form::parse(client_.request(1).body).value("client_secret"), settings_.client_secret.reveal());
}

TEST_F(OidcTest, AuthenticatesByHeaderWhenToldOrWhenNothingElseIsOnOffer) {
    settings_.client_secret = Secret("p:s");
    const std::string expected = "Basic " + to_base64("gatehouse:p%3As");
    auto document = discovery_document();
    for (const bool said : {true, false}) {
        document["token_endpoint_auth_methods_supported"] = bj::array{"client_secret_basic"};
        if (!said) document.erase("token_endpoint_auth_methods_supported");
        discovery_says(document);
        oidc_.reset();
        ASSERT_TRUE(redeem_with(good_header(), good_claims()));
        const auto& request = *client_.requests().at(client_.requests().size() - 2);
        EXPECT_EQ(request.headers.value("authorization"), expected);
        EXPECT_EQ(request.body.find("client_secret"), std::string::npos);
    }
    discovery_says(discovery_document());
    settings_.token_endpoint_auth_method = "client_secret_basic";
    oidc_.reset();
    ASSERT_TRUE(redeem_with(good_header(), good_claims()));
    EXPECT_EQ(client_.requests().at(client_.requests().size() - 2)->headers.value("authorization"), expected);
}

TEST_F(OidcTest, RefusesAProviderWithNoMethodThatWeHave) {
    auto document = discovery_document();
    document["token_endpoint_auth_methods_supported"] = bj::array{"private_key_jwt", "none"};
    discovery_says(document);
    expect_failed(redeem_with(good_header(), good_claims()), Fault::unavailable, Reason::idp_answer_invalid,
                  "token_endpoint_auth_methods_supported");
    EXPECT_EQ(client_.count("/token"), 0U);
}

// ---- what comes back

TEST_F(OidcTest, GivesThePersonAndTheRefreshToken) {
    const auto signed_in = redeem_with(good_header(), good_claims());
    ASSERT_TRUE(signed_in) << describe(signed_in.error());
    EXPECT_EQ(signed_in->person.subject, "ada-sub");
    EXPECT_EQ(signed_in->person.email, "ada@example.com");
    EXPECT_EQ(signed_in->person.name, "Ada Lovelace");
    EXPECT_EQ(signed_in->person.groups, std::vector<std::string>{"engineering"});
    EXPECT_EQ(signed_in->refresh_token, "refresh-1");
}

TEST_F(OidcTest, GivesNoRefreshTokenWhenTheProviderGaveNone) {
    tokens_are(signed_token(good_header(), good_claims()), "");
    const auto signed_in = redeem();
    ASSERT_TRUE(signed_in);
    EXPECT_EQ(signed_in->refresh_token, "");
}

TEST_F(OidcTest, TellsARefusedCodeFromAProviderInTrouble) {
    const auto answered = [&](ScriptedReply reply) {
        client_.on("/token", std::move(reply));
        return redeem();
    };
    expect_failed(answered(ScriptedReply::json(400, R"({"error":"invalid_grant","error_description":"code used"})")),
                  Fault::forbidden, Reason::idp_refused, "invalid_grant: code used");
    expect_failed(answered(ScriptedReply::json(401, R"({"error":"invalid_client"})")), Fault::unavailable,
                  Reason::idp_answer_invalid, "invalid_client");
    expect_failed(answered(ScriptedReply::of(400, "<html>")), Fault::unavailable, Reason::idp_answer_invalid,
                  "status 400");
    expect_failed(answered(ScriptedReply::of(502, "bad gateway")), Fault::unavailable, Reason::idp_unreachable,
                  "status 502");
    expect_failed(answered(ScriptedReply::of(200, "<html>")), Fault::unavailable, Reason::idp_answer_invalid, "JSON");
    expect_failed(answered(ScriptedReply::json(200, R"({"access_token":"a"})")), Fault::unavailable,
                  Reason::idp_answer_invalid, "no id_token");
    expect_failed(answered(ScriptedReply::failure(Error::upstream_unreachable(Reason::connect_failed, "refused"))),
                  Fault::unavailable, Reason::idp_unreachable, "https://idp.example/token");
    expect_failed(answered(ScriptedReply::json(200, "{\"id_t").cut()), Fault::unavailable, Reason::idp_unreachable,
                  "upstream_reset");
}

TEST_F(OidcTest, NeverPutsTheSecretOrATokenIntoAnError) {
    client_.on("/token", ScriptedReply::of(500, "s3cret the-code refresh-1"));
    for (const auto& failed : {redeem(), refresh()}) {
        ASSERT_FALSE(failed);
        for (const char* secret : {"s3cret", "the-code", "refresh-1", "the-pkce"})
            EXPECT_EQ(describe(failed.error()).find(secret), std::string::npos) << describe(failed.error());
    }
}

TEST_F(OidcTest, PassesACancelledRequestOnAsSuch) {
    client_.on("/token", ScriptedReply::failure(Error::client_gone()));
    const auto gone = redeem();
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().fault, Fault::client_gone);
}

TEST_F(OidcTest, AdmitsOnlyAllowedDomainsAndGroups) {
    settings_.allowed_email_domains = {"example.org"};
    expect_failed(redeem_with(good_header(), good_claims()), Fault::forbidden, Reason::domain_not_allowed,
                  "example.com");
    oidc_.reset();
    settings_.allowed_email_domains = {"example.com"};
    settings_.allowed_groups = {"finance"};
    expect_failed(redeem_with(good_header(), good_claims()), Fault::forbidden, Reason::group_not_allowed,
                  "allowed_groups");
    oidc_.reset();
    settings_.allowed_groups = {"finance", "engineering"};
    EXPECT_TRUE(redeem_with(good_header(), good_claims()));
}

// ---- refresh

TEST_F(OidcTest, RefreshesWithoutANonceAndKeepsTheRefreshTokenThatWasNotRotated) {
    auto claims = good_claims();
    claims.erase("nonce");
    claims["groups"] = bj::array{"contractors"};
    tokens_are(signed_token(good_header(), claims), "");
    const auto refreshed = refresh();
    ASSERT_TRUE(refreshed) << describe(refreshed.error());
    EXPECT_EQ(refreshed->refresh_token, "refresh-1");
    EXPECT_EQ(refreshed->person.groups, std::vector<std::string>{"contractors"});
    const auto form = http::Form::parse(client_.request(1).body);
    EXPECT_EQ(form.value("grant_type"), "refresh_token");
    EXPECT_EQ(form.value("refresh_token"), "refresh-1");
    EXPECT_EQ(form.value("client_secret"), "s3cret");

    tokens_are(signed_token(good_header(), claims), "refresh-2");
    EXPECT_EQ(refresh()->refresh_token, "refresh-2");
}

TEST_F(OidcTest, RefusesARefreshThatNamesSomeoneElse) {
    tokens_are(signed_token(good_header(), good_claims()));
    expect_refused(refresh("bob-sub"), "sub");
}

TEST_F(OidcTest, RefusesARefreshThatTheProviderRefuses) {
    client_.on("/token", ScriptedReply::json(400, R"({"error":"invalid_grant","error_description":"disabled"})"));
    expect_failed(refresh(), Fault::forbidden, Reason::idp_refused, "disabled");
}

TEST_F(OidcTest, CannotRefreshWithoutAnIdTokenOrAProvider) {
    client_.on("/token", ScriptedReply::json(200, R"({"access_token":"a","refresh_token":"r"})"));
    expect_failed(refresh(), Fault::unavailable, Reason::idp_answer_invalid, "no id_token");
    client_.on("/token", ScriptedReply::of(503));
    expect_failed(refresh(), Fault::unavailable, Reason::idp_unreachable, "503");
}

TEST_F(OidcTest, LooksAtDomainGroupsAndVerifiedEmailOnRefreshToo) {
    settings_.allowed_email_domains = {"example.com"};
    settings_.allowed_groups = {"engineering"};
    auto claims = good_claims();
    claims["email_verified"] = false;
    tokens_are(signed_token(good_header(), claims));
    expect_failed(refresh(), Fault::forbidden, Reason::email_unverified, "email_verified");
    claims = good_claims();
    claims["email"] = "ada@elsewhere.com";
    tokens_are(signed_token(good_header(), claims));
    expect_failed(refresh(), Fault::forbidden, Reason::domain_not_allowed, "elsewhere.com");
    claims = good_claims();
    claims["groups"] = bj::array{"former"};
    tokens_are(signed_token(good_header(), claims));
    expect_failed(refresh(), Fault::forbidden, Reason::group_not_allowed, "allowed_groups");
}

// ---- userinfo

TEST_F(OidcTest, AsksUserinfoOnlyWhenToldToAndOnlyForGaps) {
    auto thin = good_claims();
    for (const char* name : {"email", "name", "groups"})
        thin.erase(name);
    ASSERT_TRUE(redeem_with(good_header(), thin));
    EXPECT_EQ(client_.count("/userinfo"), 0U);

    oidc_.reset();
    settings_.userinfo_fallback = true;
    ASSERT_TRUE(redeem_with(good_header(), good_claims()));
    EXPECT_EQ(client_.count("/userinfo"), 0U);

    client_.on("/userinfo", ScriptedReply::json(200, R"({"sub":"ada-sub","email":"ada@example.com","name":"Ada",
                                                         "groups":["from-userinfo"]})"));
    auto without_groups = good_claims();
    without_groups.erase("groups");
    without_groups["email"] = "ada@id-token.example";
    const auto filled = redeem_with(good_header(), without_groups);
    ASSERT_TRUE(filled) << describe(filled.error());
    EXPECT_EQ(filled->person.email, "ada@id-token.example");
    EXPECT_EQ(filled->person.groups, std::vector<std::string>{"from-userinfo"});
    EXPECT_EQ(client_.last().headers.value("authorization"), std::string("Bearer ") + access_token);
    EXPECT_EQ(client_.last().method, "GET");
}

TEST_F(OidcTest, RefusesUserinfoAboutSomeoneElse) {
    settings_.userinfo_fallback = true;
    auto thin = good_claims();
    thin.erase("groups");
    for (const char* answer : {R"({"sub":"bob-sub","groups":["admins"]})", R"({"groups":["admins"]})", "[]"}) {
        client_.on("/userinfo", ScriptedReply::json(200, answer));
        expect_refused(redeem_with(good_header(), thin), "userinfo: sub");
    }
}

TEST_F(OidcTest, CannotSignInWhenTheUserinfoItNeedsFails) {
    settings_.userinfo_fallback = true;
    auto thin = good_claims();
    thin.erase("email");
    client_.on("/userinfo", ScriptedReply::of(200, "a.signed.jwt"));
    expect_failed(redeem_with(good_header(), thin), Fault::unavailable, Reason::idp_answer_invalid, "userinfo");
    client_.on("/userinfo", ScriptedReply::of(401));
    expect_failed(redeem_with(good_header(), thin), Fault::unavailable, Reason::idp_answer_invalid, "userinfo");
    client_.on("/userinfo", ScriptedReply::json(200, R"({"sub":"ada-sub","email":"a@b.c","email_verified":false})"));
    expect_failed(redeem_with(good_header(), thin), Fault::forbidden, Reason::email_unverified, "email_verified");
}

// ---- id_tokens that must be refused

TEST_F(OidcRefusalTest, RefusesAnyOtherAlgorithm) {
    for (const char* alg : {"none", "None", "NONE", "HS256", "HS512", "ES256", "RS384", "PS256", "EdDSA", ""}) {
        auto header = good_header();
        header["alg"] = alg;
        expect_refused(redeem_with(header, good_claims()), "alg");
    }
    auto header = good_header();
    header.erase("alg");
    expect_refused(redeem_with(header, good_claims()), "alg");
    EXPECT_EQ(client_.count("/jwks"), 0U) << "a hopeless token costs no request for keys";
}

TEST_F(OidcRefusalTest, RefusesAnHmacMadeWithThePublicKey) {
    const std::string text =
        to_base64url(R"({"alg":"HS256","kid":"key-1"})") + "." + to_base64url(bj::serialize(good_claims()));
    for (const auto& key : {provider_key().modulus(), bj::serialize(jwk_of(provider_key(), "key-1"))})
        expect_refused(redeem_with(text + "." + to_base64url(hmac_sha256(key, text))), "alg");
}

TEST_F(OidcRefusalTest, RefusesAnUnknownKid) {
    auto header = good_header();
    header["kid"] = "key-2";
    expect_refused(redeem_with(signed_token(header, good_claims(), another_key())), "kid");
    header["kid"] = 1;
    expect_refused(redeem_with(header, good_claims()), "kid");
}

TEST_F(OidcRefusalTest, RefusesAKeyThatTheTokenBrings) {
    auto header = good_header();
    header["jwk"] = jwk_of(another_key(), "key-1");
    expect_refused(redeem_with(signed_token(header, good_claims(), another_key())), "jwk");
    header.erase("jwk");
    header["jku"] = "https://evil.example/jwks";
    expect_refused(redeem_with(signed_token(header, good_claims(), another_key())), "signature");
    EXPECT_EQ(client_.count("evil.example/jwks"), 0U);
}

TEST_F(OidcRefusalTest, RefusesABadOrEmptySignature) {
    const std::string good = signed_token(good_header(), good_claims());
    const std::string unsigned_part = good.substr(0, good.rfind('.') + 1);
    expect_refused(redeem_with(unsigned_part), "signature");
    expect_refused(redeem_with(unsigned_part + to_base64url(std::string(256, 'x'))), "signature");
    expect_refused(redeem_with(unsigned_part + "AA"), "signature");
    expect_refused(redeem_with(unsigned_part + "!!"), "signature");
    expect_refused(redeem_with(signed_token(good_header(), good_claims(), another_key())), "signature");
    auto forged = good_claims();
    forged["sub"] = "root";
    expect_refused(redeem_with(to_base64url(bj::serialize(good_header())) + "." + to_base64url(bj::serialize(forged)) +
                               good.substr(good.rfind('.'))),
                   "signature");
}

TEST_F(OidcRefusalTest, RefusesWhatIsNoSignedToken) {
    const std::string good = signed_token(good_header(), good_claims());
    expect_refused(redeem_with("garbage"), "three parts");
    expect_refused(redeem_with("a.b"), "three parts");
    expect_refused(redeem_with("..x"), "header");
    expect_refused(redeem_with(good + ".x.y"), "encrypted");
    expect_refused(redeem_with(good + "="), "signature");
    expect_refused(redeem_with(std::string(70'000, 'a')), "64 KiB");
    auto header = good_header();
    header["crit"] = bj::array{"b64"};
    expect_refused(redeem_with(header, good_claims()), "crit");
}

struct BadClaim {
    const char* name;
    bj::value value;  ///< null: the claim is absent
    const char* detail = "";
};

bj::value text(const std::string& value) {
    return bj::value(std::string_view(value));
}

TEST_F(OidcRefusalTest, RefusesEveryClaimThatIsWrong) {
    const auto now = to_unix_seconds(clock_.now());
    const std::vector<BadClaim> table{
        {"nonce", nullptr, "nonce is missing"},
        {"nonce", "another", "nonce is not"},
        {"nonce", 5, "nonce is missing"},
        {"aud", nullptr, "aud"},
        {"aud", "another-client", "aud"},
        {"aud", bj::array{"another-client"}, "aud"},
        {"aud", bj::array{}, "aud"},
        {"aud", bj::array{client_id, "account"}, "azp is missing"},
        {"azp", "another-client", "azp"},
        {"azp", 1, "azp"},
        {"iss", nullptr, "iss"},
        {"iss", "https://idp.example/", "iss"},
        {"iss", "https://evil.example", "iss"},
        {"iss", "HTTPS://idp.example", "iss"},
        {"exp", nullptr, "exp is missing"},
        {"exp", now, "exp is past"},
        {"exp", now - 1, "exp is past"},
        {"exp", "2100-01-01", "exp"},
        {"exp", 1e300, "exp"},
        {"nbf", now + 1, "nbf is in the future"},
        {"nbf", "now", "nbf"},
        {"iat", nullptr, "iat is missing"},
        {"iat", now + 60, "iat is in the future"},
        {"iat", now - 2 * 86400, "iat is more than a day past"},
        {"sub", nullptr, "sub is missing"},
        {"sub", "", "sub is missing"},
        {"sub", 42, "sub is missing"},
        {"sub", text(std::string(256, 'x')), "sub is too long"},
        {"sub", "ada\nroot", "sub"},
        {"at_hash", text(to_base64url(sha256("another token").substr(0, 16))), "at_hash"},
        {"at_hash", text(to_base64url(sha256(access_token))), "at_hash"},
        {"at_hash", 1, "at_hash"},
    };
    for (const auto& bad : table) {
        SCOPED_TRACE(std::string(bad.name) + ": " + bj::serialize(bad.value));
        auto claims = good_claims();
        if (bad.value.is_null())
            claims.erase(bad.name);
        else
            claims[bad.name] = bad.value;
        expect_refused(redeem_with(good_header(), claims), bad.detail);
    }
    auto unverified = good_claims();
    unverified["email_verified"] = false;
    expect_failed(redeem_with(good_header(), unverified), Fault::forbidden, Reason::email_unverified, "email_verified");
}

TEST_F(OidcRefusalTest, AcceptsWhatTheTableAboveOnlyJustMisses) {
    const auto now = to_unix_seconds(clock_.now());
    settings_.additional_authorized_parties = {"broker"};
    const std::vector<BadClaim> table{
        {"aud", bj::array{client_id}, ""},
        {"azp", client_id, ""},
        {"azp", "broker", ""},
        {"exp", now + 5, ""},
        {"exp", static_cast<double>(now) + 5.5, ""},
        {"nbf", now, ""},
        {"iat", now + 5, ""},
        {"iat", now - 3600, ""},
        {"sub", text(std::string(255, 'x')), ""},
        {"email_verified", nullptr, ""},
        {"at_hash", text(to_base64url(sha256(access_token).substr(0, 16))), ""},
    };
    for (const auto& good : table) {
        SCOPED_TRACE(std::string(good.name) + ": " + bj::serialize(good.value));
        auto claims = good_claims();
        if (good.value.is_null())
            claims.erase(good.name);
        else
            claims[good.name] = good.value;
        const auto signed_in = redeem_with(good_header(), claims);
        EXPECT_TRUE(signed_in) << describe(signed_in.error());
    }
}

TEST_F(OidcRefusalTest, ToleratesTheConfiguredClockSkewAndNoMore) {
    settings_.clock_skew = seconds(30);
    const auto now = to_unix_seconds(clock_.now());
    const auto with = [&](const char* name, long long value) {
        auto claims = good_claims();
        claims[name] = value;
        return redeem_with(good_header(), claims);
    };
    EXPECT_TRUE(with("exp", now - 29));
    expect_refused(with("exp", now - 30), "exp is past");
    EXPECT_TRUE(with("nbf", now + 30));
    expect_refused(with("nbf", now + 31), "nbf");
}

TEST_F(OidcRefusalTest, AcceptsATokenWithoutKidByAnyKeyOfTheProvider) {
    client_.on("/jwks", ScriptedReply::json(200, jwks_of({jwk_of(another_key(), "a"), jwk_of(provider_key(), "b")})));
    auto header = good_header();
    header.erase("kid");
    EXPECT_TRUE(redeem_with(header, good_claims()));
}

}  // namespace
}  // namespace gatehouse::auth::testing

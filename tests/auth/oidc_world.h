// SPDX-License-Identifier: Apache-2.0
// An OpenID provider for the tests of Oidc: real RSA signatures, everything else scripted. A test changes one thing
// (a claim, the header, the keys, an answer) and signs in.
#pragma once

#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

#include "auth/oidc.h"
#include "gateway/base/crypto.h"
#include "tests/support/manual_clock.h"
#include "tests/support/run_task.h"
#include "tests/support/scripted_client.h"

namespace gatehouse::auth::testing {

namespace bj = boost::json;
using gatehouse::testing::ManualClock;
using gatehouse::testing::run;
using gatehouse::testing::ScriptedClient;
using gatehouse::testing::ScriptedReply;

inline constexpr const char* issuer = "https://idp.example";
inline constexpr const char* client_id = "gatehouse";
inline constexpr const char* nonce = "nonce-of-this-sign-in";
inline constexpr const char* access_token = "the-access-token";

/// Generating a key takes a tenth of a second: two for the whole process.
inline const RsaKey& provider_key() {
    static const RsaKey key = RsaKey::generate();
    return key;
}
inline const RsaKey& another_key() {
    static const RsaKey key = RsaKey::generate();
    return key;
}

inline bj::object jwk_of(const RsaKey& key, const std::string& kid) {
    return {{"kty", "RSA"},
            {"use", "sig"},
            {"alg", "RS256"},
            {"kid", kid},
            {"n", to_base64url(key.modulus())},
            {"e", to_base64url(key.exponent())}};
}

inline std::string jwks_of(bj::array keys) {
    return bj::serialize(bj::object{{"keys", std::move(keys)}});
}

inline std::string signed_token(const bj::object& header, const bj::object& claims,
                                const RsaKey& key = provider_key()) {
    const std::string text = to_base64url(bj::serialize(header)) + "." + to_base64url(bj::serialize(claims));
    return text + "." + to_base64url(key.sign_rs256(text));
}

inline std::string fixture(const std::string& path) {
    std::ifstream file(GATEHOUSE_SOURCE_DIR "/tests/auth/fixtures/" + path);
    std::stringstream text;
    text << file.rdbuf();
    EXPECT_FALSE(text.str().empty()) << path;
    return text.str();
}

inline OidcSettings plain_settings() {
    OidcSettings settings;
    settings.issuer = issuer;
    settings.client_id = client_id;
    settings.client_secret = Secret("s3cret");
    return settings;
}

inline AuthorizationRequest authorization() {
    return {"the-state", nonce, "the-pkce-verifier-of-this-sign-in-attempt", "https://gateway.example/oauth/callback"};
}

class OidcTest : public ::testing::Test {
  protected:
    OidcTest() {
        client_.on("/.well-known/openid-configuration", ScriptedReply::json(200, bj::serialize(discovery_document())));
        client_.on("/jwks", ScriptedReply::json(200, jwks_of({jwk_of(provider_key(), "key-1")})));
    }
    ~OidcTest() override { pool_.join(); }

    static bj::object discovery_document() {
        return {{"issuer", issuer},
                {"authorization_endpoint", "https://idp.example/authorize"},
                {"token_endpoint", "https://idp.example/token"},
                {"userinfo_endpoint", "https://idp.example/userinfo"},
                {"jwks_uri", "https://idp.example/jwks"},
                {"token_endpoint_auth_methods_supported", {"client_secret_basic", "client_secret_post"}}};
    }
    static bj::object good_header() { return {{"alg", "RS256"}, {"typ", "JWT"}, {"kid", "key-1"}}; }
    bj::object good_claims() const {
        const auto now = to_unix_seconds(clock_.now());
        return {{"iss", issuer},
                {"sub", "ada-sub"},
                {"aud", client_id},
                {"exp", now + 300},
                {"iat", now},
                {"nonce", nonce},
                {"email", "ada@example.com"},
                {"email_verified", true},
                {"name", "Ada Lovelace"},
                {"groups", {"engineering"}}};
    }

    void discovery_says(const bj::object& document) {
        client_.on("/.well-known/openid-configuration", ScriptedReply::json(200, bj::serialize(document)));
    }
    void tokens_are(std::string id_token, std::string refresh_token = "refresh-1") {
        bj::object answer{{"access_token", access_token}, {"token_type", "Bearer"}, {"id_token", std::move(id_token)}};
        if (!refresh_token.empty()) answer["refresh_token"] = refresh_token;
        client_.on("/token", ScriptedReply::json(200, bj::serialize(answer)));
    }

    Oidc& oidc() {
        if (!oidc_) oidc_.emplace(settings_, client_, pool_, clock_);
        return *oidc_;
    }
    Result<SignedIn> redeem() { return run(context_, oidc().redeem("the-code", authorization())); }
    Result<SignedIn> refresh(const std::string& subject = "ada-sub") {
        return run(context_, oidc().refresh("refresh-1", subject));
    }
    /// A sign-in whose token endpoint answers with this id_token.
    Result<SignedIn> redeem_with(std::string id_token) {
        tokens_are(std::move(id_token));
        return redeem();
    }
    Result<SignedIn> redeem_with(const bj::object& header, const bj::object& claims) {
        return redeem_with(signed_token(header, claims));
    }

    static void expect_failed(const Result<SignedIn>& result, Fault fault, Reason reason, std::string_view detail) {
        ASSERT_FALSE(result) << "signed in, should have failed: " << detail;
        EXPECT_EQ(to_slug(result.error().fault), to_slug(fault)) << describe(result.error());
        EXPECT_EQ(to_slug(result.error().reason), to_slug(reason)) << describe(result.error());
        EXPECT_NE(result.error().detail.find(detail), std::string::npos) << describe(result.error());
        EXPECT_FALSE(result.error().message.empty());
    }
    static void expect_refused(const Result<SignedIn>& result, std::string_view detail) {
        expect_failed(result, Fault::forbidden, Reason::claims_invalid, detail);
    }

    boost::asio::io_context context_{1};
    BlockingPool pool_{1};
    ManualClock clock_;
    ScriptedClient client_;
    OidcSettings settings_ = plain_settings();
    std::optional<Oidc> oidc_;
};

}  // namespace gatehouse::auth::testing

// SPDX-License-Identifier: Apache-2.0
// The provider's documents: what is accepted, how long it is kept, and how seldom the provider is asked.
#include "auth/provider.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <memory>
#include <string>
#include <vector>

#include "tests/auth/oidc_world.h"

namespace gatehouse::auth::testing {
namespace {

using gatehouse::testing::Gate;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* well_known = "/.well-known/openid-configuration";

class ProviderTest : public OidcTest {
  protected:
    Result<SignedIn> sign_in_with_kid(const std::string& kid, const RsaKey& key = provider_key()) {
        auto header = good_header();
        header["kid"] = kid;
        return redeem_with(signed_token(header, good_claims(), key));
    }
    void keys_are(bj::array list) { client_.on("/jwks", ScriptedReply::json(200, jwks_of(std::move(list)))); }
    Result<> prime() { return run(context_, oidc().prime()); }
};

// ---- discovery

TEST_F(ProviderTest, IsPrimedByItsDiscoveryDocument) {
    ASSERT_TRUE(prime());
    EXPECT_EQ(oidc().authorize_origin(), "https://idp.example");
    EXPECT_EQ(client_.last().url.host + client_.last().target, "idp.example/.well-known/openid-configuration");
    EXPECT_EQ(client_.last().headers.value("accept"), "application/json");
}

TEST_F(ProviderTest, NamesTheAddressWhenItCannotBeReachedAtBoot) {
    client_.on(well_known,
               ScriptedReply::failure(Error::upstream_unreachable(Reason::name_not_resolved, "no such host")));
    const auto primed = prime();
    ASSERT_FALSE(primed);
    EXPECT_EQ(primed.error().reason, Reason::idp_unreachable);
    EXPECT_NE(primed.error().detail.find("https://idp.example/.well-known/openid-configuration"), std::string::npos);
    EXPECT_NE(primed.error().detail.find("no such host"), std::string::npos);
}

TEST_F(ProviderTest, IsRefusedWhenItIsAnotherOrHalfOfOne) {
    const auto refused = [&](const char* name, bj::value value, std::string_view detail) {
        auto document = discovery_document();
        if (value.is_null())
            document.erase(name);
        else
            document[name] = value;
        discovery_says(document);
        oidc_.reset();
        const auto primed = prime();
        ASSERT_FALSE(primed) << name;
        EXPECT_EQ(primed.error().reason, Reason::idp_answer_invalid);
        EXPECT_NE(primed.error().detail.find(detail), std::string::npos) << primed.error().detail;
    };
    refused("issuer", "https://idp.example/", "issuer is \"https://idp.example/\"");
    refused("issuer", "https://evil.example", "oidc.issuer is \"https://idp.example\"");
    refused("issuer", nullptr, "issuer");
    refused("token_endpoint", nullptr, "token_endpoint is missing");
    refused("token_endpoint", "http://idp.example/token", "plain http");
    refused("token_endpoint", "ftp://idp.example/token", "token_endpoint");
    refused("jwks_uri", "http://idp.example/jwks", "plain http");
    refused("jwks_uri", 7, "jwks_uri is missing");
    refused("authorization_endpoint", "javascript:alert(1)", "authorization_endpoint");
    refused("userinfo_endpoint", "http://idp.example/userinfo", "plain http");
}

TEST_F(ProviderTest, IsRefusedWhenTheAnswerIsNoDocument) {
    for (auto reply : {ScriptedReply::of(404), ScriptedReply::of(500), ScriptedReply::of(200, "<html>"),
                       ScriptedReply::of(200, std::string(2'000'000, ' ')),
                       ScriptedReply::of(301).header("location", "https://elsewhere.example/")}) {
        client_.on(well_known, reply);
        oidc_.reset();
        EXPECT_FALSE(prime());
    }
    EXPECT_EQ(client_.count("elsewhere.example/"), 0U);
}

TEST_F(ProviderTest, MayHavePlainEndpointsWhenItsIssuerIsPlain) {
    settings_.issuer = "http://127.0.0.1:9000";
    client_.on(well_known, ScriptedReply::json(200, R"({"issuer":"http://127.0.0.1:9000",
        "authorization_endpoint":"http://127.0.0.1:9000/auth","token_endpoint":"http://127.0.0.1:9000/token",
        "jwks_uri":"http://127.0.0.1:9000/jwks"})"));
    EXPECT_TRUE(prime());
}

TEST_F(ProviderTest, IsFoundAtTheDiscoveryUrlWhenThereIsOne) {
    settings_.discovery_url = "https://proxy.example/idp/.well-known/openid-configuration?v=1";
    EXPECT_TRUE(prime());
    EXPECT_EQ(client_.last().url.host, "proxy.example");
    EXPECT_EQ(client_.last().target, "/idp/.well-known/openid-configuration?v=1");
}

// ---- caching

TEST_F(ProviderTest, IsAskedForItsDocumentsOnceAnHour) {
    for (int sign_in = 0; sign_in < 5; ++sign_in)
        ASSERT_TRUE(sign_in_with_kid("key-1"));
    EXPECT_EQ(client_.count(well_known), 1U);
    EXPECT_EQ(client_.count("/jwks"), 1U);
    clock_.advance(minutes(60));
    ASSERT_TRUE(sign_in_with_kid("key-1"));
    EXPECT_EQ(client_.count(well_known), 2U);
    EXPECT_EQ(client_.count("/jwks"), 2U);
}

TEST_F(ProviderTest, IsUsedAsItWasWhenItStopsAnswering) {
    ASSERT_TRUE(sign_in_with_kid("key-1"));
    client_.on(well_known, ScriptedReply::of(503));
    client_.on("/jwks", ScriptedReply::of(503));
    clock_.advance(minutes(61));
    EXPECT_TRUE(sign_in_with_kid("key-1"));
}

TEST_F(ProviderTest, IsAskedEverLessOftenWhileItDoesNotAnswer) {
    client_.on(well_known, ScriptedReply::of(503));
    EXPECT_FALSE(prime());
    EXPECT_FALSE(prime());
    EXPECT_EQ(client_.count(well_known), 1U);
    clock_.advance(seconds(1));
    EXPECT_FALSE(prime());
    clock_.advance(seconds(1));
    EXPECT_FALSE(prime());
    EXPECT_EQ(client_.count(well_known), 2U);
    clock_.advance(seconds(1));
    EXPECT_FALSE(prime());
    EXPECT_EQ(client_.count(well_known), 3U);
    for (int minute = 0; minute < 10; ++minute) {
        clock_.advance(minutes(1));
        EXPECT_FALSE(prime());
    }
    EXPECT_EQ(client_.count(well_known), 13U) << "at most a minute apart";
    discovery_says(discovery_document());
    clock_.advance(minutes(1));
    EXPECT_TRUE(prime());
}

TEST_F(ProviderTest, IsNotBlamedForACancelledRequest) {
    client_.next(ScriptedReply::failure(Error::client_gone()));
    EXPECT_FALSE(prime());
    EXPECT_TRUE(prime());
}

TEST_F(ProviderTest, IsAskedOnceByManySignInsAtOnce) {
    const auto gate = std::make_shared<Gate>();
    client_.on(well_known, ScriptedReply::json(200, bj::serialize(discovery_document())).head_after(gate));
    int done = 0;
    for (int sign_in = 0; sign_in < 20; ++sign_in)
        boost::asio::co_spawn(context_, oidc().prime(), [&](std::exception_ptr, Result<> primed) {
            EXPECT_TRUE(primed);
            ++done;
        });
    context_.poll();
    EXPECT_EQ(client_.count(well_known), 1U);
    EXPECT_EQ(done, 0);
    gate->open();
    context_.restart();
    context_.poll();
    EXPECT_EQ(done, 20);
    EXPECT_EQ(client_.count(well_known), 1U);
}

TEST_F(ProviderTest, IsAskedAgainByAWaitingSignInWhenTheAskingOneWasCancelled) {
    const auto gate = std::make_shared<Gate>();
    client_.next(ScriptedReply::failure(Error::client_gone()).head_after(gate));
    std::vector<bool> outcomes;
    for (int sign_in = 0; sign_in < 3; ++sign_in)
        boost::asio::co_spawn(context_, oidc().prime(),
                              [&](std::exception_ptr, Result<> primed) { outcomes.push_back(primed.has_value()); });
    context_.poll();
    gate->open();
    context_.restart();
    context_.poll();
    EXPECT_EQ(outcomes, (std::vector<bool>{false, true, true}));
    EXPECT_EQ(client_.count(well_known), 2U);
}

// ---- keys

TEST_F(ProviderTest, MayRotateItsKeysBetweenTwoSignIns) {
    ASSERT_TRUE(sign_in_with_kid("key-1"));
    keys_are({jwk_of(another_key(), "key-2")});
    const auto signed_in = sign_in_with_kid("key-2", another_key());
    EXPECT_TRUE(signed_in) << describe(signed_in.error());
    EXPECT_EQ(client_.count("/jwks"), 2U);
    expect_refused(sign_in_with_kid("key-1"), "kid");
}

TEST_F(ProviderTest, MayRotateKeysThatHaveNoIds) {
    auto header = good_header();
    header.erase("kid");
    ASSERT_TRUE(redeem_with(header, good_claims()));
    keys_are({jwk_of(another_key(), "key-2")});
    EXPECT_TRUE(redeem_with(signed_token(header, good_claims(), another_key())));
}

TEST_F(ProviderTest, IsNotHammeredByTokensWithUnknownKids) {
    ASSERT_TRUE(sign_in_with_kid("key-1"));
    for (int forgery = 0; forgery < 10; ++forgery)
        expect_refused(sign_in_with_kid("forged-" + std::to_string(forgery)), "kid");
    EXPECT_EQ(client_.count("/jwks"), 2U);
    clock_.advance(seconds(30));
    expect_refused(sign_in_with_kid("forged"), "kid");
    EXPECT_EQ(client_.count("/jwks"), 3U);
    EXPECT_TRUE(sign_in_with_kid("key-1"));
}

TEST_F(ProviderTest, IsNotAskedAboutABadSignatureByAKnownKey) {
    ASSERT_TRUE(sign_in_with_kid("key-1"));
    expect_refused(sign_in_with_kid("key-1", another_key()), "signature");
    EXPECT_EQ(client_.count("/jwks"), 1U);
}

TEST_F(ProviderTest, IsUnavailableRatherThanRefusingWhenItsNewKeysCannotBeFetched) {
    ASSERT_TRUE(sign_in_with_kid("key-1"));
    client_.on("/jwks", ScriptedReply::of(503));
    for (int attempt = 0; attempt < 2; ++attempt)
        expect_failed(sign_in_with_kid("key-2", another_key()), Fault::unavailable, Reason::idp_answer_invalid, "503");
    EXPECT_EQ(client_.count("/jwks"), 2U);
    EXPECT_TRUE(sign_in_with_kid("key-1")) << "known keys stay good";
}

TEST_F(ProviderTest, CannotSignAnyoneInWithoutKeys) {
    client_.on("/jwks", ScriptedReply::failure(Error::timed_out(Reason::upstream_timeout, "10 s")));
    expect_failed(sign_in_with_kid("key-1"), Fault::unavailable, Reason::idp_unreachable, "https://idp.example/jwks");
}

}  // namespace
}  // namespace gatehouse::auth::testing

// SPDX-License-Identifier: Apache-2.0
// Sign-ins with the providers of this world, from documents of their shape (fixtures/<provider>/). What differs between
// them: issuers with slashes, keys without `alg`, encryption keys in the set, groups under odd names or only in
// userinfo, several audiences, `upn` for an email.
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "tests/auth/oidc_world.h"

namespace gatehouse::auth::testing {
namespace {

struct World {
    const char* name;
    const char* issuer;
    void (*configure)(OidcSettings& settings);
    Person person;
    const char* discovery_place;
    const char* token_place;
    bool has_userinfo = false;
};

void PrintTo(const World& world, std::ostream* out) {
    *out << world.name;
}

void nothing(OidcSettings&) {}

const std::vector<World>& worlds() {
    static const std::vector<World> table{
        {"auth0",
         "https://example.eu.auth0.com/",
         [](OidcSettings& settings) { settings.groups_claim = "https://example.com/groups"; },
         {"auth0|65f1c0ffee65f1c0ffee65f1", "ada@example.com", "Ada Lovelace", {"engineering", "admins"}},
         "example.eu.auth0.com/.well-known/openid-configuration",
         "example.eu.auth0.com/oauth/token"},
        {"keycloak",
         "https://sso.example.com/realms/corp",
         [](OidcSettings& settings) { settings.groups_claim = "/resource_access/gateway/roles"; },
         {"f:6f1c2d:ada", "ada@example.com", "Ada Lovelace", {"engineering", "oncall"}},
         "sso.example.com/realms/corp/.well-known/openid-configuration",
         "sso.example.com/realms/corp/protocol/openid-connect/token"},
        {"entra",
         "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
         [](OidcSettings& settings) {
             settings.groups_claim = "roles";
             settings.email_claims = {"email", "preferred_username"};
             settings.allowed_email_domains = {"example.com"};
         },
         {"AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
          "Ada@Example.com",
          "Ada Lovelace",
          {"Engineering", "Gateway.Admin"}},
         "/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0/.well-known/openid-configuration",
         "/9188040d-6c67-4c5b-b112-36a304b66dad/oauth2/v2.0/token"},
        {"google",
         "https://accounts.google.com",
         nothing,
         {"110169484474386276334", "ada@example.com", "Ada Lovelace", {}},
         "accounts.google.com/.well-known/openid-configuration",
         "oauth2.googleapis.com/token"},
        {"okta",
         "https://example.okta.com",
         [](OidcSettings& settings) {
             settings.userinfo_fallback = true;
             settings.allowed_groups = {"engineering"};
         },
         {"00uid4BxXw6I6TV4m0g3", "ada@example.com", "Ada Lovelace", {"Everyone", "engineering"}},
         "example.okta.com/.well-known/openid-configuration",
         "example.okta.com/oauth2/v1/token",
         true},
        {"adfs",
         "https://adfs.example.com/adfs",
         [](OidcSettings& settings) { settings.email_claims = {"email", "upn"}; },
         {"Jm4WbdqoBdKAtN9QyM1Jxw8HFhFZ3UIPBXQG1YKxmPE=", "ada@example.com", "", {"engineering"}},
         "adfs.example.com/adfs/.well-known/openid-configuration",
         "adfs.example.com/adfs/oauth2/token/"},
    };
    return table;
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
    return text;
}

class OidcProvidersTest : public OidcTest, public ::testing::WithParamInterface<World> {
  protected:
    OidcProvidersTest() {
        settings_.issuer = world().issuer;
        world().configure(settings_);
        client_.forget_scripts();
        client_.on(world().discovery_place, ScriptedReply::json(200, document("discovery.json")));
        const auto discovery = bj::parse(document("discovery.json")).as_object();
        client_.on(after_scheme(discovery.at("jwks_uri")), ScriptedReply::json(200, document("jwks.json")));
        if (world().has_userinfo)
            client_.on(after_scheme(discovery.at("userinfo_endpoint")),
                       ScriptedReply::json(200, document("userinfo.json")));
    }

    static const World& world() { return GetParam(); }
    static std::string after_scheme(const bj::value& address) {
        return std::string(address.as_string()).substr(std::string_view("https://").size());
    }

    /// The fixture with this test's key, times and nonce in it.
    std::string document(const char* file) const {
        std::string text = fixture(std::string(world().name) + "/" + file);
        text = replaced(std::move(text), "@n@", to_base64url(provider_key().modulus()));
        text = replaced(std::move(text), "@e@", to_base64url(provider_key().exponent()));
        text = replaced(std::move(text), "@kid@", "the-current-key");
        text = replaced(std::move(text), "@client@", client_id);
        text = replaced(std::move(text), "@nonce@", nonce);
        text = replaced(std::move(text), "@at_hash@", to_base64url(sha256(access_token).substr(0, 16)));
        text = replaced(std::move(text), "\"@now@\"", std::to_string(to_unix_seconds(clock_.now())));
        return replaced(std::move(text), "\"@later@\"", std::to_string(to_unix_seconds(clock_.now()) + 3600));
    }

    void token_endpoint_gives(const bj::object& claims) {
        const std::string token = signed_token({{"alg", "RS256"}, {"typ", "JWT"}, {"kid", "the-current-key"}}, claims);
        client_.on(world().token_place,
                   ScriptedReply::json(200, bj::serialize(bj::object{{"access_token", access_token},
                                                                     {"token_type", "Bearer"},
                                                                     {"expires_in", 3600},
                                                                     {"refresh_token", "r"},
                                                                     {"id_token", token}})));
    }
};

TEST_P(OidcProvidersTest, SignsItsPeopleIn) {
    token_endpoint_gives(bj::parse(document("claims.json")).as_object());
    const auto signed_in = redeem();
    ASSERT_TRUE(signed_in) << describe(signed_in.error());
    EXPECT_EQ(signed_in->person.subject, world().person.subject);
    EXPECT_EQ(signed_in->person.email, world().person.email);
    EXPECT_EQ(signed_in->person.name, world().person.name);
    EXPECT_EQ(signed_in->person.groups, world().person.groups);
    EXPECT_EQ(signed_in->refresh_token, "r");
}

TEST_P(OidcProvidersTest, RefreshesItsPeople) {
    auto claims = bj::parse(document("claims.json")).as_object();
    claims.erase("nonce");
    token_endpoint_gives(claims);
    const auto refreshed = refresh(world().person.subject);
    ASSERT_TRUE(refreshed) << describe(refreshed.error());
    EXPECT_EQ(refreshed->person.email, world().person.email);
    expect_refused(refresh("someone-else"), "sub");
}

TEST_P(OidcProvidersTest, RefusesTokensForAnotherClientOfTheSameProvider) {
    auto claims = bj::parse(document("claims.json")).as_object();
    claims["aud"] = "another-client";
    claims.erase("azp");
    token_endpoint_gives(claims);
    expect_refused(redeem(), "aud");
}

TEST_P(OidcProvidersTest, IsAuthenticatedToByTheFormWhenBothAreOnOffer) {
    token_endpoint_gives(bj::parse(document("claims.json")).as_object());
    ASSERT_TRUE(redeem());
    ASSERT_EQ(client_.count(world().token_place), 1U);
    EXPECT_FALSE(client_.request(1).headers.find("authorization"));
    EXPECT_NE(client_.request(1).body.find("client_secret=s3cret"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Worlds, OidcProvidersTest, ::testing::ValuesIn(worlds()),
                         [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace gatehouse::auth::testing

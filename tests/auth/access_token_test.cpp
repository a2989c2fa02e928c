// SPDX-License-Identifier: Apache-2.0
// The access token's form and every way in which one is refused.
#include "auth/access_token.h"

#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <string>

#include "gateway/base/crypto.h"
#include "gateway/base/json.h"

namespace gatehouse::auth {
namespace {

namespace bj = boost::json;
using std::chrono::hours;
using std::chrono::seconds;

constexpr const char* issuer = "https://gateway.example";
constexpr const char* secret = "0123456789abcdef0123456789abcdef";
constexpr const char* older_secret = "fedcba9876543210fedcba9876543210";
const Instant now = from_unix_seconds(1'800'000'000);
const Person ada{"ada-sub", "ada@example.com", "Ada L\xc3\xb6velace", {"engineering", "admins"}};

SessionSettings settings_with(std::vector<std::string> secrets) {
    SessionSettings settings;
    for (auto& value : secrets)
        settings.jwt_secrets.emplace_back(std::move(value));
    settings.ttl = seconds(3600);
    return settings;
}

bj::value part(const std::string& token, int index) {
    std::size_t begin = 0;
    for (int skipped = 0; skipped < index; ++skipped)
        begin = token.find('.', begin) + 1;
    return *json::parse(*from_base64url(token.substr(begin, token.find('.', begin) - begin)));
}

bj::object good_claims() {
    return {{"sub", "ada-sub"},
            {"aud", "claude-gateway"},
            {"iss", issuer},
            {"iat", to_unix_seconds(now)},
            {"exp", to_unix_seconds(now) + 60},
            {"sid", "session-1"}};
}

std::string sign(const std::string& header, const bj::object& claims, std::string_view key = secret) {
    const std::string text = to_base64url(header) + "." + to_base64url(bj::serialize(claims));
    return text + "." + to_base64url(hmac_sha256(key, text));
}

constexpr const char* plain_header = R"({"alg":"HS256","typ":"JWT"})";

class AccessTokenTest : public ::testing::Test {
  protected:
    AccessTokens tokens_{settings_with({secret}), issuer};

    void expect_refused(const std::string& token, std::string_view detail) {
        const auto verified = tokens_.verify(token, now);
        ASSERT_FALSE(verified) << token;
        EXPECT_EQ(verified.error().fault, Fault::unauthenticated);
        EXPECT_EQ(verified.error().message, "invalid token");
        EXPECT_NE(verified.error().detail.find(detail), std::string::npos) << verified.error().detail;
    }
};

TEST_F(AccessTokenTest, ComesBackAsThePersonAndSessionItWasMintedFor) {
    const auto verified = tokens_.verify(tokens_.mint(ada, "session-1", now), now);
    ASSERT_TRUE(verified) << describe(verified.error());
    EXPECT_EQ(verified->person.subject, "ada-sub");
    EXPECT_EQ(verified->person.email, "ada@example.com");
    EXPECT_EQ(verified->person.name, ada.name);
    EXPECT_EQ(verified->person.groups, ada.groups);
    EXPECT_EQ(verified->session_id, "session-1");
    EXPECT_EQ(verified->issued_at, now);
    EXPECT_EQ(verified->expires_at, now + seconds(3600));
}

TEST_F(AccessTokenTest, HasTheHeaderAndClaimsThatClientsRead) {
    const std::string token = tokens_.mint(ada, "session-1", now);
    const auto header = part(token, 0);
    EXPECT_EQ(header.at("alg").as_string(), "HS256");
    EXPECT_EQ(header.at("typ").as_string(), "JWT");
    EXPECT_EQ(header.at("kid").as_string().size(), 16U);
    EXPECT_EQ(header.as_object().size(), 3U);
    const auto claims = part(token, 1);
    EXPECT_EQ(claims.at("sub").as_string(), "ada-sub");
    EXPECT_EQ(claims.at("email").as_string(), "ada@example.com");
    EXPECT_EQ(claims.at("name").as_string(), ada.name);
    EXPECT_EQ(claims.at("groups"), (bj::array{"engineering", "admins"}));
    EXPECT_EQ(claims.at("aud").as_string(), "claude-gateway");
    EXPECT_EQ(claims.at("iss").as_string(), issuer);
    EXPECT_EQ(claims.at("iat").to_number<long long>(), 1'800'000'000);
    EXPECT_EQ(claims.at("exp").to_number<long long>(), 1'800'003'600);
    EXPECT_EQ(claims.at("sid").as_string(), "session-1");
    EXPECT_EQ(claims.at("jti").as_string().size(), 36U);
}

TEST_F(AccessTokenTest, NamesTheBillingGroupTagFromWhenOnThereIsOneUntilThereIsNone) {
    EXPECT_FALSE(part(tokens_.mint(ada, "s", now), 1).as_object().contains("billing_group_tag"));
    tokens_.set_billing_group_tag("cost-center");
    const std::string token = tokens_.mint(ada, "s", now);
    EXPECT_EQ(part(token, 1).at("billing_group_tag").as_string(), "cost-center");
    EXPECT_EQ(tokens_.verify(token, now)->person, ada);
    tokens_.set_billing_group_tag("");
    EXPECT_FALSE(part(tokens_.mint(ada, "s", now), 1).as_object().contains("billing_group_tag"));
}

TEST_F(AccessTokenTest, HasAKidThatIsConstantForASecretAndItsOwnIdEachTime) {
    const std::string first = tokens_.mint(ada, "s", now);
    const std::string second = AccessTokens(settings_with({secret}), "https://other").mint(ada, "s", now);
    const std::string other = AccessTokens(settings_with({older_secret}), issuer).mint(ada, "s", now);
    EXPECT_EQ(part(first, 0).at("kid"), part(second, 0).at("kid"));
    EXPECT_NE(part(first, 0).at("kid"), part(other, 0).at("kid"));
    EXPECT_NE(part(first, 1).at("jti"), part(second, 1).at("jti"));
}

TEST_F(AccessTokenTest, MintedWithAnOlderSecretStaysValidWhileThatSecretIsListed) {
    const std::string old_token = AccessTokens(settings_with({older_secret}), issuer).mint(ada, "s", now);
    const AccessTokens rotated(settings_with({secret, older_secret}), issuer);
    EXPECT_TRUE(rotated.verify(old_token, now));
    EXPECT_EQ(part(rotated.mint(ada, "s", now), 0).at("kid"), part(tokens_.mint(ada, "s", now), 0).at("kid"));
    expect_refused(old_token, "kid");
}

TEST_F(AccessTokenTest, NeedsNoKidButAKidMustBeKnown) {
    EXPECT_TRUE(tokens_.verify(sign(plain_header, good_claims()), now));
    const AccessTokens rotated(settings_with({older_secret, secret}), issuer);
    EXPECT_TRUE(rotated.verify(sign(plain_header, good_claims()), now));
    expect_refused(sign(R"({"alg":"HS256","kid":"0000000000000000"})", good_claims()), "kid");
    expect_refused(sign(R"({"alg":"HS256","kid":7})", good_claims()), "kid");
}

TEST_F(AccessTokenTest, IsRefusedWithAnyOtherAlgorithm) {
    for (const char* alg : {"none", "None", "hs256", "HS384", "HS512", "RS256", ""})
        expect_refused(sign(std::string(R"({"alg":")") + alg + R"("})", good_claims()), "alg");
    expect_refused(sign(R"({"typ":"JWT"})", good_claims()), "alg");
    expect_refused(sign(R"({"alg":"HS256","crit":["exp"]})", good_claims()), "crit");
}

TEST_F(AccessTokenTest, IsRefusedWhenAnyCharacterChanged) {
    const std::string token = tokens_.mint(ada, "session-1", now);
    for (std::size_t index = 0; index < token.size(); ++index) {
        std::string changed = token;
        changed[index] = changed[index] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(tokens_.verify(changed, now)) << "at " << index;
    }
}

TEST_F(AccessTokenTest, IsRefusedWithoutAProperSignature) {
    const std::string token = tokens_.mint(ada, "session-1", now);
    const std::string unsigned_part = token.substr(0, token.rfind('.'));
    expect_refused(unsigned_part, "three parts");
    expect_refused(unsigned_part + ".", "signature");
    expect_refused(token + "=", "signature");
    expect_refused(token + ".x", "signature");
    expect_refused(sign(plain_header, good_claims(), "another secret of thirty-two byt"), "signature");
    expect_refused("", "three parts");
    expect_refused("..", "header");
    expect_refused(std::string(40'000, 'a'), "32 KiB");
}

TEST_F(AccessTokenTest, IsRefusedFromTheSecondItExpires) {
    const std::string token = tokens_.mint(ada, "session-1", now);
    EXPECT_TRUE(tokens_.verify(token, now + seconds(3600) - std::chrono::milliseconds(1)));
    const auto expired = tokens_.verify(token, now + seconds(3600));
    ASSERT_FALSE(expired);
    EXPECT_EQ(expired.error().reason, Reason::token_expired);
    EXPECT_EQ(expired.error().message, "invalid token");
}

TEST_F(AccessTokenTest, IsRefusedBeforeItsNbf) {
    auto claims = good_claims();
    claims["nbf"] = to_unix_seconds(now) + 1;
    expect_refused(sign(plain_header, claims), "nbf");
    claims["nbf"] = "soon";
    expect_refused(sign(plain_header, claims), "nbf");
    claims["nbf"] = to_unix_seconds(now);
    EXPECT_TRUE(tokens_.verify(sign(plain_header, claims), now));
}

TEST_F(AccessTokenTest, IsRefusedWithoutTheClaimsThatMakeItOurs) {
    for (const char* name : {"sub", "aud", "iss", "exp", "sid"}) {
        auto claims = good_claims();
        claims.erase(name);
        expect_refused(sign(plain_header, claims), name);
        claims[name] = bj::array{issuer, "claude-gateway"};
        expect_refused(sign(plain_header, claims), name);
    }
    auto claims = good_claims();
    claims["iss"] = std::string(issuer) + "/";
    expect_refused(sign(plain_header, claims), "iss");
    claims = good_claims();
    claims["aud"] = "claude-gateway2";
    expect_refused(sign(plain_header, claims), "aud");
    claims = good_claims();
    claims["exp"] = 9e18;
    expect_refused(sign(plain_header, claims), "exp");
}

}  // namespace
}  // namespace gatehouse::auth

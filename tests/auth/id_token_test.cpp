// SPDX-License-Identifier: Apache-2.0
// Which keys of a provider may verify a token, and that the library verifies every algorithm that we allow.
// fixtures/signed/every_alg.json was made once with another library (Python's cryptography).
#include "auth/id_token.h"

#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <string>
#include <vector>

#include "auth/liboauth2.h"
#include "tests/auth/oidc_world.h"

namespace gatehouse::auth::testing {
namespace {

using Kid = std::optional<std::string>;

KeySet keys(bj::array list) {
    auto set = KeySet::parse(jwks_of(std::move(list)));
    EXPECT_TRUE(set);
    return std::move(*set);
}

bj::object changed(bj::object jwk, std::string_view name, bj::value value) {
    jwk[name] = std::move(value);
    return jwk;
}

bj::object good_key() {
    return jwk_of(provider_key(), "k");
}

TEST(KeySet, GivesTheKeyOfThatIdWithItsPublicMembersAlone) {
    auto key = good_key();
    key["d"] = "c2VjcmV0";
    key["x5c"] = bj::array{"MIIC"};
    const auto set = keys({jwk_of(another_key(), "other"), key});
    const auto found = set.candidates("RS256", "k");
    ASSERT_EQ(found.size(), 1U);
    const auto jwk = bj::parse(found[0]).as_object();
    EXPECT_EQ(jwk.size(), 3U);
    EXPECT_EQ(jwk.at("kty").as_string(), "RSA");
    EXPECT_EQ(jwk.at("n").as_string(), to_base64url(provider_key().modulus()));
    EXPECT_EQ(jwk.at("e").as_string(), to_base64url(provider_key().exponent()));
}

TEST(KeySet, GivesEveryFittingKeyForATokenWithoutKid) {
    const auto set = keys({jwk_of(another_key(), "other"), good_key()});
    EXPECT_EQ(set.candidates("RS256", Kid{}).size(), 2U);
    EXPECT_EQ(set.candidates("ES256", Kid{}).size(), 0U);
    EXPECT_EQ(set.candidates("RS256", "unknown").size(), 0U);
    EXPECT_EQ(set.candidates("RS256", "").size(), 0U);
}

TEST(KeySet, NeverGivesAKeyOfAnotherTypeCurveUseOrAlgorithm) {
    const bj::object elliptic{{"kty", "EC"}, {"crv", "P-256"}, {"kid", "k"}, {"x", "AA"}, {"y", "AA"}};
    EXPECT_EQ(keys({elliptic}).candidates("RS256", "k").size(), 0U);
    EXPECT_EQ(keys({elliptic}).candidates("ES256", "k").size(), 1U);
    EXPECT_EQ(keys({elliptic}).candidates("ES384", "k").size(), 0U);
    EXPECT_EQ(keys({good_key()}).candidates("ES256", "k").size(), 0U);
    EXPECT_EQ(keys({good_key()}).candidates("HS256", "k").size(), 0U);
    EXPECT_EQ(keys({good_key()}).candidates("none", "k").size(), 0U);
    EXPECT_EQ(keys({good_key()}).candidates("PS256", "k").size(), 0U);
    EXPECT_EQ(keys({changed(good_key(), "use", "enc")}).candidates("RS256", "k").size(), 0U);
    EXPECT_EQ(keys({changed(good_key(), "key_ops", bj::array{"encrypt"})}).candidates("RS256", "k").size(), 0U);
    EXPECT_EQ(keys({changed(good_key(), "key_ops", bj::array{"verify"})}).candidates("RS256", "k").size(), 1U);
    EXPECT_EQ(keys({{{"kty", "oct"}, {"kid", "k"}, {"k", "c2VjcmV0"}}}).size(), 0U);
}

TEST(KeySet, LeavesOutKeysThatAreWeakOrBroken) {
    const RsaKey weak = RsaKey::generate(1024);
    EXPECT_EQ(keys({jwk_of(weak, "k")}).size(), 0U);
    EXPECT_EQ(keys({changed(good_key(), "n", bj::value(to_base64url(std::string(300, '\0') + weak.modulus())))}).size(),
              0U);
    EXPECT_EQ(keys({changed(good_key(), "n", bj::value(to_base64url(std::string(1025, 'n'))))}).size(), 0U);
    EXPECT_EQ(keys({changed(good_key(), "n", "not base64url!")}).size(), 0U);
    EXPECT_EQ(keys({changed(good_key(), "e", "")}).size(), 0U);
    EXPECT_EQ(keys({changed(good_key(), "n", 7)}).size(), 0U);
    EXPECT_EQ(keys({"text", 7, nullptr, bj::object{}}).size(), 0U);
}

TEST(KeySet, RefusesWhatIsNoKeySet) {
    for (const char* text : {"", "[]", "{}", R"({"keys":{}})", "<html>"}) {
        const auto set = KeySet::parse(text);
        ASSERT_FALSE(set) << text;
        EXPECT_EQ(set.error().reason, Reason::idp_answer_invalid);
    }
}

TEST(Signatures, OfEveryAllowedAlgorithmAreVerified) {
    const auto table = bj::parse(fixture("signed/every_alg.json")).as_object();
    ASSERT_EQ(table.size(), 9U);
    for (const auto& [name, entry] : table) {
        const std::string alg(name);
        SCOPED_TRACE(alg);
        EXPECT_TRUE(is_supported_id_token_alg(alg));
        const std::string token(entry.at("token").as_string());
        const auto parsed = parse_id_token(token, alg);
        ASSERT_TRUE(parsed) << describe(parsed.error());
        const auto candidates = keys({entry.at("jwk")}).candidates(alg, parsed->kid);
        ASSERT_EQ(candidates.size(), 1U);
        EXPECT_TRUE(liboauth2::verifies(token, candidates));

        std::string forged = token;
        const std::size_t payload = forged.find('.') + 10;
        forged[payload] = forged[payload] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(liboauth2::verifies(forged, candidates));
        forged = token;
        forged[token.size() - 10] = forged[token.size() - 10] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(liboauth2::verifies(forged, candidates));
    }
}

TEST(Signatures, AreNotVerifiedByAnotherKeyNoKeyOrABrokenKey) {
    const auto table = bj::parse(fixture("signed/every_alg.json")).as_object();
    const std::string token(table.at("ES256").at("token").as_string());
    const std::string good = bj::serialize(table.at("ES256").at("jwk"));
    const std::string other = R"({"kty":"EC","crv":"P-256","x":"AA","y":"AA"})";
    EXPECT_FALSE(liboauth2::verifies(token, {}));
    EXPECT_FALSE(liboauth2::verifies(token, {other}));
    EXPECT_FALSE(liboauth2::verifies(token, {bj::serialize(table.at("ES384").at("jwk"))}));
    EXPECT_TRUE(liboauth2::verifies(token, {other, "{}", good})) << "a broken key must not hide a good one";
}

TEST(Signatures, AreCheckedAnewEachTime) {
    const auto table = bj::parse(fixture("signed/every_alg.json")).as_object();
    const std::string token(table.at("RS256").at("token").as_string());
    EXPECT_TRUE(liboauth2::verifies(token, {bj::serialize(table.at("RS256").at("jwk"))}));
    EXPECT_FALSE(liboauth2::verifies(token, {bj::serialize(jwk_of(another_key(), "k"))}))
        << "the library's result cache would say yes without looking at the key";
}

TEST(SupportedAlgorithms, AreNeitherSymmetricNorEdDsa) {
    for (const char* alg : {"none", "HS256", "HS384", "HS512", "EdDSA", "Ed25519", "RS1", "rs256", ""})
        EXPECT_FALSE(is_supported_id_token_alg(alg)) << alg;
}

}  // namespace
}  // namespace gatehouse::auth::testing

// SPDX-License-Identifier: Apache-2.0
// Known answers from the documents named, and what must not pass.
#include "gateway/base/crypto.h"

#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "gateway/base/digest.h"
#include "gateway/base/secret.h"
#include "tests/support/fixed_random.h"

namespace gatehouse {
namespace {

TEST(Sha256, GivesTheSameInPieces) {
    Sha256 digest;
    EXPECT_EQ(digest.value(), sha256(""));
    digest.add("a");
    EXPECT_EQ(digest.value(), sha256("a"));
    digest.add("");
    digest.add("bc");
    EXPECT_EQ(digest.value(), sha256("abc"));
}

TEST(Sha256, GivesTheAnswerOfFips180) {
    EXPECT_EQ(to_hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Hmac, GivesTheAnswerOfRfc4231Case2) {
    EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Hmac, KeyVerifiesItsOwnSignatureOnly) {
    const HmacKey key("secret");
    const std::string signature = hmac_sha256("secret", "text");
    EXPECT_TRUE(key.verifies("text", signature));
    EXPECT_TRUE(key.verifies("text", signature));  // a prepared key is not used up
    EXPECT_FALSE(key.verifies("texT", signature));
    EXPECT_FALSE(key.verifies("text", signature.substr(1)));
    EXPECT_FALSE(key.verifies("text", ""));
}

TEST(DeriveKey, IsBoundToItsPurpose) {
    EXPECT_EQ(derive_key("secret", "a").size(), 32U);
    EXPECT_EQ(derive_key("secret", "a"), derive_key("secret", "a"));
    EXPECT_NE(derive_key("secret", "a"), derive_key("secret", "b"));
    EXPECT_NE(derive_key("secret", "a"), derive_key("Secret", "a"));
}

TEST(Base64Url, IsThatOfRfc4648WithoutPadding) {
    EXPECT_EQ(to_base64url(""), "");
    EXPECT_EQ(to_base64url("f"), "Zg");
    EXPECT_EQ(to_base64url("foob"), "Zm9vYg");
    EXPECT_EQ(to_base64url("\xfb\xff"), "-_8");
    EXPECT_EQ(to_base64("foob"), "Zm9vYg==");
    for (std::size_t size = 0; size < 70; ++size) {
        testing::FixedRandom random;
        const std::string bytes = random.bytes(size);
        EXPECT_EQ(from_base64url(to_base64url(bytes)), bytes);
    }
}

TEST(Base64Url, RefusesASecondSpellingOfTheSameBytes) {
    EXPECT_FALSE(from_base64url("Zh"));    // stray bits
    EXPECT_FALSE(from_base64url("Zg=="));  // padding
    EXPECT_FALSE(from_base64url("Z"));     // half a byte
    EXPECT_FALSE(from_base64url("Zm9v YmFy"));
    EXPECT_FALSE(from_base64url("+/"));
}

TEST(Seal, OpensWithItsKeyAndContextOnly) {
    SystemRandom random;
    const std::string key = derive_key("k", "p");
    const std::string box = seal(random, key, "the token", "session:1");
    EXPECT_EQ(box.find("the token"), std::string::npos);
    EXPECT_EQ(open_sealed(key, box, "session:1"), "the token");
    EXPECT_FALSE(open_sealed(key, box, "session:2"));
    EXPECT_FALSE(open_sealed(derive_key("k", "q"), box, "session:1"));
    for (std::size_t index = 0; index < box.size(); ++index) {
        std::string changed = box;
        changed[index] = static_cast<char>(changed[index] ^ 1);
        EXPECT_FALSE(open_sealed(key, changed, "session:1")) << index;
    }
    EXPECT_FALSE(open_sealed(key, "", "session:1"));
    EXPECT_FALSE(open_sealed(key, box.substr(0, 20), "session:1"));
    EXPECT_EQ(open_sealed(key, seal(random, key, "", ""), ""), "");
}

TEST(Seal, NeverGivesTheSameBoxTwice) {
    SystemRandom random;
    const std::string key = derive_key("k", "p");
    EXPECT_NE(seal(random, key, "x", ""), seal(random, key, "x", ""));
}

TEST(RequestUuid, IsVersion4AndUnique) {
    const std::regex form("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
    std::set<std::string> seen;
    for (int round = 0; round < 1'000; ++round) {
        const std::string id = request_uuid();
        EXPECT_TRUE(std::regex_match(id, form)) << id;
        EXPECT_TRUE(seen.insert(id).second);
    }
}

TEST(RandomToken, Of32BytesHas43Letters) {
    SystemRandom random;
    EXPECT_EQ(random_token(random, 32).size(), 43U);
    EXPECT_NE(random_token(random, 32), random_token(random, 32));
}

TEST(Secret, ComparesByValue) {
    EXPECT_TRUE(Secret("a") == Secret("a"));
    EXPECT_FALSE(Secret("a").equals("b"));
    EXPECT_FALSE(Secret("a").equals("ab"));
}

}  // namespace
}  // namespace gatehouse

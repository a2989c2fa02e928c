// SPDX-License-Identifier: Apache-2.0
// What a service key is, when one of its secrets counts, and how it is kept.
#include "auth/service_key.h"

#include <gtest/gtest.h>

#include "auth/personal_key.h"
#include "auth/secret_hash.h"
#include "tests/support/fixed_random.h"

namespace gatehouse::auth {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Instant noon{milliseconds{1'795'262'400'123}};

ServiceKey key_with(std::vector<ServiceSecret> secrets) {
    return {.id = "svk_0123456789abcdef0123456789abcdef",
            .name = "nightly \"build\"",
            .owner = "ada@example.com",
            .groups = {"ci", "engineering"},
            .allowed_cidrs = {"10.0.0.0/8", "2001:db8::/32"},
            .limits = {{"user", {{"requests_per_minute", 60}}}},
            .created_at = noon - days(1),
            .created_by = "admin-key:terraform",
            .updated_at = noon,
            .expires_at = noon + days(90),
            .secrets = std::move(secrets)};
}

ServiceKey key_with_one() {
    return key_with({{"hash-1", noon - days(1), std::nullopt}});
}

std::string reason_of(const Result<>& result) {
    return result ? "" : std::string(to_slug(result.error().reason));
}

TEST(ServiceKeyForm, IsRecognisedAndNoOtherSecretIs) {
    testing::FixedRandom random;
    const std::string secret = make_service_key(random);

    EXPECT_TRUE(is_service_key(secret));
    EXPECT_EQ(secret.size(), 4U + 43U);
    EXPECT_TRUE(secret.starts_with("ghs_"));
    EXPECT_FALSE(is_service_key(secret.substr(0, secret.size() - 1)));
    EXPECT_FALSE(is_service_key(secret + "A"));
    EXPECT_FALSE(is_service_key(make_personal_key(random)));
    EXPECT_FALSE(is_personal_key(secret));
    EXPECT_NE(make_service_key(random), secret);
}

TEST(ServiceKeyForm, IsAMemberOfItsGroupsAndHasNoEmail) {
    const Person person = to_person(key_with_one());

    EXPECT_EQ(person.subject, "service:svk_0123456789abcdef0123456789abcdef");
    EXPECT_EQ(person.name, "nightly \"build\"");
    EXPECT_EQ(person.groups, (std::vector<std::string>{"ci", "engineering"}));
    EXPECT_EQ(person.email, "");
}

TEST(ServiceKeyForm, IsFoundInItsSubject) {
    EXPECT_EQ(service_key_of(service_subject("svk_1")), "svk_1");
    EXPECT_FALSE(service_key_of("ada"));
}

TEST(ServiceKeyAdmission, IsForTheAllowedAddressesOnly) {
    const ServiceKey key = key_with_one();

    for (const char* address : {"10.9.8.7", "2001:db8::1", "::ffff:10.1.1.1"})
        EXPECT_TRUE(admit(key, key.secrets[0], address, noon)) << address;
    for (const char* address : {"11.0.0.1", "2001:db9::1", "", "nonsense"}) {
        const auto refused = admit(key, key.secrets[0], address, noon);
        ASSERT_FALSE(refused) << address;
        EXPECT_EQ(refused.error().fault, Fault::forbidden);
        EXPECT_EQ(refused.error().reason, Reason::address_denied);
    }
    EXPECT_EQ(admit(key, key.secrets[0], "203.0.113.9", noon).error().message,
              "this service key may not be used from 203.0.113.9");
}

TEST(ServiceKeyAdmission, IsFromEverywhereWithoutAList) {
    ServiceKey key = key_with_one();
    key.allowed_cidrs.clear();

    EXPECT_TRUE(admit(key, key.secrets[0], "203.0.113.9", noon));
}

TEST(ServiceKeyAdmission, AdmitsFromNowhereWhenTheListCannotBeRead) {
    ServiceKey key = key_with_one();
    key.allowed_cidrs = {"not a range"};

    EXPECT_EQ(reason_of(admit(key, key.secrets[0], "203.0.113.9", noon)), "address_denied");
}

TEST(ServiceKeyAdmission, EndsWithTheKeyAtThatVeryMoment) {
    const ServiceKey key = key_with_one();

    EXPECT_TRUE(admit(key, key.secrets[0], "10.0.0.1", *key.expires_at - milliseconds(1)));
    EXPECT_EQ(reason_of(admit(key, key.secrets[0], "10.0.0.1", *key.expires_at)), "key_expired");
}

TEST(ServiceKeyAdmission, NeverEndsWithoutAnEnd) {
    ServiceKey key = key_with_one();
    key.expires_at.reset();

    EXPECT_TRUE(admit(key, key.secrets[0], "10.0.0.1", noon + days(20'000)));
}

TEST(ServiceKeyAdmission, IsRefusedWhileTheKeyIsDisabled) {
    ServiceKey key = key_with_one();
    key.disabled = true;

    const auto refused = admit(key, key.secrets[0], "10.0.0.1", noon);

    EXPECT_EQ(reason_of(refused), "key_revoked");
    EXPECT_EQ(refused.error().message, "this service key is disabled");
}

TEST(ServiceKeyRotation, LeavesTheFormerSecretItsOverlap) {
    ServiceKey key = key_with_one();

    rotate(key, "hash-2", noon, hours(24));

    ASSERT_EQ(key.secrets.size(), 2U);
    EXPECT_EQ(key.secrets[0], (ServiceSecret{"hash-2", noon, std::nullopt}));
    EXPECT_EQ(key.secrets[1], (ServiceSecret{"hash-1", noon - days(1), noon + hours(24)}));
    EXPECT_TRUE(admit(key, key.secrets[0], "10.0.0.1", noon + hours(24)));
    EXPECT_TRUE(admit(key, key.secrets[1], "10.0.0.1", noon + hours(24) - milliseconds(1)));
    EXPECT_EQ(reason_of(admit(key, key.secrets[1], "10.0.0.1", noon + hours(24))), "key_expired");
}

TEST(ServiceKeyRotation, WithoutOverlapEndsTheFormerSecretsAtOnce) {
    ServiceKey key = key_with_one();
    rotate(key, "hash-2", noon, hours(24));

    rotate(key, "hash-3", noon, seconds(0));

    ASSERT_EQ(key.secrets.size(), 1U);
    EXPECT_EQ(key.secrets[0].hash, "hash-3");
}

TEST(ServiceKeyRotation, NeverLeavesMoreThanTwoSecretsNorGivesAnOldOneMoreTime) {
    ServiceKey key = key_with_one();
    rotate(key, "hash-2", noon, hours(24));

    rotate(key, "hash-3", noon + hours(1), hours(48));

    ASSERT_EQ(key.secrets.size(), 2U);
    EXPECT_EQ(key.secrets[0].hash, "hash-3");
    EXPECT_EQ(key.secrets[1].hash, "hash-2");
    EXPECT_EQ(key.secrets[1].expires_at, noon + hours(49));
}

TEST(ServiceKeyRotation, ForgetsASecretWhoseOverlapIsOver) {
    ServiceKey key = key_with_one();
    rotate(key, "hash-2", noon, hours(24));

    forget_ended_secrets(key, noon + hours(24) - milliseconds(1));
    EXPECT_EQ(key.secrets.size(), 2U);
    forget_ended_secrets(key, noon + hours(24));

    ASSERT_EQ(key.secrets.size(), 1U);
    EXPECT_EQ(key.secrets[0].hash, "hash-2");
}

TEST(ServiceKeyDocument, GivesTheKeyBackAsItWasWritten) {
    ServiceKey key = key_with_one();
    rotate(key, "hash-2", noon, hours(24));
    EXPECT_EQ(parse_service_key(to_document(key)), key);

    key.expires_at.reset();
    key.disabled = true;
    key.allowed_cidrs.clear();
    EXPECT_EQ(parse_service_key(to_document(key)), key);
}

TEST(ServiceKeyDocument, IsNothingWhenAPartThatGrantsIsMissingOrOdd) {
    const std::string good = to_document(key_with_one());
    ASSERT_TRUE(parse_service_key(good));
    const auto without = [&](std::string_view text, std::string_view instead) {
        std::string odd = good;
        const std::size_t at = odd.find(text);
        EXPECT_NE(at, std::string::npos) << text;
        return odd.replace(at, text.size(), instead);
    };

    EXPECT_FALSE(parse_service_key(""));
    EXPECT_FALSE(parse_service_key("[]"));
    EXPECT_FALSE(parse_service_key(without(R"("type":"service_key")", R"("type":"spend_limit")")));
    EXPECT_FALSE(parse_service_key(without(R"("allowed_cidrs")", R"("allowed")")));
    EXPECT_FALSE(parse_service_key(without(R"("10.0.0.0/8")", "7")));
    EXPECT_FALSE(parse_service_key(without(R"("disabled":false)", R"("disabled":0)")));
    EXPECT_FALSE(parse_service_key(without(R"("hash-1")", R"("")")));
    EXPECT_FALSE(parse_service_key(without(R"("hash":)", R"("cash":)")));
    EXPECT_FALSE(parse_service_key(without(R"("groups")", R"("group")")));
    EXPECT_FALSE(parse_service_key(without(R"({"user":{"requests_per_minute":60}})", "null")));
}

TEST(ServiceKeyDocument, OfATimeBeforeTheyHadLimitsHasNone) {
    std::string old = to_document(key_with_one());
    constexpr std::string_view limits = R"("rate_limits":{"user":{"requests_per_minute":60}},)";
    ASSERT_NE(old.find(limits), std::string::npos) << old;
    old.replace(old.find(limits), limits.size(), "");

    const auto key = parse_service_key(old);

    ASSERT_TRUE(key);
    EXPECT_TRUE(key->limits.empty());
}

}  // namespace
}  // namespace gatehouse::auth

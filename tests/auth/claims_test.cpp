// SPDX-License-Identifier: Apache-2.0
// Who the claims are about, and whether they may sign in. What a token must say is tested where it is said, in
// oidc_test.cpp.
#include "auth/claims.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gatehouse::auth {
namespace {

using Groups = std::vector<std::string>;

json::bj::value claims(std::string_view text) {
    return *json::parse(text);
}

OidcSettings with_email(std::vector<std::string> paths) {
    OidcSettings settings;
    settings.email_claims = std::move(paths);
    return settings;
}

OidcSettings with_groups(std::string path) {
    OidcSettings settings;
    settings.groups_claim = std::move(path);
    return settings;
}

OidcSettings with_domains(std::vector<std::string> domains) {
    OidcSettings settings;
    settings.allowed_email_domains = std::move(domains);
    return settings;
}

Person someone(std::string email, Groups groups = {}) {
    return {"sub", std::move(email), "", std::move(groups)};
}

TEST(PersonOfClaims, TakesTheFirstEmailClaimThatIsPresent) {
    const auto settings = with_email({"mail", "/contact/work", "upn"});
    EXPECT_EQ(person_of(claims(R"({"upn":"c@x","contact":{"work":"b@x"},"mail":"a@x"})"), settings).email, "a@x");
    EXPECT_EQ(person_of(claims(R"({"upn":"c@x","contact":{"work":"b@x"}})"), settings).email, "b@x");
    EXPECT_EQ(person_of(claims(R"({"upn":"c@x","mail":"","contact":7})"), settings).email, "c@x");
    EXPECT_EQ(person_of(claims(R"({"email":"d@x"})"), settings).email, "");
}

TEST(PersonOfClaims, LeavesOutTextThatNoHeaderOrLogLineShouldCarry) {
    const auto settings = with_email({"email"});
    EXPECT_EQ(person_of(claims(R"({"email":"a@x\r\nSet-Cookie: b"})"), settings).email, "");
    EXPECT_EQ(person_of(claims(R"({"name":"a\u0000b"})"), settings).name, "");
    EXPECT_EQ(person_of(claims(R"({"name":")" + std::string(600, 'x') + R"("})"), settings).name, "");
}

TEST(PersonOfClaims, ReadsGroupsFromAKeyAPointerAListOrOneString) {
    EXPECT_EQ(person_of(claims(R"({"groups":["a","b"]})"), with_groups("groups")).groups, (Groups{"a", "b"}));
    EXPECT_EQ(person_of(claims(R"({"roles":"only"})"), with_groups("roles")).groups, Groups{"only"});
    EXPECT_EQ(person_of(claims(R"({"a":{"b":{"roles":["x"]}}})"), with_groups("/a/b/roles")).groups, Groups{"x"});
    EXPECT_EQ(person_of(claims(R"({"https://x/g":["y"]})"), with_groups("https://x/g")).groups, Groups{"y"});
    EXPECT_EQ(person_of(claims(R"({"/":["z"]})"), with_groups("/~1")).groups, Groups{"z"});
}

TEST(PersonOfClaims, LeavesOutGroupsThatAreNoNames) {
    EXPECT_EQ(person_of(claims(R"({"groups":["a",1,null,"",["b"],{"c":"d"},"e\n"]})"), with_groups("groups")).groups,
              Groups{"a"});
    EXPECT_EQ(person_of(claims(R"({"groups":{"a":true}})"), with_groups("groups")).groups, Groups{});
    EXPECT_EQ(person_of(claims(R"({"groups":7})"), with_groups("groups")).groups, Groups{});
    EXPECT_EQ(person_of(claims(R"({})"), with_groups("/a/b")).groups, Groups{});
}

TEST(FillGaps, NeverReplacesWhatTheIdTokenSaid) {
    Person person{"sub", "id@x", "Id", {"id"}};
    ASSERT_TRUE(fill_gaps(person, claims(R"({"sub":"sub","email":"ui@x","name":"Ui","groups":["ui"]})"), {}));
    EXPECT_EQ(person.email, "id@x");
    EXPECT_EQ(person.name, "Id");
    EXPECT_EQ(person.groups, Groups{"id"});
}

TEST(FillGaps, DoesNotMindTheVerificationOfAnEmailThatItDoesNotUse) {
    Person person{"sub", "id@x", "", {}};
    EXPECT_TRUE(fill_gaps(person, claims(R"({"sub":"sub","email":"ui@x","email_verified":false})"), {}));
    EXPECT_EQ(person.email, "id@x");
    person.email.clear();
    EXPECT_FALSE(fill_gaps(person, claims(R"({"sub":"sub","email":"ui@x","email_verified":"false"})"), {}));
    EXPECT_EQ(person.email, "");
}

TEST(Admission, ComparesWhatFollowsTheLastAtWithoutCase) {
    const auto settings = with_domains({"example.com"});
    EXPECT_TRUE(admit(someone("ada@example.com"), settings));
    EXPECT_TRUE(admit(someone("Ada@EXAMPLE.Com"), settings));
    EXPECT_TRUE(admit(someone("\"ada@evil.com\"@example.com"), settings));
    for (const char* email : {"ada@example.com@evil.com", "ada@sub.example.com", "ada@notexample.com",
                              "ada@example.com.evil.com", "ada@example.com ", "ada@", "ada", "", "example.com"}) {
        const auto refused = admit(someone(email), settings);
        ASSERT_FALSE(refused) << email;
        EXPECT_EQ(refused.error().fault, Fault::forbidden);
        EXPECT_EQ(refused.error().reason, Reason::domain_not_allowed);
    }
}

TEST(Admission, ComparesGroupsExactly) {
    OidcSettings settings;
    settings.allowed_groups = {"Engineering", "ops"};
    EXPECT_TRUE(admit(someone("", {"x", "ops"}), settings));
    for (const Groups& groups : {Groups{}, Groups{"engineering"}, Groups{"ops "}, Groups{"Engineering/ops"}}) {
        const auto refused = admit(someone("", groups), settings);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().reason, Reason::group_not_allowed);
    }
}

TEST(Admission, NeedsBothWhenBothAreConfigured) {
    auto settings = with_domains({"example.com"});
    settings.allowed_groups = {"ops"};
    EXPECT_TRUE(admit(someone("a@example.com", {"ops"}), settings));
    EXPECT_FALSE(admit(someone("a@example.org", {"ops"}), settings));
    EXPECT_FALSE(admit(someone("a@example.com", {"dev"}), settings));
}

TEST(Admission, IsOpenWhenNothingIsConfigured) {
    EXPECT_TRUE(admit(someone(""), {}));
}

TEST(AccessTokenHash, IsCheckedForThe256BitAlgorithmsOnly) {
    // OpenID Connect Core 1.0, appendix A.3
    const std::string token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
    EXPECT_TRUE(check_access_token_hash(claims(R"({"at_hash":"77QmUPtjPfzWtF2AnpK9RQ"})"), "RS256", token));
    EXPECT_TRUE(check_access_token_hash(claims(R"({"at_hash":"77QmUPtjPfzWtF2AnpK9RQ"})"), "ES256", token));
    EXPECT_FALSE(check_access_token_hash(claims(R"({"at_hash":"77QmUPtjPfzWtF2AnpK9RQ"})"), "PS256", "another"));
    EXPECT_TRUE(check_access_token_hash(claims(R"({"at_hash":"of another hash function"})"), "RS384", token));
    EXPECT_TRUE(check_access_token_hash(claims(R"({})"), "RS256", token));
}

}  // namespace
}  // namespace gatehouse::auth

// SPDX-License-Identifier: Apache-2.0
#include "policy/policy_version.h"

#include "tests/policy/documents.h"

namespace gatehouse::policy {
namespace {

TEST(PolicyVersion, ComesBackFromItsRecordAsItWas) {
    PolicyVersion version;
    version.number = 12;
    version.created_at = Instant{std::chrono::milliseconds{1'795'262'400'123}};
    version.author = "oidc:ada";
    version.reason = "because \"so\"";
    version.base = 11;
    version.document = document(R"({"policies":[{"match":{},"cli":{"cleanupPeriodDays":9007199254740993}}]})");

    const auto read = parse_policy_version(to_record(version));

    ASSERT_TRUE(read);
    EXPECT_EQ(read->number, 12);
    EXPECT_EQ(read->created_at, version.created_at);
    EXPECT_EQ(read->author, "oidc:ada");
    EXPECT_EQ(read->reason, "because \"so\"");
    EXPECT_EQ(read->base, 11);
    EXPECT_EQ(read->document, version.document);
}

TEST(PolicyVersion, IsNothingWhenTheRecordIsAnythingElse) {
    for (const std::string_view text : {"", "7", "{}", R"({"version":0,"created_at":1,"document":{}})",
                                        R"({"version":1,"document":{}})", R"({"version":1,"created_at":1})"})
        EXPECT_FALSE(parse_policy_version(text)) << text;
}

TEST(PolicyVersion, HasAnIdThatSortsAsItsNumberDoes) {
    EXPECT_EQ(version_id(7), "0000000007");
    EXPECT_LT(version_id(9), version_id(10));
}

}  // namespace
}  // namespace gatehouse::policy

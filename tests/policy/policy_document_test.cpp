// SPDX-License-Identifier: Apache-2.0
#include "policy/policy_document.h"

#include "tests/policy/documents.h"

namespace gatehouse::policy {
namespace {

std::string faults_of(std::string_view text) {
    const auto rules = make_rules(one_upstream(), document(text));
    return rules ? "" : to_lines(rules.error());
}

TEST(PolicyDocument, IsWrittenInOneFormHoweverItWasRead) {
    const ParsedPolicies parsed = parse_policies(document(
        R"({"policies":[{"cli":{"model":"opus"},"match":{"email_domain":"b.com","groups":["a"]}},{"match":{}},{}]})"));

    EXPECT_TRUE(parsed.problems.empty());
    EXPECT_EQ(json::to_canonical(to_document(parsed.policies)),
              R"({"policies":[{"cli":{"model":"opus"},"match":{"email_domain":"b.com","groups":["a"]}},)"
              R"({"cli":{},"match":{}},{"cli":{},"match":{}}]})");
    EXPECT_EQ(to_document(parse_policies(to_document(parsed.policies)).policies), to_document(parsed.policies));
}

TEST(PolicyDocument, KeepsLimitsAndLeavesOutWhereThereAreNone) {
    const auto parsed =
        parse_policies(document(R"({"policies":[{"limits":{"user":{"requests_per_minute":3}}},{"limits":{}}]})"));
    EXPECT_TRUE(parsed.problems.empty());
    EXPECT_EQ(
        json::to_canonical(to_document(parsed.policies)),
        R"({"policies":[{"cli":{},"limits":{"user":{"requests_per_minute":3}},"match":{}},{"cli":{},"match":{}}]})");
    EXPECT_EQ(
        faults_of(R"({"policies":[{"limits":[]},{"limits":{"user":{"requests_per_minute":0}}}]})"),
        "policies[0].limits: must be an object of `user`, `session`, `agent` and `pause_session`\n"
        "policies[1].limits.user.requests_per_minute: must be a whole number from 1 to 1000000000, or null for no "
        "limit");
}

TEST(PolicyDocument, BecomesTheRulesOfTheFileWithItsOwnPolicies) {
    RulesSpec file = one_upstream();
    file.policies = {policy_of({}, R"({"model":"haiku"})")};
    file.telemetry_env = {{"T", "1"}};

    const auto rules = make_rules(file, document(R"({"policies":[{"cli":{"model":"opus"}}]})"));

    ASSERT_TRUE(rules);
    EXPECT_EQ((*rules)->policy_for({"u", "", {}})->settings_text, R"({"env":{"T":"1"},"model":"opus"})");
    EXPECT_TRUE((*rules)->managed_configured());
}

TEST(PolicyDocument, WithoutPoliciesIsStillAConfiguration) {
    const auto rules = make_rules(one_upstream(), document(R"({"policies":[]})"));
    ASSERT_TRUE(rules);
    EXPECT_EQ((*rules)->policy_for({"u", "", {}}), nullptr);
    EXPECT_TRUE((*rules)->managed_configured());
}

TEST(PolicyDocument, NamesEveryFaultAtOnceAndEachOnce) {
    EXPECT_EQ(
        faults_of(R"({"limits":1,"policies":[7,{"cli":{"availableModels":[1,"opus"],"bogus":1},"settings":{}},)"
                  R"({"match":{"groups":["a",2,""],"email_domain":"a@b","people":1},"desktop":{},"x":0},)"
                  R"({"match":{"groups":[],"email_domain":""},"cli":[]},{"match":null}]})"),
        "limits: is not a member of a policy document\n"
        "policies[0]: must be an object with `match`, `cli` and `limits`\n"
        "policies[1].settings: is called cli here\n"
        "policies[2].match.groups[1]: must be a string\n"
        "policies[2].match.people: is not something that a policy can match on: groups and email_domain are\n"
        "policies[2].desktop: is not supported yet\n"
        "policies[2].x: is not a member of a policy\n"
        "policies[3].match.groups: must be a list of at least one group; without the key the policy matches every "
        "group\n"
        "policies[3].match.email_domain: must be a string that is not empty\n"
        "policies[3].cli: must be an object: a managed settings document of Claude Code\n"
        "policies[4].match: must be an object with `groups`, `email_domain`, both or none\n"
        "policies[1].cli.availableModels[0]: must be a string that is not empty\n"
        "policies[1].cli.bogus: is not a setting of Claude Code that this version of Gatehouse knows\n"
        "policies[2].match.groups[2]: must not be empty\n"
        "policies[2].match.email_domain: must be one bare domain such as example.com, without @, blanks or commas");
}

TEST(PolicyDocument, MustHoldAListOfPolicies) {
    EXPECT_EQ(faults_of("{}"), "policies: is required");
    EXPECT_EQ(faults_of(R"({"policies":{}})"), "policies: must be a list");
}

TEST(PolicyDocument, HoldsAThousandPoliciesAndNotOneMore) {
    boost::json::array list(most_policies, boost::json::object{});
    EXPECT_TRUE(make_rules(one_upstream(), {{"policies", list}}));
    list.emplace_back(boost::json::object{});
    const auto refused = make_rules(one_upstream(), {{"policies", list}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(to_lines(refused.error()), "policies: must hold at most 1000 policies");
}

}  // namespace
}  // namespace gatehouse::policy

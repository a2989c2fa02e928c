// SPDX-License-Identifier: Apache-2.0
#include "policy/policy_preview.h"

#include "tests/policy/documents.h"

namespace gatehouse::policy {
namespace {

RulesPtr rules_with(std::vector<PolicySpec> policies, bool telemetry = false) {
    RulesSpec spec = one_upstream();
    spec.auto_include_builtin_models = false;
    for (const char* id : {"small", "large"})
        spec.models.push_back({.id = id, .label = {}, .description = {}, .upstream_model = {{"anthropic", id}}});
    spec.policies = std::move(policies);
    if (telemetry) spec.telemetry_env = {{"T", "1"}};
    return make_rules(std::move(spec));
}

Principal person(std::string id, std::vector<std::string> groups) {
    return {
        .id = std::move(id), .email = {}, .name = {}, .groups = std::move(groups), .service = false, .last_seen = {}};
}

const std::vector<Principal> people{person("ada", {"devs"}), person("bob", {"ops"}), person("eve", {})};

TEST(PolicyPreview, LeavesOutThoseForWhomNothingChanges) {
    const auto before = rules_with({policy_of({"devs"}, "{}"), policy_of({}, R"({"model":"small"})")});
    const auto after =
        rules_with({policy_of({"new"}, "{}"), policy_of({"devs"}, "{}"), policy_of({}, R"({"model":"small"})")});
    EXPECT_TRUE(preview(*before, *after, people).empty()) << "a policy that moved down is the same policy";
}

TEST(PolicyPreview, TellsWhoGetsAnotherPolicyModelsAndSettings) {
    const auto before = rules_with({policy_of({"devs"}, R"({"availableModels":["small"],"model":"small"})")});
    const auto after = rules_with({policy_of({"devs"}, R"({"availableModels":["large"],"env":{"A":"1"}})"),
                                   policy_of({"ops"}, R"({"availableModels":["small","large"]})")});

    const auto effects = preview(*before, *after, people);

    ASSERT_EQ(effects.size(), 2U);
    EXPECT_EQ(effects[0].who.id, "ada");
    EXPECT_FALSE(effects[0].policy_changed);
    EXPECT_EQ(effects[0].models_gained, std::vector<std::string>{"large"});
    EXPECT_EQ(effects[0].models_lost, std::vector<std::string>{"small"});
    EXPECT_EQ(effects[0].settings_changed, (std::vector<std::string>{"availableModels", "env", "model"}));
    EXPECT_EQ(effects[1].who.id, "bob");
    EXPECT_TRUE(effects[1].policy_changed);
    EXPECT_EQ(effects[1].policy_before, "");
    EXPECT_EQ(effects[1].policy_after, "policies[1]: ops");
    EXPECT_TRUE(effects[1].models_gained.empty());
    EXPECT_TRUE(effects[1].models_lost.empty()) << "without a policy the whole catalogue was open";
    EXPECT_EQ(effects[1].settings_changed, std::vector<std::string>{"availableModels"});
}

TEST(PolicyPreview, FollowsAChangeOfTheBaseToEveryoneLaidOverIt) {
    const auto before = rules_with({policy_of({"devs"}, R"({"model":"x"})"), policy_of({}, "{}")});
    const auto after = rules_with({policy_of({"devs"}, R"({"model":"x"})"), policy_of({}, R"({"verbose":true})")});
    const auto effects = preview(*before, *after, people);
    ASSERT_EQ(effects.size(), 3U);
    EXPECT_EQ(effects[0].settings_changed, std::vector<std::string>{"verbose"});
}

TEST(PolicyPreview, KnowsThatTelemetryIsPushedWithoutAPolicyToo) {
    const auto before = rules_with({policy_of({"devs"}, "{}")}, true);
    const auto after = rules_with({}, true);
    const auto effects = preview(*before, *after, people);
    ASSERT_EQ(effects.size(), 1U);
    EXPECT_TRUE(effects[0].policy_changed);
    EXPECT_TRUE(effects[0].settings_changed.empty());
}

TEST(PolicyPreview, NamesTheLimitsThatChange) {
    RulesSpec spec = one_upstream();
    spec.policies = {policy_of({}, "{}")};
    const RulesPtr before = make_rules(spec);
    spec.policies[0].limits = document(R"({"user":{"requests_per_minute":3}})");
    const RulesPtr after = make_rules(spec);
    const std::vector<Principal> ada{{.id = "ada"}};

    const auto effects = preview(*before, *after, ada);

    ASSERT_EQ(effects.size(), 1U);
    EXPECT_EQ(effects[0].limits_changed, std::vector<std::string>{"user"});
    EXPECT_FALSE(effects[0].policy_changed);
}

}  // namespace
}  // namespace gatehouse::policy

// SPDX-License-Identifier: Apache-2.0
#include "policy/decision.h"

#include <boost/json/parse.hpp>

#include "tests/policy/documents.h"

namespace gatehouse::policy {
namespace {

class Decision : public ::testing::Test {
  protected:
    Decision() {
        RulesSpec spec = one_upstream();
        spec.upstreams.push_back({"second", "anthropic"});
        spec.models = {{.id = "mine", .label = {}, .description = {}, .upstream_model = {{"second", "m-2"}}}};
        spec.policies = {policy_of({"small"}, R"({"availableModels":["claude-haiku-4-5","mine"]})"),
                         policy_of({"none"}, R"({"availableModels":[]})")};
        rules_ = make_rules(std::move(spec));
    }
    Result<Permit> ask(std::vector<std::string> groups, std::string_view model) {
        return decide(rules_, {.id = "u", .email = "", .groups = groups}, model);
    }
    RulesPtr rules_;
};

TEST_F(Decision, PermitsAListedModelAndNamesThePolicyAndTheProvidersId) {
    const auto permit = ask({"small"}, "claude-haiku-4-5");
    ASSERT_TRUE(permit);
    EXPECT_EQ(permit->policy, "policies[0]: small");
    EXPECT_EQ(std::vector<std::string>(permit->policy_groups.begin(), permit->policy_groups.end()),
              std::vector<std::string>{"small"});
    EXPECT_EQ(permit->model->id, "claude-haiku-4-5-20251001");
    ASSERT_EQ(permit->candidates.size(), 2U);
    EXPECT_EQ(permit->candidates[0].upstream, 0U);
    EXPECT_EQ(permit->candidates[0].model, "claude-haiku-4-5-20251001");
    EXPECT_EQ(permit->rules, rules_);
}

TEST_F(Decision, OffersACustomModelOnlyWhereItIsMapped) {
    const auto permit = ask({"small"}, "mine");
    ASSERT_TRUE(permit);
    ASSERT_EQ(permit->candidates.size(), 1U);
    EXPECT_EQ(permit->candidates[0].upstream, 1U);
    EXPECT_EQ(permit->candidates[0].model, "m-2");
}

TEST_F(Decision, RefusesWhatTheRoleDoesNotListInTheContractsWords) {
    const auto permit = ask({"small"}, "claude-opus-4-8");
    ASSERT_FALSE(permit);
    EXPECT_EQ(permit.error().fault, Fault::bad_request);
    EXPECT_EQ(permit.error().reason, Reason::model_not_in_policy);
    EXPECT_EQ(permit.error().message, "model claude-opus-4-8 is not in your role's availableModels allowlist");
}

TEST_F(Decision, RefusesACloudSpellingOfAListedModelByTheRoleList) {
    const auto permit = ask({"small"}, "us.anthropic.claude-haiku-4-5-20251001-v1:0");
    ASSERT_FALSE(permit);
    EXPECT_EQ(permit.error().reason, Reason::model_not_in_policy);
}

TEST_F(Decision, DeniesEverythingWithAnEmptyList) {
    EXPECT_EQ(ask({"none"}, "claude-haiku-4-5").error().reason, Reason::model_not_in_policy);
}

TEST_F(Decision, RefusesWhatTheCatalogueDoesNotKnowOncePerUpstream) {
    const auto permit = ask({}, "xyz");
    ASSERT_FALSE(permit);
    EXPECT_EQ(permit.error().reason, Reason::model_not_in_catalogue);
    EXPECT_EQ(permit.error().message,
              "model xyz is not in the operator's model allowlist; model xyz is not in the operator's model allowlist");
}

TEST_F(Decision, PermitsTheWholeCatalogueWithoutAPolicy) {
    const auto permit = ask({"other"}, "CLAUDE-OPUS-4-8");
    ASSERT_TRUE(permit);
    EXPECT_EQ(permit->policy, "");
    EXPECT_TRUE(permit->policy_groups.empty());
    EXPECT_EQ(permit->candidates[0].model, "claude-opus-4-8");
}

TEST(DecisionOnSpeed, LaysWhatTheCallerBringsOverTheirPolicyFigureByFigure) {
    RulesSpec spec = one_upstream();
    spec.policies = {policy_of({"ci"}, "{}"), policy_of({"slow"}, "{}")};
    spec.policies[1].limits =
        boost::json::parse(
            R"({"user":{"requests_per_minute":60,"tokens_per_minute":9},"agent":{"concurrent_requests":2}})")
            .get_object();
    const RulesPtr rules = make_rules(std::move(spec));
    const auto brakes = [&](std::vector<std::string> groups, std::string_view own) {
        const auto limits = boost::json::parse(own).get_object();
        const Subject subject{.id = "u", .email = "", .groups = groups, .limits = &limits};
        const auto permit = decide(rules, subject, "claude-haiku-4-5");
        return permit && permit->brakes ? *permit->brakes : Brakes{};
    };

    const Brakes both = brakes({"slow"}, R"({"user":{"requests_per_minute":5,"tokens_per_minute":null}})");
    EXPECT_EQ(both.user.requests, 5);
    EXPECT_FALSE(both.user.tokens);
    EXPECT_EQ(both.agent.concurrent, 2);
    EXPECT_EQ(brakes({"slow"}, "{}").user.requests, 60);
    EXPECT_EQ(brakes({"ci"}, R"({"user":{"requests_per_minute":5}})").user.requests, 5);
    EXPECT_EQ(brakes({"nobody"}, R"({"user":{"requests_per_minute":5}})").user.requests, 5) << "without a policy";
    EXPECT_TRUE(brakes({"ci"}, "{}").is_empty());
    EXPECT_TRUE(brakes({"slow"}, R"({"user":null,"agent":null})").is_empty());
}

TEST_F(Decision, QuotesOnlyTheStartOfAnAbsurdlyLongName) {
    const auto permit = ask({}, std::string(199, 'x') + std::string(100'000, '\xc3'));
    ASSERT_FALSE(permit);
    EXPECT_LT(permit.error().message.size(), 700U);
}

}  // namespace
}  // namespace gatehouse::policy

// SPDX-License-Identifier: Apache-2.0
#include "policy/rules.h"

#include "gateway/base/crypto.h"
#include "policy/catalogue.h"
#include "tests/policy/documents.h"

namespace gatehouse::policy {
namespace {

std::vector<std::string> problems_of(RulesSpec spec) {
    std::vector<std::string> lines;
    const auto rules = Rules::make(std::move(spec));
    if (rules) return lines;
    for (const Problem& problem : rules.error())
        lines.push_back(problem.path + ": " + problem.message);
    return lines;
}

std::vector<std::string> ids(const std::vector<const Model*>& models) {
    std::vector<std::string> result;
    result.reserve(models.size());
    for (const Model* model : models)
        result.push_back(model->id);
    return result;
}

const Policy* find_policy(const Rules& rules, std::vector<std::string> groups, std::string_view email = {}) {
    return rules.policy_for({.id = "u", .email = email, .groups = groups});
}

TEST(Rules, ReportsEveryProblemAtOnce) {
    RulesSpec spec = one_upstream();
    spec.upstreams.push_back({"anthropic", "anthropic"});
    spec.models = {
        {.id = "", .label = {}, .description = {}, .upstream_model = {{"nope", "x"}}},
        {.id = "a", .label = {}, .description = {}, .upstream_model = {}},
        {.id = "A", .label = {}, .description = {}, .upstream_model = {{"anthropic", ""}}},
        {.id = "claude-haiku-4-5", .label = {}, .description = {}, .upstream_model = {{"anthropic", "x"}}},
        {.id = "claude-haiku-4-5-20251001", .label = {}, .description = {}, .upstream_model = {{"anthropic", "x"}}}};
    spec.policies = {policy_of({"", "b"}, R"({"bogus":1})", "a@b.com"), policy_of({}, "{}", "@")};
    EXPECT_EQ(problems_of(std::move(spec)),
              (std::vector<std::string>{
                  "upstreams[1].name: is already the name of upstreams[0]: give each upstream a `name` of its own",
                  "models[0].upstream_model.nope: names no upstream of this file",
                  "models[0].id: must not be empty",
                  "models[1].upstream_model: must name at least one upstream",
                  "models[2].upstream_model.anthropic: must not be empty",
                  "models[2].id: names the same model as models[1]",
                  "models[4].id: names the same model as models[3]",
                  "policies[0].match.groups[0]: must not be empty",
                  ("policies[0].match.email_domain: must be one bare domain such as example.com, without @, blanks or "
                   "commas"),
                  "policies[0].cli.bogus: is not a setting of Claude Code that this version of Gatehouse knows",
                  ("policies[1].match.email_domain: must be one bare domain such as example.com, without @, blanks or "
                   "commas"),
              }));
}

TEST(Rules, RefusesACatalogueThatWouldBeEmpty) {
    RulesSpec spec = one_upstream();
    spec.auto_include_builtin_models = false;
    EXPECT_EQ(
        problems_of(std::move(spec)),
        (std::vector<std::string>{"models: must list at least one model when auto_include_builtin_models is false"}));
}

TEST(Rules, ResolvesAnySpellingInAnyCase) {
    const auto rules = make_rules(one_upstream());
    for (const std::string_view asked : {"claude-haiku-4-5", "CLAUDE-Haiku-4-5-20251001", "claude-haiku-4-5@20251001",
                                         "us.anthropic.claude-haiku-4-5-20251001-v1:0"}) {
        const Model* model = rules->resolve(asked);
        ASSERT_NE(model, nullptr) << asked;
        EXPECT_EQ(rules->upstream_id(*model, 0), "claude-haiku-4-5-20251001");
    }
    EXPECT_EQ(rules->resolve("claude-haiku-4-5[1m]"), nullptr);
    EXPECT_EQ(rules->resolve(std::string(100'000, 'a')), nullptr);
}

TEST(Rules, SendsACustomModelOnlyWhereItIsMappedAndABuiltinEverywhere) {
    RulesSpec spec = one_upstream();
    spec.upstreams.push_back({"second", "anthropic"});
    spec.models = {
        {.id = "My-Model", .label = "Mine", .description = "ours", .upstream_model = {{"second", "m-2"}}},
        {.id = "claude-haiku-4-5", .label = "Small", .description = {}, .upstream_model = {{"second", "h-2"}}}};
    const auto rules = make_rules(std::move(spec));

    const Model* mine = rules->resolve("my-MODEL");
    ASSERT_NE(mine, nullptr);
    EXPECT_EQ(mine->id, "My-Model");
    EXPECT_EQ(mine->display_name, "Mine");
    EXPECT_EQ(mine->description, "ours");
    EXPECT_FALSE(mine->builtin);
    EXPECT_EQ(rules->upstream_id(*mine, 0), std::nullopt);
    EXPECT_EQ(rules->upstream_id(*mine, 1), "m-2");

    const Model* small = rules->resolve("us.anthropic.claude-haiku-4-5-20251001-v1:0");
    ASSERT_NE(small, nullptr);
    EXPECT_EQ(small->id, "claude-haiku-4-5");
    EXPECT_EQ(small->display_name, "Small");
    EXPECT_EQ(small->created_at, "2025-10-15T00:00:00Z");
    EXPECT_EQ(rules->upstream_id(*small, 0), "claude-haiku-4-5-20251001");
    EXPECT_EQ(rules->upstream_id(*small, 1), "h-2");
    EXPECT_EQ(rules->upstream_id(*small, 2), std::nullopt);
}

TEST(Rules, OffersOnlyTheListWithoutAutoInclude) {
    RulesSpec spec = one_upstream();
    spec.auto_include_builtin_models = false;
    spec.models = {{.id = "claude-haiku-4-5", .label = {}, .description = {}, .upstream_model = {{"anthropic", "x"}}}};
    const auto rules = make_rules(std::move(spec));
    EXPECT_EQ(ids(rules->models_for(nullptr)), std::vector<std::string>{"claude-haiku-4-5"});
    EXPECT_EQ(rules->resolve("claude-opus-4-8"), nullptr);
}

TEST(Rules, ListsConfiguredModelsFirstThenBuiltinsWithoutRetiredOnes) {
    RulesSpec spec = one_upstream();
    spec.models = {{.id = "mine", .label = {}, .description = {}, .upstream_model = {{"anthropic", "x"}}}};
    const auto rules = make_rules(std::move(spec));
    const auto listed = ids(rules->models_for(nullptr));
    ASSERT_GT(listed.size(), 10U);
    EXPECT_EQ(listed[0], "mine");
    EXPECT_EQ(listed[1], builtins()[0].id);
    EXPECT_EQ(std::ranges::count(listed, "claude-opus-4-20250514"), 0);
    EXPECT_NE(rules->resolve("claude-opus-4"), nullptr);
}

TEST(Rules, SelectsTheFirstPolicyThatMatches) {
    RulesSpec spec = one_upstream();
    spec.policies = {policy_of({"contractors", "interns"}, R"({"model":"c"})"),
                     policy_of({"eng"}, R"({"model":"e"})", "Example.COM"),
                     policy_of({}, R"({"model":"d"})", " @corp.io"), policy_of({}, R"({"model":"base"})")};
    const auto rules = make_rules(std::move(spec));
    EXPECT_EQ(find_policy(*rules, {"eng", "interns"}, "a@example.com")->name, "policies[0]: contractors, interns");
    EXPECT_EQ(find_policy(*rules, {"eng"}, "x@y@EXAMPLE.com")->name, "policies[1]: eng @example.com");
    EXPECT_EQ(find_policy(*rules, {"eng"}, "a@corp.io")->name, "policies[2]: @corp.io");
    EXPECT_EQ(find_policy(*rules, {"eng"}, "a@other.io")->name, "policies[3]: everyone");
    EXPECT_EQ(find_policy(*rules, {"Eng"}, "a@example.com")->name, "policies[3]: everyone") << "groups keep their case";
    EXPECT_EQ(find_policy(*rules, {}, "")->name, "policies[3]: everyone");
}

TEST(Rules, SaysWhatOfTheCallerAPolicyMatched) {
    RulesSpec spec = one_upstream();
    spec.policies = {policy_of({"b", "a"}, "{}", "example.com"), policy_of({"c"}, "{}"),
                     policy_of({}, "{}", "acme.org"), policy_of({}, "{}")};
    const auto rules = make_rules(std::move(spec));
    const auto matched = [&](std::vector<std::string> groups, std::string_view email) {
        const PolicyMatch match = rules->match({.id = "u", .email = email, .groups = groups});
        return std::vector<std::string>{match.policy->name.substr(0, 11), match.group, match.email_domain};
    };

    using Told = std::vector<std::string>;
    EXPECT_EQ(matched({"a", "b"}, "x@example.com"), (Told{"policies[0]", "b", "example.com"}));
    EXPECT_EQ(matched({"a", "c"}, "x@acme.org"), (Told{"policies[1]", "c", ""}));
    EXPECT_EQ(matched({}, "x@acme.org"), (Told{"policies[2]", "", "acme.org"}));
    EXPECT_EQ(matched({}, ""), (Told{"policies[3]", "", ""}));
    EXPECT_EQ(make_rules(one_upstream())->match({.id = "u", .email = {}, .groups = {}}).policy, nullptr);
}

TEST(Rules, GivesNoPolicyToWhomNoneMatches) {
    RulesSpec spec = one_upstream();
    spec.policies = {policy_of({"a"}, "{}")};
    const auto rules = make_rules(std::move(spec));
    EXPECT_EQ(find_policy(*rules, {"b"}), nullptr);
    EXPECT_EQ(rules->telemetry_only(), nullptr);
}

TEST(Rules, ShadowsEverythingBehindACatchAllThatIsListedFirst) {
    RulesSpec spec = one_upstream();
    spec.policies = {policy_of({}, R"({"model":"base"})"), policy_of({"a"}, R"({"model":"a"})")};
    const auto rules = make_rules(std::move(spec));
    EXPECT_EQ(find_policy(*rules, {"a"})->name, "policies[0]: everyone");
}

TEST(Rules, LaysAPolicyOverTheBaseAndReadsItsModelsFromTheResult) {
    RulesSpec spec = one_upstream();
    spec.policies = {policy_of({"a"}, R"({"env":{"X":"1"}})"),
                     policy_of({"b"}, R"({"availableModels":["claude-haiku-4-5"]})"),
                     policy_of({}, R"({"availableModels":["opus"]})")};
    const auto rules = make_rules(std::move(spec));
    EXPECT_EQ(find_policy(*rules, {"a"})->available_models, std::vector<std::string>{"opus"});
    EXPECT_EQ(ids(rules->models_for(find_policy(*rules, {"b"}))),
              std::vector<std::string>{"claude-haiku-4-5-20251001"});
}

TEST(Rules, ChecksumsTheCanonicalDocument) {
    RulesSpec spec = one_upstream();
    spec.policies = {policy_of({}, R"({"b":1,"model":"x","feedbackSurveyRate":0.25})")};
    spec.policies[0].cli.erase("b");
    const auto rules = make_rules(std::move(spec));
    const Policy* policy = find_policy(*rules, {});
    EXPECT_EQ(policy->settings_text, R"({"feedbackSurveyRate":0.25,"model":"x"})");
    EXPECT_EQ(policy->checksum, "sha256:" + to_hex(sha256(policy->settings_text)));
}

TEST(Rules, WritesNumbersAsTheClientsJsonStringifyDoes) {
    RulesSpec spec = one_upstream();
    spec.policies = {
        policy_of({}, R"({"sandbox":{"x":[1.50, 1e21, 1e20, 1e-7, -0.00001, 123456789012, 100.0, -0.0, 5E-324]}})")};
    const auto rules = make_rules(std::move(spec));
    EXPECT_EQ(find_policy(*rules, {})->settings_text,
              R"({"sandbox":{"x":[1.5,1e+21,100000000000000000000,1e-7,-0.00001,123456789012,100,0,5e-324]}})");
}

TEST(Rules, ChecksumsTheEmptyDocumentAsTheClientDoes) {
    RulesSpec spec = one_upstream();
    spec.policies = {policy_of({"a"}, "{}")};
    const auto rules = make_rules(std::move(spec));
    EXPECT_EQ(find_policy(*rules, {"a"})->checksum,
              "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
}

TEST(Rules, PushesTelemetryToPoliciesAndToThoseWithoutOne) {
    RulesSpec spec = one_upstream();
    spec.telemetry_env = {{"CLAUDE_CODE_ENABLE_TELEMETRY", "1"}};
    spec.policies = {policy_of({"a"}, R"({"model":"x"})")};
    const auto rules = make_rules(std::move(spec));
    EXPECT_EQ(find_policy(*rules, {"a"})->settings_text, R"({"env":{"CLAUDE_CODE_ENABLE_TELEMETRY":"1"},"model":"x"})");
    ASSERT_NE(rules->telemetry_only(), nullptr);
    EXPECT_EQ(rules->telemetry_only()->settings_text, R"({"env":{"CLAUDE_CODE_ENABLE_TELEMETRY":"1"}})");
    EXPECT_FALSE(rules->telemetry_only()->available_models);
}

bool admits(std::vector<std::string> list, std::string_view asked) {
    return Rules::admits(list, asked);
}

TEST(Rules, AdmitsAnIdAndItsExtensionsByADash) {
    EXPECT_TRUE(admits({"claude-haiku-4-5"}, "claude-haiku-4-5"));
    EXPECT_TRUE(admits({"claude-haiku-4-5"}, "Claude-Haiku-4-5-20251001"));
    EXPECT_TRUE(admits({"CLAUDE-OPUS-5"}, "claude-opus-5"));
    EXPECT_TRUE(admits({"claude-opus-4"}, "claude-opus-4-8"));
    EXPECT_FALSE(admits({"claude-opus-4"}, "claude-opus-5"));
    EXPECT_FALSE(admits({"claude-haiku-4-5"}, "claude-haiku-4"));
    EXPECT_FALSE(admits({"claude-haiku-4-5"}, "claude-haiku-4-51"));
    EXPECT_FALSE(admits({"claude-haiku-4-5"}, "us.anthropic.claude-haiku-4-5-20251001-v1:0"));
    EXPECT_FALSE(admits({"claude-haiku-4-5-20251001"}, "claude-haiku-4-5"));
    EXPECT_FALSE(admits({}, "claude-haiku-4-5"));
}

TEST(Rules, AdmitsAFamilyByItsWord) {
    for (const std::string_view asked : {"claude-opus-4-8", "CLAUDE-OPUS-5", "us.anthropic.claude-opus-4-8",
                                         "claude-opus-4@20250514", "team-opus", "opus"})
        EXPECT_TRUE(admits({"Opus"}, asked)) << asked;
    EXPECT_TRUE(admits({"sonnet"}, "claude-3-7-sonnet-20250219"));
    for (const std::string_view asked : {"claude-haiku-4-5", "opusx", "magnum-opuscule", "op"})
        EXPECT_FALSE(admits({"opus"}, asked)) << asked;
    EXPECT_FALSE(admits({"opus[1m]", "default"}, "claude-opus-4-8"));
}

std::vector<std::string> notices_of(RulesSpec spec) {
    std::vector<std::string> lines;
    for (const Problem& notice : make_rules(std::move(spec))->notices())
        lines.push_back(notice.path + ": " + notice.message);
    return lines;
}

TEST(RulesNotices, NameAllowListEntriesThatAdmitNothing) {
    RulesSpec spec = one_upstream();
    spec.models = {{.id = "Tuned-1", .label = {}, .description = {}, .upstream_model = {{"anthropic", "t"}}}};
    spec.policies = {policy_of({}, R"({"availableModels":["opus","claude-sonet-5","claude-opus-4","tuned","tuned-2",)"
                                   R"("anthropic.claude-haiku-4-5","us.anthropic.claude-opus-5","opus[1m]","default",)"
                                   R"("claude-3-7-sonnet","CLAUDE-OPUS-5[1m]"]})")};
    EXPECT_EQ(
        notices_of(std::move(spec)),
        (std::vector<std::string>{"policies[0].cli.availableModels[1]: admits no model that this gateway offers",
                                  "policies[0].cli.availableModels[4]: admits no model that this gateway offers"}));
}

TEST(RulesNotices, GoByTheCatalogueOfTheFile) {
    RulesSpec spec = one_upstream();
    spec.auto_include_builtin_models = false;
    spec.models = {{.id = "claude-opus-5", .label = {}, .description = {}, .upstream_model = {{"anthropic", "x"}}}};
    spec.policies = {policy_of({}, R"({"availableModels":["haiku","opus"]})")};
    EXPECT_EQ(notices_of(std::move(spec)),
              std::vector<std::string>{"policies[0].cli.availableModels[0]: admits no model that this gateway offers"});
}

}  // namespace
}  // namespace gatehouse::policy

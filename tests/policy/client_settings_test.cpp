// SPDX-License-Identifier: Apache-2.0
#include "policy/client_settings.h"

#include "tests/policy/documents.h"

namespace gatehouse::policy {
namespace {

std::vector<std::string> faults(std::string_view text) {
    std::vector<Problem> problems;
    check_client_settings(document(text), "cli", problems);
    std::vector<std::string> lines;
    lines.reserve(problems.size());
    for (const Problem& problem : problems)
        lines.push_back(problem.path + ": " + problem.message);
    return lines;
}

TEST(ClientSettings, AcceptsADocumentOfEveryKind) {
    EXPECT_EQ(faults(R"({"availableModels":["opus"],"enforceAvailableModels":true,"model":"opus",
        "permissions":{"allow":["Read"],"deny":[],"disableBypassPermissionsMode":"disable","later":{"x":1}},
        "env":{"A":"1"},"hooks":{"PostToolUse":[{"matcher":"Edit","hooks":[{"type":"command","command":"x"}]}]},
        "cleanupPeriodDays":7,"sandbox":{"enabled":true},"statusLine":{"type":"command"},"$schema":"x"})"),
              std::vector<std::string>{});
}

TEST(ClientSettings, RefusesAMisspeltKeyBecauseItWouldOpenEveryModel) {
    const auto lines = faults(R"({"availableModel":["opus"]})");
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0], "cli.availableModel: is not a setting of Claude Code that this version of Gatehouse knows");
}

TEST(ClientSettings, NamesEveryWrongShapeAtOnce) {
    const auto lines = faults(R"({"availableModels":["",5],"model":7,"env":{"A":[]},"hooks":{"Stop":[{"hooks":1}]},
        "permissions":{"allow":"Read","deny":[1]},"enforceAvailableModels":"yes","mcpServers":{}})");
    EXPECT_EQ(lines, (std::vector<std::string>{
                         "cli.availableModels[0]: must be a string that is not empty",
                         "cli.availableModels[1]: must be a string that is not empty",
                         "cli.model: must be a string",
                         "cli.env.A: must be a string",
                         "cli.hooks.Stop[0]: must be a mapping with a `hooks` list",
                         "cli.permissions.allow: must be a list of strings",
                         "cli.permissions.deny[0]: must be a string that is not empty",
                         "cli.enforceAvailableModels: must be true or false",
                         ("cli.mcpServers: is not a managed setting: deploy MCP servers with managed-mcp.json on each "
                          "machine, or use managedMcpServers"),
                     }));
}

}  // namespace
}  // namespace gatehouse::policy

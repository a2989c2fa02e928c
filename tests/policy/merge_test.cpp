// SPDX-License-Identifier: Apache-2.0
#include "policy/merge.h"

#include "tests/policy/documents.h"

namespace gatehouse::policy {
namespace {

std::string merged(std::string_view base, std::string_view specific) {
    return json::to_canonical(merge_documents(document(base), document(specific)));
}

TEST(Merge, InheritsWhatTheSpecificDocumentDoesNotSet) {
    EXPECT_EQ(merged(R"({"model":"a","cleanupPeriodDays":7})", R"({"model":"b"})"),
              R"({"cleanupPeriodDays":7,"model":"b"})");
}

TEST(Merge, ReplacesAllowLists) {
    EXPECT_EQ(merged(R"({"availableModels":["x","y"],"permissions":{"allow":["Write","Bash"]}})",
                     R"({"availableModels":["z"],"permissions":{"allow":["Read"]}})"),
              R"({"availableModels":["z"],"permissions":{"allow":["Read"]}})");
}

TEST(Merge, UnitesDenyListsWithTheBaseFirstAndNothingTwice) {
    EXPECT_EQ(merged(R"({"permissions":{"deny":["B","A"],"ask":["Q"]},"disabledMcpjsonServers":["m"]})",
                     R"({"permissions":{"deny":["A","C"],"ask":["R"]},"disabledMcpjsonServers":["n"]})"),
              R"({"disabledMcpjsonServers":["m","n"],"permissions":{"ask":["Q","R"],"deny":["B","A","C"]}})");
    EXPECT_EQ(merged(R"({"deniedMcpServers":[{"serverName":"a"}],"blockedMarketplaces":[1]})",
                     R"({"deniedMcpServers":[{"serverName":"b"}],"blockedMarketplaces":[2]})"),
              R"({"blockedMarketplaces":[1,2],"deniedMcpServers":[{"serverName":"a"},{"serverName":"b"}]})");
}

TEST(Merge, KeepsAnEmptyListFromDroppingADenial) {
    EXPECT_EQ(merged(R"({"permissions":{"deny":["A"]}})", R"({"permissions":{"deny":[]}})"),
              R"({"permissions":{"deny":["A"]}})");
}

TEST(Merge, InheritsTheOtherPermissionKeys) {
    EXPECT_EQ(merged(R"({"permissions":{"disableBypassPermissionsMode":"disable","allow":["W"]}})",
                     R"({"permissions":{"defaultMode":"plan"}})"),
              R"({"permissions":{"allow":["W"],"defaultMode":"plan","disableBypassPermissionsMode":"disable"}})");
}

TEST(Merge, UnitesEachHooksEvent) {
    EXPECT_EQ(merged(R"({"hooks":{"Stop":[{"hooks":[1]}],"PostToolUse":[{"hooks":["base"]}]}})",
                     R"({"hooks":{"PostToolUse":[{"hooks":["role"]}],"PreToolUse":[]}})"),
              R"({"hooks":{"PostToolUse":[{"hooks":["base"]},{"hooks":["role"]}],"PreToolUse":[],)"
              R"("Stop":[{"hooks":[1]}]}})");
}

TEST(Merge, MergesRecordsKeyByKeyAndReplacesOtherObjectsWhole) {
    EXPECT_EQ(merged(R"({"env":{"A":"0","B":"2"},"modelOverrides":{"m":"x"},"skillOverrides":{"s":"on"},)"
                     R"("sandbox":{"enabled":true,"network":{"allowedDomains":["a"]}}})",
                     R"({"env":{"A":"1"},"modelOverrides":{"n":"y"},"skillOverrides":{"s":"off"},)"
                     R"("sandbox":{"network":{}}})"),
              R"({"env":{"A":"1","B":"2"},"modelOverrides":{"m":"x","n":"y"},"sandbox":{"network":{}},)"
              R"("skillOverrides":{"s":"off"}})");
}

TEST(Merge, AddsTelemetryEnvironmentBesideThePolicysOwnWhichWins) {
    auto settings = document(R"({"env":{"OTEL_LOGS_EXPORTER":"console","A":"1"}})");
    add_environment(settings, {{"OTEL_LOGS_EXPORTER", "otlp"}, {"CLAUDE_CODE_ENABLE_TELEMETRY", "1"}});
    EXPECT_EQ(json::to_canonical(settings),
              R"({"env":{"A":"1","CLAUDE_CODE_ENABLE_TELEMETRY":"1","OTEL_LOGS_EXPORTER":"console"}})");
}

TEST(Merge, AddsNoEmptyEnvironment) {
    boost::json::object settings;
    add_environment(settings, {});
    EXPECT_TRUE(settings.empty());
}

}  // namespace
}  // namespace gatehouse::policy

// SPDX-License-Identifier: Apache-2.0
#include "policy/client_settings.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <span>
#include <string>

namespace gatehouse::policy {
namespace {

namespace bj = boost::json;

enum class Shape : std::uint8_t { open, boolean, number, text, strings, list, mapping, text_map, permissions, hooks };

struct Known {
    std::string_view key;
    Shape shape;
};

// The top-level keys of Claude Code's settings reference that a managed document may hold, in byte order. `open` ones
// are passed on as they are: their shape is the client's business.
constexpr auto known_keys = std::to_array<Known>({
    {"$schema", Shape::open},
    {"advisorModel", Shape::open},
    {"agent", Shape::open},
    {"agentPushNotifEnabled", Shape::open},
    {"allowAllClaudeAiMcps", Shape::open},
    {"allowManagedHooksOnly", Shape::boolean},
    {"allowManagedMcpServersOnly", Shape::boolean},
    {"allowManagedPermissionRulesOnly", Shape::boolean},
    {"allowedChannelPlugins", Shape::open},
    {"allowedHttpHookUrls", Shape::strings},
    {"allowedMcpServers", Shape::list},
    {"alwaysThinkingEnabled", Shape::boolean},
    {"apiKeyHelper", Shape::text},
    {"askUserQuestionTimeout", Shape::open},
    {"attribution", Shape::open},
    {"autoCompactEnabled", Shape::open},
    {"autoCompactWindow", Shape::open},
    {"autoMemoryDirectory", Shape::open},
    {"autoMemoryEnabled", Shape::open},
    {"autoMode", Shape::open},
    {"autoScrollEnabled", Shape::open},
    {"autoUpdatesChannel", Shape::open},
    {"availableModels", Shape::strings},
    {"awaySummaryEnabled", Shape::open},
    {"awsAuthRefresh", Shape::text},
    {"awsCredentialExport", Shape::text},
    {"axScreenReader", Shape::open},
    {"blockedMarketplaces", Shape::list},
    {"browserExternalPageTools", Shape::open},
    {"channelsEnabled", Shape::open},
    {"claudeMd", Shape::open},
    {"claudeMdExcludes", Shape::strings},
    {"cleanupPeriodDays", Shape::number},
    {"companyAnnouncements", Shape::strings},
    {"crossSessionInbound", Shape::open},
    {"defaultShell", Shape::open},
    {"deniedMcpServers", Shape::list},
    {"dialogExpiry", Shape::open},
    {"disableAgentView", Shape::open},
    {"disableAllHooks", Shape::boolean},
    {"disableArtifact", Shape::open},
    {"disableAutoMode", Shape::open},
    {"disableBrowserExternalNavigation", Shape::open},
    {"disableBundledSkills", Shape::open},
    {"disableClaudeAiConnectors", Shape::open},
    {"disableCommandPluginSources", Shape::open},
    {"disableDeepLinkRegistration", Shape::open},
    {"disableMobileSimulatorTools", Shape::open},
    {"disableRemoteControl", Shape::open},
    {"disableSideloadFlags", Shape::open},
    {"disableSkillShellExecution", Shape::open},
    {"disableWorkflows", Shape::open},
    {"disabledMcpjsonServers", Shape::strings},
    {"editorMode", Shape::open},
    {"effortLevel", Shape::open},
    {"emojiCompletionEnabled", Shape::open},
    {"enableAllProjectMcpServers", Shape::boolean},
    {"enableArtifact", Shape::open},
    {"enableWorkflows", Shape::open},
    {"enabledMcpjsonServers", Shape::strings},
    {"enabledPlugins", Shape::open},
    {"enforceAvailableModels", Shape::boolean},
    {"env", Shape::text_map},
    {"extraKnownMarketplaces", Shape::open},
    {"fallbackModel", Shape::open},
    {"fastMode", Shape::boolean},
    {"fastModePerSessionOptIn", Shape::open},
    {"feedbackSurveyRate", Shape::number},
    {"fileCheckpointingEnabled", Shape::open},
    {"fileSuggestion", Shape::open},
    {"footerLinksRegexes", Shape::open},
    {"forceLoginGatewayUrl", Shape::text},
    {"forceLoginMethod", Shape::open},
    {"forceLoginOrgUUID", Shape::open},
    {"forceRemoteSettingsRefresh", Shape::boolean},
    {"gcpAuthRefresh", Shape::text},
    {"hooks", Shape::hooks},
    {"httpHookAllowedEnvVars", Shape::strings},
    {"includeCoAuthoredBy", Shape::boolean},
    {"includeGitInstructions", Shape::open},
    {"inputNeededNotifEnabled", Shape::open},
    {"isolatePeerMachines", Shape::open},
    {"keybindingFlavor", Shape::open},
    {"language", Shape::text},
    {"managedMcpServers", Shape::mapping},
    {"minimumVersion", Shape::text},
    {"model", Shape::text},
    {"modelOverrides", Shape::mapping},
    {"otelHeadersHelper", Shape::text},
    {"outputStyle", Shape::text},
    {"parentSettingsBehavior", Shape::open},
    {"permissions", Shape::permissions},
    {"plansDirectory", Shape::open},
    {"pluginConfigs", Shape::mapping},
    {"pluginSuggestionMarketplaces", Shape::open},
    {"pluginTrustMessage", Shape::open},
    {"policyHelper", Shape::open},
    {"prUrlTemplate", Shape::open},
    {"preferredNotifChannel", Shape::open},
    {"prefersReducedMotion", Shape::open},
    {"processWrapper", Shape::open},
    {"promptSuggestionEnabled", Shape::open},
    {"remote", Shape::open},
    {"remoteControlAtStartup", Shape::open},
    {"requiredMaximumVersion", Shape::text},
    {"requiredMinimumVersion", Shape::text},
    {"respectGitignore", Shape::open},
    {"respondToBashCommands", Shape::open},
    {"sandbox", Shape::mapping},
    {"showClearContextOnPlanAccept", Shape::open},
    {"showThinkingSummaries", Shape::open},
    {"showTurnDuration", Shape::open},
    {"skillListingBudgetFraction", Shape::open},
    {"skillListingMaxDescChars", Shape::open},
    {"skillOverrides", Shape::mapping},
    {"skipAutoPermissionPrompt", Shape::open},
    {"skipDangerousModePermissionPrompt", Shape::open},
    {"skipWebFetchPreflight", Shape::boolean},
    {"spellcheck", Shape::open},
    {"spinnerTipsEnabled", Shape::open},
    {"spinnerTipsOverride", Shape::open},
    {"spinnerVerbs", Shape::open},
    {"sshConfigs", Shape::open},
    {"sshHostAllowlist", Shape::open},
    {"statusLine", Shape::open},
    {"strictKnownMarketplaces", Shape::list},
    {"strictPluginOnlyCustomization", Shape::open},
    {"subagentStatusLine", Shape::open},
    {"switchModelsOnFlag", Shape::open},
    {"syncClaudeAiSkills", Shape::open},
    {"syntaxHighlightingDisabled", Shape::open},
    {"teammateMode", Shape::open},
    {"terminalProgressBarEnabled", Shape::open},
    {"terminalTitleFromRename", Shape::open},
    {"theme", Shape::open},
    {"tui", Shape::open},
    {"ultracode", Shape::open},
    {"useAutoModeDuringPlan", Shape::open},
    {"verbose", Shape::open},
    {"viewMode", Shape::open},
    {"vimInsertModeRemaps", Shape::open},
    {"voice", Shape::open},
    {"voiceEnabled", Shape::open},
    {"wheelScrollAccelerationEnabled", Shape::open},
    {"workflowKeywordTriggerEnabled", Shape::open},
    {"workflowSizeGuideline", Shape::open},
    {"worktree", Shape::open},
    {"wslInheritsWindowsSettings", Shape::open},
});
static_assert(std::ranges::is_sorted(known_keys, {}, &Known::key));

struct Check {
    std::vector<Problem>& problems;

    void report(std::string path, std::string message) {
        problems.push_back(Problem{std::move(path), std::move(message)});
    }
    void strings(const bj::value& value, const std::string& path);
    void lists_of(const bj::value& value, const std::string& path, std::span<const std::string_view> keys);
    void hooks(const bj::value& value, const std::string& path);
    void hook_event(const bj::value& value, const std::string& path);
    void text_map(const bj::value& value, const std::string& path);
    void shape(Shape wanted, const bj::value& value, const std::string& path);
};

std::string item(const std::string& path, std::size_t index) {
    return path + "[" + std::to_string(index) + "]";
}

std::string member(const std::string& path, std::string_view key) {
    return std::string(path).append(".").append(key);
}

void Check::strings(const bj::value& value, const std::string& path) {
    if (!value.is_array()) return report(path, "must be a list of strings");
    for (std::size_t index = 0; index < value.get_array().size(); ++index) {
        const bj::value& entry = value.get_array()[index];
        if (!entry.is_string() || entry.get_string().empty())
            report(item(path, index), "must be a string that is not empty");
    }
}

void Check::lists_of(const bj::value& value, const std::string& path, std::span<const std::string_view> keys) {
    if (!value.is_object()) return report(path, "must be a mapping");
    for (const std::string_view key : keys)
        if (const bj::value* list = value.get_object().if_contains(key)) strings(*list, member(path, key));
}

void Check::hook_event(const bj::value& value, const std::string& path) {
    if (!value.is_array()) return report(path, "must be a list of matchers");
    for (std::size_t index = 0; index < value.get_array().size(); ++index) {
        const bj::value& matcher = value.get_array()[index];
        const bj::value* commands = matcher.is_object() ? matcher.get_object().if_contains("hooks") : nullptr;
        if (commands == nullptr || !commands->is_array())
            report(item(path, index), "must be a mapping with a `hooks` list");
    }
}

void Check::hooks(const bj::value& value, const std::string& path) {
    if (!value.is_object()) return report(path, "must be a mapping of event names to lists");
    for (const auto& event : value.get_object())
        hook_event(event.value(), member(path, event.key()));
}

void Check::text_map(const bj::value& value, const std::string& path) {
    if (!value.is_object()) return report(path, "must be a mapping of names to strings");
    for (const auto& entry : value.get_object())
        if (!entry.value().is_string()) report(member(path, entry.key()), "must be a string");
}

void Check::shape(Shape wanted, const bj::value& value, const std::string& path) {
    constexpr auto rules = std::to_array<std::string_view>({"allow", "deny", "ask", "additionalDirectories"});
    switch (wanted) {
        case Shape::open:
            return;
        case Shape::boolean:
            return value.is_bool() ? void() : report(path, "must be true or false");
        case Shape::number:
            return value.is_number() ? void() : report(path, "must be a number");
        case Shape::text:
            return value.is_string() ? void() : report(path, "must be a string");
        case Shape::strings:
            return strings(value, path);
        case Shape::list:
            return value.is_array() ? void() : report(path, "must be a list");
        case Shape::mapping:
            return value.is_object() ? void() : report(path, "must be a mapping");
        case Shape::text_map:
            return text_map(value, path);
        case Shape::permissions:
            return lists_of(value, path, rules);
        case Shape::hooks:
            return hooks(value, path);
    }
}

std::string why_unknown(std::string_view key) {
    if (key == "mcpServers")
        return "is not a managed setting: deploy MCP servers with managed-mcp.json on each machine, or use "
               "managedMcpServers";
    return "is not a setting of Claude Code that this version of Gatehouse knows";
}

}  // namespace

void check_client_settings(const bj::object& document, std::string_view path, std::vector<Problem>& problems) {
    Check check{problems};
    const std::string here(path);
    for (const auto& entry : document) {
        const std::string_view key = entry.key();
        const auto* known = std::ranges::lower_bound(known_keys, key, {}, &Known::key);
        if (known == known_keys.end() || known->key != key)
            check.report(member(here, key), why_unknown(key));
        else
            check.shape(known->shape, entry.value(), member(here, key));
    }
}

}  // namespace gatehouse::policy

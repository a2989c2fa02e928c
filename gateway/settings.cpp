// SPDX-License-Identifier: Apache-2.0
#include "gateway/settings.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include "gateway/settings/sections.h"

namespace gatehouse {
namespace {

using settings::Problems;
using settings::YamlNode;

bool is_set(const Environment& environment, std::string_view name) {
    return environment(name) == "1";
}

void make_rules(policy::RulesSpec spec, const YamlNode& root, Problems& problems, Settings& settings) {
    auto rules = policy::Rules::make(std::move(spec));
    if (rules) {
        settings.rules = std::move(*rules);
        return;
    }
    for (policy::Problem& problem : rules.error()) {
        const std::string path = (problem.path.starts_with("policies") ? "managed." : "") + problem.path;
        if (!problems.concerns(path)) problems.add(settings::line_of(root, path), path, std::move(problem.message));
    }
}

/// Odd but not wrong: what an operator should hear about although the gateway starts.
std::vector<SettingsProblem> find_notices(const policy::RulesSpec& spec, const YamlNode& root) {
    std::vector<SettingsProblem> notices;
    const auto add = [&](const std::string& path, std::string message) {
        notices.push_back({settings::line_of(root, path), path, std::move(message)});
    };
    bool caught_all = false;
    for (std::size_t index = 0; index < spec.policies.size(); ++index) {
        const policy::PolicySpec& policy = spec.policies[index];
        const std::string path = settings::path_of("managed.policies", index);
        if (caught_all) add(path, "is never reached: a policy without a match stands before it and matches everyone");
        caught_all = caught_all || policy.is_base();
        const auto* models = policy.cli.if_contains("availableModels");
        if (models != nullptr && models->is_array() && models->get_array().empty())
            add(path + ".cli.availableModels", "is empty: every request of this role will be refused");
    }
    return notices;
}

}  // namespace

std::expected<Settings, std::vector<SettingsProblem>> parse_settings(std::string_view yaml,
                                                                     const Environment& environment) {
    Problems problems;
    YamlNode root = settings::parse_yaml(yaml, problems);
    if (!root.is_mapping()) {
        if (problems.empty()) problems.add(0, "", "the file must be a mapping of sections");
        return std::unexpected(problems.take());
    }
    settings::expand(root, environment, problems);
    settings::rename_aliases(root, problems);

    Settings result;
    result.allow_loopback =
        is_set(environment, "GATEHOUSE_ALLOW_LOOPBACK") || is_set(environment, "CLAUDE_GATEWAY_ALLOW_LOOPBACK");
    const settings::Context context{.environment = environment, .allow_loopback = result.allow_loopback};
    root.line = 0;
    settings::Section file(problems, &root, "");
    policy::RulesSpec spec;
    settings::read_listen(file, result);
    settings::read_sign_in(file, context, result);
    settings::read_store(file, context, result);
    settings::read_upstreams(file, context, result, spec);
    settings::read_models(file, spec);
    settings::read_managed(file, spec, problems);
    settings::read_telemetry(file, context, result, spec);
    settings::read_log_level(file, context, problems, result);
    settings::read_admin(file, result);
    settings::refuse_unsupported(file);
    file.finish();

    result.notices = find_notices(spec, root);
    make_rules(std::move(spec), root, problems, result);
    if (!problems.empty()) return std::unexpected(problems.take());
    return result;
}

std::expected<Settings, std::vector<SettingsProblem>> load_settings(const std::string& path,
                                                                    const Environment& environment) {
    errno = 0;
    std::ifstream stream(path, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
    if (stream.is_open() && !stream.bad() && errno == 0) return parse_settings(text, environment);
    return std::unexpected(
        std::vector<SettingsProblem>{{0, "", std::string("cannot be read: ") + std::strerror(errno)}});
}

std::string format_problems(std::string_view file, const std::vector<SettingsProblem>& problems) {
    std::string text;
    for (const SettingsProblem& problem : problems) {
        text.append(file).append(":").append(std::to_string(std::max(problem.line, 1))).append(": ");
        if (!problem.path.empty()) text.append(problem.path).append(": ");
        text.append(problem.message).append("\n");
    }
    return text;
}

std::optional<std::string> process_environment(std::string_view name) {
    const char* value = std::getenv(std::string(name).c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
}

}  // namespace gatehouse

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

/// `policies[0]…` is `managed.policies[0]…` in the file.
std::string path_in_file(const std::string& path) {
    return (path.starts_with("policies") ? "managed." : "") + path;
}

/// Also notices what is odd but not wrong: an operator should hear of it although the gateway starts.
void make_rules(const YamlNode& root, Problems& problems, Settings& settings) {
    auto rules = policy::Rules::make(settings.rules_spec);
    if (!rules) {
        for (policy::Problem& problem : rules.error()) {
            const std::string path = path_in_file(problem.path);
            if (!problems.concerns(path)) problems.add(settings::line_of(root, path), path, std::move(problem.message));
        }
        return;
    }
    settings.rules = std::move(*rules);
    for (policy::Problem& notice : settings.rules->notices()) {
        const std::string path = path_in_file(notice.path);
        settings.notices.push_back({settings::line_of(root, path), path, std::move(notice.message)});
    }
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
    policy::RulesSpec& spec = result.rules_spec;
    settings::read_listen(file, result);
    settings::read_sign_in(file, context, result);
    settings::read_store(file, context, result);
    settings::read_upstreams(file, context, result, spec);
    settings::read_models(file, spec);
    settings::read_managed(file, problems, result);
    settings::read_telemetry(file, context, result, spec);
    settings::read_log_level(file, context, problems, result);
    settings::read_admin(file, result);
    settings::read_notifications(file, context, result);
    settings::read_pricing(file, result, spec);
    file.finish();

    make_rules(root, problems, result);
    if (!problems.empty()) return std::unexpected(problems.take());
    std::ranges::move(settings::find_pricing_notices(result, root), std::back_inserter(result.notices));
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

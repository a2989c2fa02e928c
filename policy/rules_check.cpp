// SPDX-License-Identifier: Apache-2.0
#include "policy/rules_check.h"

#include <algorithm>
#include <map>

#include "gateway/base/text.h"
#include "policy/brake_document.h"
#include "policy/catalogue.h"
#include "policy/client_settings.h"

namespace gatehouse::policy {
namespace {

std::string item(std::string_view list, std::size_t index) {
    return std::string(list).append("[").append(std::to_string(index)).append("]");
}

bool has_blank_or_control(std::string_view text) {
    return std::ranges::any_of(text, [](char letter) {
        const auto code = static_cast<unsigned char>(letter);
        return code <= ' ' || code == 0x7f;
    });
}

void check_upstreams(const RulesSpec& spec, std::vector<Problem>& problems) {
    if (spec.upstreams.empty()) problems.push_back({"upstreams", "must list at least one upstream"});
    std::map<std::string_view, std::size_t> seen;
    for (std::size_t index = 0; index < spec.upstreams.size(); ++index) {
        const std::string& name = spec.upstreams[index].name;
        const auto [first, fresh] = seen.emplace(name, index);
        if (!fresh)
            problems.push_back({item("upstreams", index) + ".name", "is already the name of " +
                                                                        item("upstreams", first->second) +
                                                                        ": give each upstream a `name` of its own"});
    }
}

void check_mapping(const RulesSpec& spec, const ModelSpec& model, const std::string& path,
                   std::vector<Problem>& problems) {
    if (model.upstream_model.empty()) problems.push_back({path, "must name at least one upstream"});
    for (const auto& [upstream, id] : model.upstream_model) {
        const std::string here = std::string(path).append(".").append(upstream);
        const bool known = std::ranges::find(spec.upstreams, upstream, &UpstreamSpec::name) != spec.upstreams.end();
        if (!known && !spec.upstreams.empty()) problems.push_back({here, "names no upstream of this file"});
        if (id.empty()) problems.push_back({here, "must not be empty"});
        if (has_blank_or_control(id)) problems.push_back({here, "must not hold blanks or control characters"});
    }
}

void check_models(const RulesSpec& spec, std::vector<Problem>& problems) {
    if (!spec.auto_include_builtin_models && spec.models.empty())
        problems.push_back({"models", "must list at least one model when auto_include_builtin_models is false"});
    std::map<std::string, std::size_t> seen;
    for (std::size_t index = 0; index < spec.models.size(); ++index) {
        const ModelSpec& model = spec.models[index];
        const std::string path = item("models", index);
        check_mapping(spec, model, path + ".upstream_model", problems);
        if (model.id.empty()) {
            problems.push_back({path + ".id", "must not be empty"});
            continue;
        }
        if (has_blank_or_control(model.id) || model.id.size() > 256)
            problems.push_back({path + ".id", "must be at most 256 characters without blanks"});
        const std::string spelling = to_lower(model.id);
        const auto builtin = find_builtin(spelling);
        const std::string key = builtin ? std::string(builtins()[*builtin].id) : spelling;
        const auto [first, fresh] = seen.emplace(key, index);
        if (!fresh) problems.push_back({path + ".id", "names the same model as " + item("models", first->second)});
    }
}

void check_domain(const std::string& domain, const std::string& path, std::vector<Problem>& problems) {
    if (domain.find_first_of("@,") == std::string::npos && !has_blank_or_control(domain)) return;
    problems.push_back({path, "must be one bare domain such as example.com, without @, blanks or commas"});
}

void check_policies(const RulesSpec& spec, std::vector<Problem>& problems) {
    for (std::size_t index = 0; index < spec.policies.size(); ++index) {
        const PolicySpec& policy = spec.policies[index];
        const std::string path = item("policies", index);
        for (std::size_t entry = 0; entry < policy.groups.size(); ++entry)
            if (policy.groups[entry].empty())
                problems.push_back({item(path + ".match.groups", entry), "must not be empty"});
        check_domain(policy.email_domain, path + ".match.email_domain", problems);
        check_client_settings(policy.cli, path + ".cli", problems);
        read_brakes(policy.limits, path + ".limits", problems);
    }
}

}  // namespace

void normalize(RulesSpec& spec) {
    constexpr std::string_view blanks = " \t\r\n";
    for (PolicySpec& policy : spec.policies) {
        std::string_view domain = trim(policy.email_domain, blanks);
        if (domain.starts_with('@')) domain.remove_prefix(1);
        // A value that is nothing but an @ or blanks stays as written and is refused: emptied, it would match everyone.
        if (!domain.empty()) policy.email_domain = to_lower(domain);
    }
}

std::vector<Problem> find_problems(const RulesSpec& spec) {
    std::vector<Problem> problems;
    check_upstreams(spec, problems);
    check_models(spec, problems);
    check_policies(spec, problems);
    return problems;
}

}  // namespace gatehouse::policy

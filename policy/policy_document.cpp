// SPDX-License-Identifier: Apache-2.0
#include "policy/policy_document.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <string_view>
#include <utility>

namespace gatehouse::policy {
namespace {

namespace bj = boost::json;

std::string member(std::string_view path, std::string_view key) {
    return path.empty() ? std::string(key) : std::string(path).append(".").append(key);
}

std::string item(std::string_view path, std::size_t index) {
    return std::string(path).append("[").append(std::to_string(index)).append("]");
}

/// Whether `path` is `outer` or a part of it.
bool is_within(std::string_view path, std::string_view outer) {
    if (!path.starts_with(outer)) return false;
    return path.size() == outer.size() || path[outer.size()] == '.' || path[outer.size()] == '[';
}

class Reader {
  public:
    explicit Reader(ParsedPolicies& into) : into_(into) {}

    void document(const bj::object& document) {
        for (const auto& entry : document)
            if (entry.key() != "policies") report(entry.key(), "is not a member of a policy document");
        const bj::value* list = document.if_contains("policies");
        if (list == nullptr) return report("policies", "is required");
        if (!list->is_array()) return report("policies", "must be a list");
        const bj::array& policies = list->get_array();
        if (policies.size() > most_policies)
            return report("policies", "must hold at most " + std::to_string(most_policies) + " policies");
        for (std::size_t index = 0; index < policies.size(); ++index)
            policy(policies[index], item("policies", index), into_.policies.emplace_back());
    }

  private:
    void report(std::string_view path, std::string message) {
        into_.problems.push_back({std::string(path), std::move(message)});
    }

    void policy(const bj::value& value, const std::string& path, PolicySpec& spec) {
        if (!value.is_object()) return report(path, "must be an object with `match`, `cli` and `limits`");
        for (const auto& entry : value.get_object()) {
            const std::string here = member(path, entry.key());
            if (entry.key() == "match")
                match(entry.value(), here, spec);
            else if (entry.key() == "cli")
                client_settings(entry.value(), here, spec);
            else if (entry.key() == "limits")
                limits(entry.value(), here, spec);
            else if (entry.key() == "settings")
                report(here, "is called cli here");
            else if (entry.key() == "desktop")
                report(here, "is not supported yet");
            else
                report(here, "is not a member of a policy");
        }
    }

    void match(const bj::value& value, const std::string& path, PolicySpec& spec) {
        if (!value.is_object()) return report(path, "must be an object with `groups`, `email_domain`, both or none");
        for (const auto& entry : value.get_object()) {
            const std::string here = member(path, entry.key());
            if (entry.key() == "groups")
                groups(entry.value(), here, spec);
            else if (entry.key() == "email_domain")
                domain(entry.value(), here, spec);
            else
                report(here, "is not something that a policy can match on: groups and email_domain are");
        }
    }

    // Both refuse an empty value: emptied, the policy would match everyone.
    void groups(const bj::value& value, const std::string& path, PolicySpec& spec) {
        if (!value.is_array() || value.get_array().empty())
            return report(path, "must be a list of at least one group; without the key the policy matches every group");
        for (const bj::value& entry : value.get_array()) {
            spec.groups.emplace_back(entry.is_string() ? std::string_view(entry.get_string()) : std::string_view{});
            if (!entry.is_string()) report(item(path, spec.groups.size() - 1), "must be a string");
        }
    }
    void domain(const bj::value& value, const std::string& path, PolicySpec& spec) {
        if (!value.is_string() || value.get_string().empty()) return report(path, "must be a string that is not empty");
        spec.email_domain = std::string_view(value.get_string());
    }

    void client_settings(const bj::value& value, const std::string& path, PolicySpec& spec) {
        if (!value.is_object()) return report(path, "must be an object: a managed settings document of Claude Code");
        spec.cli = value.get_object();
    }

    void limits(const bj::value& value, const std::string& path, PolicySpec& spec) {
        if (!value.is_object())
            return report(path, "must be an object of `user`, `session`, `agent` and `pause_session`");
        spec.limits = value.get_object();
    }

    ParsedPolicies& into_;
};

}  // namespace

ParsedPolicies parse_policies(const bj::object& document) {
    ParsedPolicies parsed;
    Reader(parsed).document(document);
    return parsed;
}

bj::object to_document(std::span<const PolicySpec> policies) {
    bj::array list;
    for (const PolicySpec& policy : policies) {
        bj::object match;
        if (!policy.groups.empty()) match["groups"] = bj::array(policy.groups.begin(), policy.groups.end());
        if (!policy.email_domain.empty()) match["email_domain"] = policy.email_domain;
        bj::object entry{{"match", std::move(match)}, {"cli", policy.cli}};
        if (!policy.limits.empty()) entry["limits"] = policy.limits;
        list.push_back(std::move(entry));
    }
    return {{"policies", std::move(list)}};
}

std::expected<RulesPtr, std::vector<Problem>> make_rules(RulesSpec file, const bj::object& document) {
    ParsedPolicies parsed = parse_policies(document);
    file.policies = std::move(parsed.policies);
    file.managed_configured = true;
    auto rules = Rules::make(std::move(file));
    std::vector<Problem> problems = std::move(parsed.problems);
    if (rules && problems.empty()) return std::move(*rules);
    const std::vector<Problem> more = rules ? std::vector<Problem>{} : std::move(rules.error());
    const std::size_t of_form = problems.size();
    for (const Problem& problem : more)
        if (std::none_of(problems.begin(), problems.begin() + static_cast<std::ptrdiff_t>(of_form),
                         [&](const Problem& known) { return is_within(problem.path, known.path); }))
            problems.push_back(problem);
    return std::unexpected(std::move(problems));
}

std::string to_lines(std::span<const Problem> problems) {
    std::string text;
    for (const Problem& problem : problems) {
        if (!text.empty()) text.push_back('\n');
        text.append(problem.path).append(": ").append(problem.message);
    }
    return text;
}

}  // namespace gatehouse::policy

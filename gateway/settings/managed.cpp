// SPDX-License-Identifier: Apache-2.0
#include "gateway/settings/document.h"
#include "gateway/settings/sections.h"

namespace gatehouse::settings {
namespace {

policy::ModelSpec read_model(Section& section) {
    policy::ModelSpec model;
    model.id = section.required_text("id").value_or("");
    model.label = section.text("label").value_or("");
    model.description = section.text("description").value_or("");
    if (section.require("upstream_model") != nullptr) model.upstream_model = section.pairs("upstream_model");
    section.finish();
    return model;
}

void read_match(Section& policy, policy::PolicySpec& spec) {
    Section match = policy.section("match");
    // Both refuse an empty value: emptied, the policy would match everyone.
    spec.groups = match.texts("groups").value_or(std::vector<std::string>{});
    spec.email_domain = match.text("email_domain").value_or("");
    match.finish();
}

void read_policy(Section& policy, policy::PolicySpec& spec, Problems& problems) {
    if (!policy.present()) return;
    read_match(policy, spec);
    const YamlNode* document = policy.find("cli");
    if (document != nullptr && document->is_mapping())
        spec.cli = to_document(*document, path_of(policy.path(), "cli"), problems);
    else if (document != nullptr)
        policy.refuse("cli", "must be a mapping: a managed settings document of Claude Code");
    const YamlNode* limits = policy.find("limits");
    if (limits != nullptr && limits->is_mapping())
        spec.limits = to_document(*limits, path_of(policy.path(), "limits"), problems);
    else if (limits != nullptr)
        policy.refuse("limits", "must be a mapping of user, session, agent and pause_session");
    if (policy.find("desktop") != nullptr) policy.refuse("desktop", "is not supported yet");
    policy.finish();
}

}  // namespace

void rename_aliases(YamlNode& root, Problems& problems) {
    YamlNode* managed = root.find("managed");
    YamlNode* policies = managed == nullptr ? nullptr : managed->find("policies");
    if (policies == nullptr) return;
    for (std::size_t index = 0; index < policies->items.size(); ++index)
        for (auto& [key, value] : policies->items[index].members) {
            if (key != "settings") continue;
            if (policies->items[index].find("cli") != nullptr)
                problems.add(value.line, path_of(path_of("managed.policies", index), key),
                             "is the old name of cli, which is there too: keep one");
            key = "cli";
        }
}

void read_models(Section& file, policy::RulesSpec& spec) {
    // An entry that is no mapping keeps its place, so that the rules count as the file does.
    for (Section& model : file.sections("models"))
        spec.models.push_back(model.present() ? read_model(model) : policy::ModelSpec{});
    spec.auto_include_builtin_models = file.flag("auto_include_builtin_models").value_or(true);
}

void read_managed(Section& file, Problems& problems, Settings& settings) {
    Section managed = file.section("managed");
    policy::RulesSpec& spec = settings.rules_spec;
    spec.managed_configured = managed.present();
    if (!managed.present()) return;
    const bool in_store = managed.word("source", {"file", "store"}) == "store";
    if (in_store) settings.policy_source = policy::PolicySource::store;
    if (in_store && !file.has("admin"))
        managed.refuse("source", "store needs an admin block: without one nobody can change the policies");
    if (!in_store && !managed.has("policies")) managed.refuse("policies", "is required");
    for (Section& policy : managed.sections("policies"))
        read_policy(policy, spec.policies.emplace_back(), problems);
    managed.finish();
}

}  // namespace gatehouse::settings

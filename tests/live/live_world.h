// SPDX-License-Identifier: Apache-2.0
// A LiveState with a small file, and versions to hand to it. Each version gives everyone one `model` setting, by which
// a test sees which one is in force.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/base/json.h"
#include "gateway/live.h"
#include "policy/policy_document.h"

namespace gatehouse::testing {

inline boost::json::object policy_document(std::string_view key, std::string_view value) {
    boost::json::object policy{{"match", boost::json::object{}}, {"cli", {{key, value}}}};
    return {{"policies", boost::json::array{std::move(policy)}}};
}

inline policy::PolicyVersionPtr version_with(std::int64_t number, boost::json::object document) {
    policy::PolicyVersion made;
    made.number = number;
    made.base = number - 1;
    made.author = "admin-key:a";
    made.document = std::move(document);
    return std::make_shared<const policy::PolicyVersion>(std::move(made));
}

inline policy::PolicyVersionPtr version(std::int64_t number, std::string_view model) {
    return version_with(number, policy_document("model", model));
}

/// As a newer replica could have written it.
inline policy::PolicyVersionPtr unknown_to_us(std::int64_t number) {
    return version_with(number, policy_document("inTheFuture", "1"));
}

class LiveWorld {
  public:
    explicit LiveWorld(policy::PolicySource source = policy::PolicySource::store)
        : source_(source), live(settings("", "opus"), metrics) {}

    /// A file with one upstream, whose policy gives `model`; with `only`, that is its whole catalogue.
    Settings settings(std::string_view only, std::string_view model) const {
        Settings made;
        made.policy_source = source_;
        made.upstreams.emplace_back().name = "anthropic";
        made.rules_spec.upstreams = {{"anthropic", "anthropic"}};
        made.rules_spec.managed_configured = true;
        made.rules_spec.policies = policy::parse_policies(policy_document("model", model)).policies;
        if (!only.empty()) {
            made.rules_spec.auto_include_builtin_models = false;
            made.rules_spec.models = {
                {.id = std::string(only), .label = {}, .description = {}, .upstream_model = {{"anthropic", "theirs"}}}};
        }
        made.rules = *policy::Rules::make(made.rules_spec);
        return made;
    }
    std::string model() const {
        const policy::Policy* policy = live.load()->upstreams->rules->policy_for({"u", "", {}});
        return policy == nullptr ? "" : std::string(policy->settings.at("model").as_string());
    }
    bool has_metric(const std::string& line) const {
        return metrics.exposition().find(line + "\n") != std::string::npos;
    }

    observe::Metrics metrics;

  private:
    policy::PolicySource source_;

  public:
    LiveState live;
};

}  // namespace gatehouse::testing

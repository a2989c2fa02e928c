// SPDX-License-Identifier: Apache-2.0
// Rules: the immutable snapshot of what the operator decided: which models exist (the catalogue), which policy a caller
// falls under, which models and client settings that policy gives. Pure: no HTTP, no store, no clock.
#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/brake.h"

namespace gatehouse::policy {

/// One `models:` entry.
struct ModelSpec {
    std::string id;
    std::string label;  ///< may be empty
    std::string description;
    std::vector<std::pair<std::string, std::string>> upstream_model;  ///< upstream name → id there
};

/// One `managed.policies` entry.
struct PolicySpec {
    std::vector<std::string> groups;  ///< empty: not matched on
    std::string email_domain;         ///< lower case; empty: not matched on
    boost::json::object cli;          ///< managed settings document; `availableModels` is read from it
    boost::json::object limits;       ///< how fast a caller may go (brake_document.h)
    bool is_base() const { return groups.empty() && email_domain.empty(); }
};

/// One `upstreams` entry, as far as models go.
struct UpstreamSpec {
    std::string name;
    std::string provider;  ///< "anthropic"
};

struct RulesSpec {
    std::vector<UpstreamSpec> upstreams;  ///< in order of preference
    std::vector<ModelSpec> models;
    bool auto_include_builtin_models = true;
    std::vector<PolicySpec> policies;
    /// Environment that telemetry adds to every client; empty when telemetry is off.
    std::vector<std::pair<std::string, std::string>> telemetry_env;
    bool managed_configured = false;  ///< a `managed` block exists
};

/// One fault in a RulesSpec: `path` continues the section's ("policies[1].cli.availableModels[0]").
struct Problem {
    std::string path;
    std::string message;
};

/// Who asks, as policy sees them.
struct Subject {
    std::string_view id;
    std::string_view email;
    std::span<const std::string> groups;
    const boost::json::object* limits = nullptr;  ///< that they bring themselves, as a policy writes them; null: none
};

/// A model the catalogue offers.
struct Model {
    std::string id;  ///< what clients ask for, and what counters are kept under
    std::string display_name;
    std::string description;         ///< the operator's, may be empty
    std::string created_at;          ///< RFC 3339; release date of built-ins, "1970-01-01T00:00:00Z" for custom ids
    long long max_input_tokens = 0;  ///< 0: not stated
    bool builtin = false;
};

/// The policy a caller falls under, already merged over the base.
struct Policy {
    std::string name;                 ///< "policies[0]: contractors" style; for admins and audit lines
    std::string label;                ///< without the place, which changes when another is put before it; for people
    std::vector<std::string> groups;  ///< that it matches on; empty: none
    std::optional<std::vector<std::string>> available_models;  ///< nothing: the whole catalogue
    boost::json::object settings;                              ///< merged document, telemetry environment included
    std::string settings_text;                                 ///< canonical JSON of `settings`
    std::string checksum;                                      ///< "sha256:" + hex of settings_text
    boost::json::object limits;                                ///< merged, as they are written
    Brakes brakes;                                             ///< the same
};

/// Which policy a caller falls under, and what of them it looks at. A policy that asks for neither is everyone's.
struct PolicyMatch {
    const Policy* policy = nullptr;  ///< null: none matched
    std::string group;               ///< the caller's group that it names; empty when it asks for none
    std::string email_domain;        ///< empty when it asks for none
};

class Rules {
  public:
    /// All problems at once, or the snapshot.
    static std::expected<std::shared_ptr<const Rules>, std::vector<Problem>> make(RulesSpec spec);
    ~Rules();
    Rules(const Rules&) = delete;
    Rules& operator=(const Rules&) = delete;

    /// The caller's policy, or null when none matches (then: whole catalogue, no settings but telemetry's).
    const Policy* policy_for(const Subject& subject) const;
    /// The same, and why.
    PolicyMatch match(const Subject& subject) const;
    /// What a caller without a policy is served when telemetry is on; null otherwise.
    const Policy* telemetry_only() const;
    bool managed_configured() const;
    /// Every model that this policy (null: none) admits, catalogue order.
    std::vector<const Model*> models_for(const Policy* policy) const;
    /// Resolves any spelling the catalogue knows (dateless, dated, cloud forms; case-blind); null when unknown.
    const Model* resolve(std::string_view asked) const;
    /// X admits X and X-…, family words admit the family; the client's own string,
    /// lower-cased.
    static bool admits(std::span<const std::string> available_models, std::string_view asked);
    /// The id to send to that upstream for a resolved model, or nothing when the upstream does not serve it.
    std::optional<std::string_view> upstream_id(const Model& model, std::size_t upstream) const;
    std::span<const UpstreamSpec> upstreams() const;
    /// Odd but not wrong: policies that nobody reaches, allow-lists that are empty or whose entries admit no model.
    std::vector<Problem> notices() const;

  private:
    struct State;
    explicit Rules(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

using RulesPtr = std::shared_ptr<const Rules>;

}  // namespace gatehouse::policy

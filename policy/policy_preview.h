// SPDX-License-Identifier: Apache-2.0
// Whom a change of the policies would touch: for each person that the gateway has seen at work, their policy, models,
// client settings and limits before and after. Pure; called by admin/policies.cpp for a dry run.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "policy/principal.h"
#include "policy/rules.h"

namespace gatehouse::policy {

/// What changes for one person. At least one of the four does.
struct PolicyEffect {
    Principal who;
    std::string policy_before;  ///< its name; empty: none matches
    std::string policy_after;
    bool policy_changed = false;  ///< another one matches; one that only moved up or down is the same
    std::vector<std::string> models_gained;
    std::vector<std::string> models_lost;
    std::vector<std::string> settings_changed;  ///< top-level keys of the managed settings document
    std::vector<std::string> limits_changed;    ///< "user", "session", "agent", "pause_session"
};

/// Those that something changes for, in their order.
std::vector<PolicyEffect> preview(const Rules& before, const Rules& after, std::span<const Principal> people);

}  // namespace gatehouse::policy

// SPDX-License-Identifier: Apache-2.0
// decide: may this caller use this model, and where may it be served? Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/result.h"
#include "policy/rules.h"

namespace gatehouse::policy {

/// One place a request may be sent, in order of preference.
struct Candidate {
    std::size_t upstream = 0;  ///< index into Rules::upstreams()
    std::string model;         ///< the id to send there
};

/// A yes.
struct Permit {
    RulesPtr rules;                              ///< the snapshot it was decided by: hold on to it, do not load another
    const Model* model = nullptr;                ///< owned by `rules`
    std::string policy;                          ///< name of the policy, empty when none matched
    std::span<const std::string> policy_groups;  ///< that the policy matches on; owned by `rules`
    std::shared_ptr<const Brakes> brakes;        ///< null: nothing slows the caller down
    std::vector<Candidate> candidates;           ///< never empty
};

/// Refusals are bad_request with the reference's words: model_not_in_policy, model_not_in_catalogue.
Result<Permit> decide(RulesPtr rules, const Subject& subject, std::string_view asked_model);

/// How fast a caller may go: as their policy (null: none) says, and over that, figure by figure, what they bring
/// themselves. Null when nothing bounds them.
std::shared_ptr<const Brakes> brakes_for(const RulesPtr& rules, const Policy* policy, const Subject& subject);

}  // namespace gatehouse::policy

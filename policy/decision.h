// SPDX-License-Identifier: Apache-2.0
// decide: may this caller use this model, and where may it be served? Pure.
#pragma once

#include <cstddef>
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
    const Brakes* brakes = nullptr;              ///< the policy's, if it has some; owned by `rules`
    std::vector<Candidate> candidates;           ///< never empty
};

/// Refusals are bad_request with the reference's words: model_not_in_policy, model_not_in_catalogue.
Result<Permit> decide(RulesPtr rules, const Subject& subject, std::string_view asked_model);

}  // namespace gatehouse::policy

// SPDX-License-Identifier: Apache-2.0
// Everything that can be wrong with a RulesSpec, found in one pass. Called by Rules::make only.
#pragma once

#include <vector>

#include "policy/rules.h"

namespace gatehouse::policy {

/// Trims e-mail domains and drops one leading @, as operators tend to write them.
void normalize(RulesSpec& spec);
std::vector<Problem> find_problems(const RulesSpec& spec);

}  // namespace gatehouse::policy

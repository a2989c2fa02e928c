// SPDX-License-Identifier: Apache-2.0
// The `limits` of a policy, as an admin writes them: {"user":{"requests_per_minute":60},…,"pause_session":{…}}. Read,
// and laid over the base policy's. Pure; called by rules_check.cpp, which wants every fault, and by rules.cpp.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "policy/brake.h"
#include "policy/rules.h"

namespace gatehouse::policy {

/// Appends what is wrong to `problems`, under `path`. What is null is no limit.
Brakes read_brakes(const boost::json::object& limits, const std::string& path, std::vector<Problem>& problems);

/// `specific` over `base`: figure by figure; null lifts the base's.
boost::json::object merge_limits(const boost::json::object& base, const boost::json::object& specific);

}  // namespace gatehouse::policy

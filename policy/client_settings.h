// SPDX-License-Identifier: Apache-2.0
// What a policy's `cli` document may hold: the top-level keys of Claude Code's managed settings and the shapes of those
// that this gateway merges or enforces. An unknown key is refused, because a misspelt `availableModels` would otherwise
// silently open every model.
#pragma once

#include <boost/json/object.hpp>
#include <string_view>
#include <vector>

#include "policy/rules.h"

namespace gatehouse::policy {

/// Appends every fault, with paths that continue `path`.
void check_client_settings(const boost::json::object& document, std::string_view path, std::vector<Problem>& problems);

}  // namespace gatehouse::policy

// SPDX-License-Identifier: Apache-2.0
// How two managed settings documents become one: a policy laid over the `match: {}` base. Pure; called by rules.cpp
// when a snapshot is made, never by a request.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <utility>
#include <vector>

namespace gatehouse::policy {

/// `specific` over `base`. Keys that only the base has are inherited; allow-lists and everything else that both have
/// are the specific one's; deny-lists and each hooks event are united, base first, so that a role cannot drop what the
/// organization denies; `env`, `modelOverrides` and `skillOverrides` are merged key by key.
boost::json::object merge_documents(const boost::json::object& base, const boost::json::object& specific);

/// Adds to the document's `env` what it does not set itself.
void add_environment(boost::json::object& document, const std::vector<std::pair<std::string, std::string>>& entries);

}  // namespace gatehouse::policy

// SPDX-License-Identifier: Apache-2.0
// The policy document: what an admin edits, `{"policies":[{"match":{"groups","email_domain"},"cli":{},"limits":{}}]}`,
// in the meaning of gateway.yaml's `managed.policies`. Here it is read, written in one form, and made into rules
// together with the rest of the file. Pure; called by admin/policies.cpp and, for what is stored, by live.cpp.
#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <vector>

#include "policy/rules.h"

namespace gatehouse::policy {

/// More are refused: comparing two versions takes time by the square of it.
inline constexpr std::size_t most_policies = 1'000;

/// The policies, and everything that is wrong with the document's form. What is wrong keeps its place, so that what
/// Rules::make says counts as the document does.
struct ParsedPolicies {
    std::vector<PolicySpec> policies;
    std::vector<Problem> problems;
};

ParsedPolicies parse_policies(const boost::json::object& document);
/// Each policy with its `match` and its `cli`, empty or not, and its `limits` when it has some: two documents that mean
/// the same look the same.
boost::json::object to_document(std::span<const PolicySpec> policies);

/// The rules of `file` with the document's policies in place of its own, or every fault.
std::expected<RulesPtr, std::vector<Problem>> make_rules(RulesSpec file, const boost::json::object& document);

/// One line a problem: `path: message`.
std::string to_lines(std::span<const Problem> problems);

}  // namespace gatehouse::policy

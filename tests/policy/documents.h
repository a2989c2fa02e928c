// SPDX-License-Identifier: Apache-2.0
// JSON texts as documents, and small rule sets, for the tests of this folder.
#pragma once

#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string_view>

#include "gateway/base/json.h"
#include "policy/rules.h"

namespace gatehouse::policy {

inline boost::json::object document(std::string_view text) {
    auto value = json::parse(text);
    if (!value || !value->is_object()) {
        ADD_FAILURE() << "not an object: " << text;
        return {};
    }
    return value->get_object();
}

inline PolicySpec policy_of(std::vector<std::string> groups, std::string_view cli, std::string domain = {}) {
    return {.groups = std::move(groups), .email_domain = std::move(domain), .cli = document(cli)};
}

inline RulesSpec one_upstream() {
    RulesSpec spec;
    spec.upstreams = {{"anthropic", "anthropic"}};
    return spec;
}

/// The rules, or a failed test.
inline RulesPtr make_rules(RulesSpec spec) {
    auto rules = Rules::make(std::move(spec));
    if (rules) return *rules;
    for (const Problem& problem : rules.error())
        ADD_FAILURE() << problem.path << ": " << problem.message;
    return nullptr;
}

}  // namespace gatehouse::policy

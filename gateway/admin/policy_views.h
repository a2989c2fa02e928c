// SPDX-License-Identifier: Apache-2.0
// How policy versions, notices and the effects of a dry run look in the answers of admin/policies.cpp.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstddef>
#include <span>

#include "gateway/http/message.h"
#include "policy/policy_preview.h"
#include "policy/policy_version.h"
#include "policy/rules.h"

namespace gatehouse::admin {

/// More of them are counted and not listed.
inline constexpr std::size_t most_listed_people = 1'000;

boost::json::object to_json(const policy::PolicyVersion& version);
boost::json::array to_json(std::span<const policy::Problem> notices);
/// `known`: how many people were looked at.
boost::json::object to_json(std::span<const policy::PolicyEffect> effects, std::size_t known);

/// With the ETag that an editor sends back as If-Match.
http::Response reply_version(const http::Request& request, boost::json::object body,
                             const policy::PolicyVersion& version);
/// gateway.yaml's own policies, as version 0.
http::Response show_file(const http::Request& request, const policy::RulesSpec& file);

}  // namespace gatehouse::admin

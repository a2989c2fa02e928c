// SPDX-License-Identifier: Apache-2.0
// What is different between two policy documents, as a list that a person can read. Policies that match the same people
// are compared with each other wherever they stand; lists inside of them are shown whole, before and after. Pure;
// called by admin/policies.cpp and for the audit trail.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace gatehouse::policy {

struct Difference {
    /// `policies[1].cli.env.DEBUG`. The index is the one in the later document, of what is gone the one in the earlier.
    std::string path;
    std::optional<boost::json::value> before;  ///< nothing: it was not there
    std::optional<boost::json::value> after;   ///< nothing: it is gone

    bool operator==(const Difference&) const = default;
};

std::vector<Difference> find_differences(const boost::json::object& before, const boost::json::object& after);

/// `[{"path","before","after"}]`; what was not there has no `before`, what is gone no `after`.
boost::json::array to_json(std::span<const Difference> differences);

enum class Side : std::uint8_t { before, after };
/// One side for the audit trail: `{"version":7,"values":{path: value}}`; when that would be long, the first paths
/// alone.
std::string to_audit_text(std::int64_t version, std::span<const Difference> differences, Side side);

}  // namespace gatehouse::policy

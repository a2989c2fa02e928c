// SPDX-License-Identifier: Apache-2.0
// UserSearch: which people a request of /v1/organizations/users asks for, in which order, and which page of them. Pure.
// Called by users.cpp. Service keys are no people and are never found.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/result.h"
#include "policy/principal.h"
#include "policy/rules.h"

namespace gatehouse::admin {

enum class UserOrder : std::uint8_t {
    last_seen,  ///< who was seen last comes first
    name,       ///< or else by address, or else by id; ASCII letters without case
    id,
};

/// Behind whom a page begins: where they stood when the page before was made, wherever they stand now.
struct UserCursor {
    std::string id;
    std::string key;  ///< what the order looks at

    bool operator==(const UserCursor&) const = default;
};

struct UserSearch {
    std::string text;    ///< each of its words is in id, address, name or a group; empty: whatever it is
    std::string email;   ///< exactly, but for the case; likewise
    std::string group;   ///< a member of it; likewise
    std::string policy;  ///< the name of the one that holds for them; likewise
    UserOrder order = UserOrder::last_seen;
    std::size_t limit = 20;
    std::optional<UserCursor> after;

    /// Faults: bad_request, naming the parameter.
    static Result<UserSearch> parse(std::string_view query);
};

struct UserPage {
    std::vector<policy::Principal> people;
    std::size_t total = 0;  ///< on all pages
    std::string next;       ///< the next page's `page`; empty: there is none
};

UserPage search_users(std::vector<policy::Principal> people, const policy::Rules& rules, const UserSearch& search);

}  // namespace gatehouse::admin

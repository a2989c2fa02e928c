// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/people.h"

#include <algorithm>

#include "gateway/admin/reply.h"
#include "gateway/base/text.h"

namespace gatehouse::admin {

const policy::Principal* find_by_id(std::span<const policy::Principal> people, std::string_view id) {
    const auto found = std::ranges::find(people, id, &policy::Principal::id);
    return found == people.end() ? nullptr : &*found;
}

Result<const policy::Principal*> find_by_email(std::span<const policy::Principal> people, std::string_view email,
                                               std::string_view field) {
    const std::string wanted = to_lower(email);
    const policy::Principal* found = nullptr;
    for (const policy::Principal& person : people) {
        // A service key carries its owner's address.
        if (person.service || to_lower(person.email) != wanted) continue;
        if (found != nullptr)
            return fail(bad_field(field, "is the address of several people: " + found->id + ", " + person.id));
        found = &person;
    }
    if (found == nullptr) return fail(bad_field(field, "nobody with this address was seen at work yet"));
    return found;
}

bool mentions(const policy::Principal& person, std::string_view text) {
    const std::string wanted = to_lower(text);
    return std::ranges::any_of(std::initializer_list<std::string_view>{person.id, person.email, person.name},
                               [&](std::string_view in) { return to_lower(in).contains(wanted); });
}

policy::Principal to_principal(const auth::Person& person, Instant seen) {
    return {.id = person.subject,
            .email = person.email,
            .name = person.name,
            .groups = person.groups,
            .service = false,
            .last_seen = seen};
}

policy::Subject subject_of(const policy::Principal& person) {
    return {.id = person.id, .email = person.email, .groups = person.groups};
}

boost::json::array groups_of(const policy::Principal& person) {
    boost::json::array groups;
    for (const std::string& group : person.groups)
        groups.emplace_back(group);
    return groups;
}

std::string_view kind_of(const policy::Principal& person) {
    return person.service ? "service" : "person";
}

}  // namespace gatehouse::admin

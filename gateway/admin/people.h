// SPDX-License-Identifier: Apache-2.0
// People: finding somebody among those who were seen at work, and showing them. Pure. There is no directory: whoever
// has never sent a request is not known here.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <span>
#include <string>
#include <string_view>

#include "auth/identity.h"
#include "gateway/base/clock.h"
#include "gateway/base/result.h"
#include "policy/rollups.h"
#include "policy/rules.h"

namespace gatehouse::admin {

/// The person or service key of that id; null when nobody is.
const policy::Principal* find_by_id(std::span<const policy::Principal> people, std::string_view id);
/// The one person with that address, case-blind. Faults: bad_request, when there is none or more than one.
Result<const policy::Principal*> find_by_email(std::span<const policy::Principal> people, std::string_view email,
                                               std::string_view field);
/// Whether `text` is in their id, address or name, case-blind.
bool mentions(const policy::Principal& person, std::string_view text);

/// Whoever signed in, as they are kept.
policy::Principal to_principal(const auth::Person& person, Instant seen);
/// As policy sees them; a view of `person`.
policy::Subject subject_of(const policy::Principal& person);
boost::json::array groups_of(const policy::Principal& person);
/// "person" or "service".
std::string_view kind_of(const policy::Principal& person);

}  // namespace gatehouse::admin

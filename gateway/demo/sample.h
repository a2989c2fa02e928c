// SPDX-License-Identifier: Apache-2.0
// The organization that the demo shows before anybody used it: its people, and what they asked of the models. Made up,
// and marked so: every name that is invented says "sample". A request follows from its day and its author alone, so two
// spans that overlap agree, and a demo that is started again adds what its people did meanwhile. Pure. Called by
// sample_fill.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/clock.h"
#include "policy/charge.h"
#include "policy/price.h"
#include "policy/principal.h"
#include "policy/rules.h"

namespace gatehouse::demo {

/// The user who is given a cap that they are near, and asks for more.
inline constexpr std::string_view near_cap_user = "sample-noah";
/// Asked before, and got it.
inline constexpr std::string_view granted_user = "sample-mia";
inline constexpr std::string_view service_key_name = "Nightly review (sample)";
/// "svk_" and 32 hex digits, as keys that admins make.
std::string service_key_id();

/// The people of the demo, a dozen more, and a service key.
std::vector<policy::Principal> sample_people();
/// What they asked within [from, to), oldest first, at the prices of that book; without accounts and principals.
std::vector<policy::Charge> sample_charges(const policy::Rules& rules, const policy::PriceBook& prices, Instant from,
                                           Instant to);

}  // namespace gatehouse::demo

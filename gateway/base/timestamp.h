// SPDX-License-Identifier: Apache-2.0
// Moments as text: RFC 3339 in UTC with milliseconds, as every document and API of this house writes them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/base/clock.h"

namespace gatehouse {

/// "2026-11-25T22:05:09.040Z".
std::string to_timestamp(Instant when);
/// RFC 3339 with any offset and any number of fraction digits (below a millisecond they are dropped); nothing when it
/// is not such a moment. A leap second is none.
std::optional<Instant> parse_timestamp(std::string_view text);

}  // namespace gatehouse

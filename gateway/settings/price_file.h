// SPDX-License-Identifier: Apache-2.0
// The file that `pricing.file` names: a price list in YAML or JSON (docs/pricing.md has its format), as `gatehouse
// prices --json` prints one. Knows nothing of gateway.yaml.
#pragma once

#include <string_view>

#include "gateway/settings/node.h"
#include "gateway/settings/section.h"
#include "policy/price.h"

namespace gatehouse::settings {

/// What could be read of it; complete when no problem was added.
policy::PriceList read_price_list(std::string_view text, Problems& problems);

/// Dollars as whole nano-dollars; reports what is absent, not greater than 0 or finer than that.
std::int64_t read_price(Section& section, std::string_view key);

}  // namespace gatehouse::settings

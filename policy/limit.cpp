// SPDX-License-Identifier: Apache-2.0
#include "policy/limit.h"

#include <algorithm>

namespace gatehouse::policy {

std::optional<Money> grant(Money estimate, Money room, Money held) {
    if (room <= Money()) return std::nullopt;
    if (held.is_zero()) return std::min(estimate, room);
    if (held + estimate <= room) return estimate;
    return std::nullopt;
}

}  // namespace gatehouse::policy

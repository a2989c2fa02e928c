// SPDX-License-Identifier: Apache-2.0
#include "policy/charge.h"

#include "gateway/base/text.h"

namespace gatehouse::policy {

std::string_view to_slug(Tier tier) {
    switch (tier) {
        case Tier::standard:
            return "standard";
        case Tier::long_context:
            return "long_context";
        case Tier::fast:
            return "fast";
        case Tier::fast_long_context:
            return "fast_long_context";
    }
    return "standard";
}

std::string user_account(std::string_view user) {
    return concat({"u:", user});
}

std::string pool_account(std::string_view group) {
    return concat({"g:", group});
}

std::optional<std::string> user_of(std::string_view account) {
    return account.starts_with("u:") ? std::optional<std::string>(account.substr(2)) : std::nullopt;
}

std::optional<std::string> pool_of(std::string_view account) {
    return account.starts_with("g:") ? std::optional<std::string>(account.substr(2)) : std::nullopt;
}

}  // namespace gatehouse::policy

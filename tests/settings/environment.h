// SPDX-License-Identifier: Apache-2.0
// The environment that the settings tests see.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/settings.h"

namespace gatehouse::testing {

inline Environment environment_with(std::map<std::string, std::string, std::less<>> more = {}) {
    more.insert({"SECRET", "s3cr3t/with:reserved@letters"});
    more.insert({"JWT_SECRET", "0123456789abcdef0123456789abcdef"});
    more.insert({"API_KEY", "sk-ant-1"});
    more.insert({"PRICES", std::string(GATEHOUSE_SOURCE_DIR) + "/tests/settings/prices"});
    more.insert({"HOME", "/home/dev"});
    more.insert({"XDG_STATE_HOME", "/state"});
    return [more](std::string_view name) -> std::optional<std::string> {
        const auto found = more.find(name);
        return found == more.end() ? std::nullopt : std::optional(found->second);
    };
}

}  // namespace gatehouse::testing

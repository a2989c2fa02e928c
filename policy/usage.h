// SPDX-License-Identifier: Apache-2.0
// Usage: what one answered request consumed, as the provider counted it.
#pragma once

#include <cstdint>

namespace gatehouse::policy {

struct Usage {
    std::int64_t input = 0;
    std::int64_t output = 0;
    std::int64_t cache_read = 0;
    std::int64_t cache_write_5m = 0;
    std::int64_t cache_write_1h = 0;
    std::int64_t web_searches = 0;

    std::int64_t cache_write() const { return cache_write_5m + cache_write_1h; }
    bool operator==(const Usage&) const = default;
};

}  // namespace gatehouse::policy

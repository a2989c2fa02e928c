// SPDX-License-Identifier: Apache-2.0
// Usage: what one answered request consumed, as the provider counted it, and under which tariff.
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
    /// Everything that the model read.
    std::int64_t prompt() const { return input + cache_read + cache_write(); }
    bool operator==(const Usage&) const = default;
    Usage& operator+=(const Usage& more) {
        input += more.input;
        output += more.output;
        cache_read += more.cache_read;
        cache_write_5m += more.cache_write_5m;
        cache_write_1h += more.cache_write_1h;
        web_searches += more.web_searches;
        return *this;
    }
};

/// How fast the answer was asked to come: providers price fast mode apart.
enum class Speed : std::uint8_t { standard, fast };

/// Which column of the price list a request was billed by. Kept with the counters, so that they can be priced again.
enum class Tier : std::uint8_t { standard, long_context, fast, fast_long_context };

}  // namespace gatehouse::policy

// SPDX-License-Identifier: Apache-2.0
// Clock port: everything that decides by time takes `now` as an argument; everything that fetches it asks a Clock.
#pragma once

#include <chrono>

namespace gatehouse {

using Instant = std::chrono::sys_time<std::chrono::milliseconds>;

class Clock {
  public:
    virtual ~Clock() = default;
    /// Wall time in UTC, to the millisecond.
    virtual Instant now() const = 0;
};

class SystemClock final : public Clock {
  public:
    Instant now() const override {
        return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
    }
};

/// Whole seconds since 1970, as JWT NumericDate wants them (RFC 7519, section 2).
inline long long to_unix_seconds(Instant when) {
    return std::chrono::floor<std::chrono::seconds>(when).time_since_epoch().count();
}

inline Instant from_unix_seconds(long long seconds) {
    return Instant{std::chrono::seconds{seconds}};
}

}  // namespace gatehouse

// SPDX-License-Identifier: Apache-2.0
// Rollups port: the sums that reports read. Added up at write time, by hour, day and month, so that no page scans
// records. Implementations: store/redis_rollups (real), tests/support/memory_rollups (fake).
#pragma once

#include <string>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/money.h"
#include "gateway/base/task.h"
#include "policy/charge.h"
#include "policy/principal.h"

namespace gatehouse::policy {

enum class Grain : std::uint8_t { hour, day, month };

/// What happened in one bucket under one combination of dimensions.
struct Cell {
    Instant bucket;  ///< its begin, UTC
    Dimensions who;
    Usage usage;
    std::int64_t requests = 0;
    Money cost;
};

/// One session of a user on one UTC day.
struct SessionCell {
    Instant day;
    std::string session;
    std::string agent;
    std::string model;
    std::string project;
    Usage usage;
    std::int64_t requests = 0;
    Money cost;
};

class Rollups {
  public:
    virtual ~Rollups() = default;
    /// Every cell of the buckets that begin in [from, to), in no particular order. `who.user` and `who.service_key` are
    /// filled.
    virtual Task<std::vector<Cell>> cells(Grain grain, Instant from, Instant to) = 0;
    /// Those of one user, without reading everybody's.
    virtual Task<std::vector<Cell>> cells_of(std::string user, Grain grain, Instant from, Instant to) = 0;
    /// Everybody's by day with users and service keys summed away: a year of it is small.
    virtual Task<std::vector<Cell>> totals(Instant from, Instant to) = 0;
    virtual Task<std::vector<SessionCell>> sessions(std::string user, Instant from, Instant to) = 0;
    virtual Task<std::vector<Principal>> principals() = 0;
    /// Those of them with these ids; who is not known is left out.
    virtual Task<std::vector<Principal>> find_principals(std::vector<std::string> ids) = 0;
};

}  // namespace gatehouse::policy

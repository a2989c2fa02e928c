// SPDX-License-Identifier: Apache-2.0
// Buckets: the hours, days and months (UTC) that spend is added up in, as spans of time. Pure. Used by reports, which
// show them, and by store/redis_rollups, which reads one key for each.
#pragma once

#include <vector>

#include "gateway/base/clock.h"
#include "policy/rollups.h"

namespace gatehouse::policy {

/// [begin, end)
struct Span {
    Instant begin;
    Instant end;

    bool operator==(const Span&) const = default;
};

/// The begin of the bucket that `when` lies in.
Instant bucket_begin(Grain grain, Instant when);
/// The begin of the next one.
Instant bucket_end(Grain grain, Instant when);
/// The first `most` buckets that begin in [from, to), in order.
std::vector<Span> buckets(Grain grain, Instant from, Instant to, std::size_t most);

}  // namespace gatehouse::policy

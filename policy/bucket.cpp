// SPDX-License-Identifier: Apache-2.0
#include "policy/bucket.h"

#include <chrono>

#include "policy/period.h"

namespace gatehouse::policy {

Instant bucket_begin(Grain grain, Instant when) {
    switch (grain) {
        case Grain::hour:
            return std::chrono::floor<std::chrono::hours>(when);
        case Grain::day:
            return period_begin(Period::daily, when);
        case Grain::month:
            return period_begin(Period::monthly, when);
    }
    return when;
}

Instant bucket_end(Grain grain, Instant when) {
    switch (grain) {
        case Grain::hour:
            return bucket_begin(grain, when) + std::chrono::hours{1};
        case Grain::day:
            return period_end(Period::daily, when);
        case Grain::month:
            return period_end(Period::monthly, when);
    }
    return when;
}

std::vector<Span> buckets(Grain grain, Instant from, Instant to, std::size_t most) {
    std::vector<Span> all;
    Instant begin = bucket_begin(grain, from);
    if (begin < from) begin = bucket_end(grain, from);
    for (; begin < to && all.size() < most; begin = all.back().end)
        all.push_back({begin, bucket_end(grain, begin)});
    return all;
}

}  // namespace gatehouse::policy

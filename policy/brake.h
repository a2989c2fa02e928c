// SPDX-License-Identifier: Apache-2.0
// Brakes: how fast one caller may go, one of their sessions and one of their agents: requests, tokens and dollars a
// minute, and requests at the same time; and when a session that runs away is paused. A policy brings them. A gauge is
// what counts one of those: it fills with each request and runs empty at the rate that it allows, so that a full
// minute's worth may come at once and what was more than allowed is waited off. Pure; what gauges read is remembered by
// the ledger.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/money.h"
#include "policy/usage.h"

namespace gatehouse::policy {

/// Nothing: not bounded.
struct RateLimits {
    std::optional<std::int64_t> requests;    ///< a minute
    std::optional<std::int64_t> tokens;      ///< a minute, as counted_tokens counts them
    std::optional<std::int64_t> concurrent;  ///< requests under way
    std::optional<Money> cost;               ///< a minute

    bool is_empty() const { return !requests && !tokens && !concurrent && !cost; }
    bool operator==(const RateLimits&) const = default;
};

/// A session is paused at its first request after it has cost so much, or made so many requests, in one stretch of that
/// length. A stretch begins with the first request after the last one ended.
struct PauseRule {
    std::optional<Money> cost;
    std::optional<std::int64_t> requests;
    std::chrono::minutes within{60};

    bool operator==(const PauseRule&) const = default;
};

struct Brakes {
    RateLimits user;
    RateLimits session;  ///< each of a user's
    RateLimits agent;    ///< each of a user's
    std::optional<PauseRule> pause;

    bool is_empty() const { return user.is_empty() && session.is_empty() && agent.is_empty() && !pause; }
    bool operator==(const Brakes&) const = default;
};

enum class BrakeScope : std::uint8_t { user, session, agent };

/// What one scope of a caller is counted on.
struct Gauge {
    BrakeScope scope = BrakeScope::user;
    std::string name;  ///< no two scopes of whatever callers share one
    RateLimits rates;

    bool operator==(const Gauge&) const = default;
};

/// The gauges that a request of theirs is counted on. Without a session or an agent (empty) only the user's.
std::vector<Gauge> gauges(const Brakes& brakes, std::string_view user, std::string_view session,
                          std::string_view agent);

/// A session that is watched for running away.
struct Watch {
    std::string user;
    std::string session;
    PauseRule rule;

    bool operator==(const Watch&) const = default;
};

/// What a request takes of its gauges: before it is sent a guess, afterwards the truth.
struct Draw {
    std::int64_t tokens = 0;
    Money cost;

    bool operator==(const Draw&) const = default;
};

/// The tokens that a rate counts: all but those read from the cache, which providers do not count towards theirs
/// either, and which in a long session are nearly all.
std::int64_t counted_tokens(const Usage& usage);

enum class Measure : std::uint8_t { requests, tokens, cost, concurrent };

/// A gauge that has no room, and how long until it has.
struct Braked {
    BrakeScope scope = BrakeScope::user;
    Measure measure = Measure::requests;
    std::chrono::milliseconds wait{0};

    bool operator==(const Braked&) const = default;
};

/// What a gauge reads.
struct Level {
    double requests = 0;
    double tokens = 0;
    double nano = 0;
    Instant at;

    bool operator==(const Level&) const = default;
};

/// A gauge as it stands.
struct Reading {
    Level level;  ///< drained
    std::int64_t under_way = 0;

    bool operator==(const Reading&) const = default;
};

/// What it reads at `now`: every full minute takes away what the rates allow in one.
Level drained(const Level& level, const RateLimits& rates, Instant now);
/// Nothing: there is room for one request more. Of several measures without room the one that takes longest. `level`
/// is drained. The store's script does the same.
std::optional<Braked> full(const Gauge& gauge, const Level& level, std::int64_t under_way);
/// What somebody is told whom that gauge holds up.
std::string braked_words(const Braked& braked, const RateLimits& rates);
/// How long a request waits for others to end, when too many are under way.
inline constexpr std::chrono::milliseconds concurrency_pause{2'000};

/// A session that was paused, as its owner sees it.
struct PausedSession {
    std::string user;
    std::string session;
    Instant since;
    Money cost;  ///< in the stretch that was too much
    std::int64_t requests = 0;
    PauseRule rule;

    bool operator==(const PausedSession&) const = default;
};

/// Why, as the rest of a sentence: "it cost $25.13 within 60 minutes, and its policy pauses sessions at $25.00".
std::string why_paused(const PausedSession& paused);
/// "60 requests per minute", "$2.50 per minute", "1 request at the same time". `rates` has the measure.
std::string describe(const RateLimits& rates, Measure measure);

}  // namespace gatehouse::policy

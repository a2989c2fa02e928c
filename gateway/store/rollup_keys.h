// SPDX-License-Identifier: Apache-2.0
// The names under which spend is kept, for those who write it (redis_ledger) and those who read it (redis_rollups). All
// in one hash slot, so that one script checks or settles a request on every account and in every report at once
// (docs/decisions). Names in keys are hashed: a brace in one would move the key, and a subject is personal data.
#pragma once

#include <string>
#include <string_view>

#include "gateway/base/clock.h"
#include "policy/charge.h"
#include "policy/period.h"
#include "policy/rollups.h"

namespace gatehouse::store {

/// What accounts spent in the period that `now` lies in: account → nano-dollars.
std::string spent_key(policy::Period period, Instant now);
/// What is set aside: account → nano-dollars, accounts that nothing is held on are absent; and `earliest`: no
/// reservation expires before it (ms since 1970).
inline constexpr std::string_view held_key = "gh:{spend}:held";
/// By which requests: request id → expiry (ms since 1970), then accounts and nano-dollars in turn, as MessagePack.
inline constexpr std::string_view reservations_key = "gh:{spend}:reservations";

/// What a gauge reads: millionths of requests and of tokens, nano-dollars, and when (ms since 1970), with blanks
/// between.
std::string level_key(std::string_view gauge);
/// Requests under way on a gauge: a sorted set of request ids by when they would expire.
std::string under_way_key(std::string_view gauge);
/// The present stretch of a watched session: when it began, its cost and its requests, with blanks between.
std::string stretch_key(std::string_view user, std::string_view session);
/// A user's paused sessions: session → what was too much (redis_paused_sessions.h).
std::string paused_key(std::string_view user);
/// Users who may have some, by when the last of them is forgotten.
inline constexpr std::string_view paused_users_key = "gh:{spend}:g:paused";

/// Accounts that were charged since anybody looked, by the number of their last charge among all; and that number.
/// Their names are touched_name's.
inline constexpr std::string_view touched_key = "gh:{spend}:touched";
inline constexpr std::string_view touches_key = "gh:{spend}:touches";
/// `<account> <days since 1970>` of a charge at that moment.
std::string touched_name(std::string_view account, Instant when);

/// Cells of a bucket: a hash with a field for every combination of dimensions: requests, input, output, cache read,
/// cache writes of 5 minutes and of an hour, web searches and nano-dollars, with blanks between.
std::string cells_key(policy::Grain grain, Instant when);
/// The same for a day with users and service keys summed away.
std::string totals_key(Instant when);
/// The same for the sessions of a user on a day; cells are named by session_cell.
std::string sessions_key(std::string_view user, Instant when);

/// Dimensions as a field name: joined by `|`, with what could be mistaken percent-encoded.
std::string cell_name(const policy::Dimensions& who);
/// The same with user and service key summed away.
std::string total_name(const policy::Dimensions& who);
/// What the names of a user's cells match, as Redis' MATCH reads it.
std::string cell_names_of(std::string_view user);
std::string session_cell_name(std::string_view session, std::string_view agent, std::string_view model,
                              std::string_view project);

/// Subject → JSON {"email","name","groups","service","seen"}.
inline constexpr std::string_view principals_key = "gh:{spend}:p";
/// The newest records, as a stream of one field `r` with the JSON of the journal's line.
inline constexpr std::string_view records_key = "gh:{spend}:records";
/// Which settlements of one run of a gateway were added: a bit each.
std::string seen_key(std::string_view epoch);

}  // namespace gatehouse::store

// SPDX-License-Identifier: Apache-2.0
// How the vault's values look in Redis: hashes of named fields, readable by the next version, and the keys they are
// under. Called by redis_vault and redis_ledger. Keys never hold a raw name from outside: a brace in it would move the
// key to another slot, and a subject is personal data.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/vault.h"
#include "gateway/store/redis.h"

namespace gatehouse::store {

using Fields = std::map<std::string, std::string, std::less<>>;

/// `gh:{<kind>:<name>}`: the braces make everything of one name one hash slot.
std::string key_of(std::string_view kind, std::string_view name);
/// Milliseconds since 1970, in decimal.
std::string to_text(Instant when);
/// Nothing when it is not such a number.
std::optional<Instant> parse_instant(std::string_view text);

Fields to_fields(const auth::Attempt& attempt);
Fields to_fields(const auth::DeviceGrant& grant);
Fields to_fields(const auth::Approval& approval);
Fields to_fields(const auth::Session& session);
Fields to_fields(const auth::PersonalKey& key);
Fields to_fields(const auth::Person& person);

/// The flat list that HGETALL and the scripts give. Empty when there is no record.
Fields fields_of(const Reply& reply);
/// Whether there is a record and its `expires_at` is still ahead.
bool is_live(const Fields& fields, Instant now);
/// Nothing when a field is missing or malformed: what cannot be read grants nothing.
std::optional<auth::Attempt> to_attempt(const Fields& fields);
std::optional<auth::DeviceGrant> to_grant(const Fields& fields);
std::optional<auth::Approval> to_approval(const Fields& fields);
std::optional<auth::Session> to_session(const Fields& fields);
std::optional<auth::PersonalKey> to_key(const Fields& fields);

/// Appends field, value, field, value … as commands and scripts want them.
void append_fields(std::vector<std::string>& words, const Fields& fields);

}  // namespace gatehouse::store

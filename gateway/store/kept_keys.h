// SPDX-License-Identifier: Apache-2.0
// Which keys of the store a backup holds, and what they are: the one list of it. A new family of keys belongs either
// here or among what is left out (sessions and sign-ins, what requests hold at the moment, caches); whatever is neither
// is unknown, which a backup says and tests/flows refuses. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::store {

enum class KeyType : std::uint8_t { string, hash, sorted_set };

enum class KeyFate : std::uint8_t { kept, left_out, unknown };

/// Of a key that begins with `every_key`.
KeyFate fate_of(std::string_view key);
/// What a kept key is; nothing for any other.
std::optional<KeyType> kept_type(std::string_view key);

/// All of ours.
inline constexpr std::string_view every_key = "gh:";

/// The kind of records that the key holds; empty for any other.
std::string record_kind(std::string_view key);
/// The id of the personal key that the key leads to; empty for any other.
std::string personal_key_id(std::string_view key);
/// Whether it remembers which settlements were added.
bool is_seen_key(std::string_view key);

}  // namespace gatehouse::store

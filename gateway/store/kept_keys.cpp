// SPDX-License-Identifier: Apache-2.0
#include "gateway/store/kept_keys.h"

#include <array>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include "gateway/base/json.h"

namespace gatehouse::store {
namespace {

constexpr std::string_view records_prefix = "gh:{admin}:r:";
constexpr std::string_view seen_prefix = "gh:{spend}:seen:";
constexpr std::string_view key_id_prefix = "gh:{i:";

/// The first whose pattern fits decides. A star is one character or more.
struct Family {
    std::string_view pattern;
    KeyFate fate;
    KeyType type = KeyType::string;
};

constexpr std::array families{
    Family{"gh:{admin}:r:*", KeyFate::kept, KeyType::hash},  // caps, keys, policy versions, …
    Family{"gh:{admin}:audit", KeyFate::kept, KeyType::sorted_set},
    Family{"gh:{admin}:audit_id", KeyFate::kept, KeyType::string},
    Family{"gh:{spend}:a:*", KeyFate::kept, KeyType::hash},  // what accounts spent
    Family{"gh:{spend}:held", KeyFate::left_out},
    Family{"gh:{spend}:reservations", KeyFate::left_out},
    Family{"gh:{spend}:seen:*", KeyFate::kept, KeyType::string},
    Family{"gh:{spend}:h:*", KeyFate::kept, KeyType::hash},  // hours
    Family{"gh:{spend}:d:*", KeyFate::kept, KeyType::hash},  // days
    Family{"gh:{spend}:m:*", KeyFate::kept, KeyType::hash},  // months
    Family{"gh:{spend}:t:*", KeyFate::kept, KeyType::hash},  // totals
    Family{"gh:{spend}:s:*", KeyFate::kept, KeyType::hash},  // what sessions cost
    Family{"gh:{spend}:p", KeyFate::kept, KeyType::hash},    // principals
    Family{"gh:{spend}:records", KeyFate::left_out},         // the journal has them
    Family{"gh:{spend}:touched", KeyFate::left_out},         // looked at within seconds
    Family{"gh:{spend}:touches", KeyFate::left_out},
    Family{"gh:{spend}:g:*", KeyFate::left_out},                  // gauges and paused sessions
    Family{"gh:{k:*}", KeyFate::kept, KeyType::hash},             // personal keys
    Family{"gh:{i:*}", KeyFate::kept, KeyType::string},           // their ids
    Family{"gh:{u:*}:keys", KeyFate::kept, KeyType::sorted_set},  // whose they are
    Family{"gh:{u:*}:sessions", KeyFate::left_out},
    Family{"gh:{a:*}", KeyFate::left_out},                          // sign-in attempts
    Family{"gh:{g:*}", KeyFate::left_out},                          // device grants
    Family{"gh:{c:*}", KeyFate::left_out},                          // their user codes
    Family{"gh:{s:*}", KeyFate::left_out},                          // sessions
    Family{"gh:{b:*}", KeyFate::left_out},                          // their cookies
    Family{"gh:{n:*}", KeyFate::left_out},                          // attempts counted
    Family{"gh:{outbox}:claim:*", KeyFate::kept, KeyType::string},  // which events were told
    Family{"gh:{outbox}:due:*", KeyFate::left_out},                 // restored, they would be told again
    Family{"gh:{outbox}:body:*", KeyFate::left_out},
    Family{"gh:{chores}:*", KeyFate::left_out},  // whose turn a sweep is
};

bool fits(std::string_view pattern, std::string_view key) {
    const std::size_t star = pattern.find('*');
    if (star == std::string_view::npos) return key == pattern;
    return key.size() >= pattern.size() && key.starts_with(pattern.substr(0, star)) &&
           key.ends_with(pattern.substr(star + 1));
}

/// A name that is not text is none of ours, whatever it begins with.
bool is_text(std::string_view key) {
    bool ascii = true;
    for (const char letter : key) {
        const auto byte = static_cast<unsigned char>(letter);
        if (byte < 0x20 || byte == 0x7F) return false;
        ascii = ascii && byte < 0x80;
    }
    return ascii || json::parse(boost::json::serialize(boost::json::string(key))).has_value();
}

const Family* family_of(std::string_view key) {
    if (!is_text(key)) return nullptr;
    for (const Family& family : families)
        if (fits(family.pattern, key)) return &family;
    return nullptr;
}

}  // namespace

KeyFate fate_of(std::string_view key) {
    const Family* const family = family_of(key);
    return family == nullptr ? KeyFate::unknown : family->fate;
}

std::optional<KeyType> kept_type(std::string_view key) {
    const Family* const family = family_of(key);
    if (family == nullptr || family->fate != KeyFate::kept) return std::nullopt;
    return family->type;
}

std::string record_kind(std::string_view key) {
    return key.starts_with(records_prefix) ? std::string(key.substr(records_prefix.size())) : std::string{};
}

std::string personal_key_id(std::string_view key) {
    if (!key.starts_with(key_id_prefix) || !key.ends_with('}')) return {};
    return std::string(key.substr(key_id_prefix.size(), key.size() - key_id_prefix.size() - 1));
}

bool is_seen_key(std::string_view key) {
    return key.starts_with(seen_prefix);
}

}  // namespace gatehouse::store

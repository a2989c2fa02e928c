// SPDX-License-Identifier: Apache-2.0
// Thin helpers over Boost.JSON: reads that do not throw, nulls, and canonical text.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/storage_ptr.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/base/clock.h"

namespace gatehouse::json {

namespace bj = boost::json;

/// Parses one JSON text (depth at most 64, duplicate keys: the last wins); nothing when it is not JSON. The value lives
/// in `storage`, the heap when none is given.
std::optional<bj::value> parse(std::string_view text, bj::storage_ptr storage = {});
/// The member, or null when `value` is no object or has no such key.
const bj::value* find(const bj::value& value, std::string_view key);
const bj::value* find(const bj::object& object, std::string_view key);
/// The string member, or nothing when absent or of another type.
std::optional<std::string_view> find_string(const bj::value& value, std::string_view key);
std::optional<std::string_view> find_string(const bj::object& object, std::string_view key);
std::optional<long long> find_integer(const bj::value& value, std::string_view key);
std::optional<bool> find_bool(const bj::value& value, std::string_view key);
/// RFC 6901 pointer when it begins with a slash, else a plain top-level key.
const bj::value* find_path(const bj::value& value, std::string_view key_or_pointer);
/// Would look into a copy, and give a pointer to what is gone.
const bj::value* find_path(const bj::object& object, std::string_view key_or_pointer) = delete;
/// Null in place of what is empty or not there.
bj::value text_or_null(std::string_view text);
bj::value or_null(const std::optional<std::string>& text);
/// As to_timestamp() writes it.
bj::value or_null(const std::optional<Instant>& when);
/// Compact text with object keys in byte order at every depth: the same value always gives the same text.
std::string to_canonical(const bj::value& value);
std::string to_text(const bj::value& value);

}  // namespace gatehouse::json

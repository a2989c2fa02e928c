// SPDX-License-Identifier: Apache-2.0
#include "gateway/base/json.h"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/system/error_code.hpp>
#include <charconv>
#include <utility>
#include <vector>

#include "gateway/base/timestamp.h"

namespace gatehouse::json {
namespace {

/// As ECMAScript writes a number (and so RFC 8785, section 3.2.2.3): Claude Code recomputes checksums with
/// JSON.stringify, and Boost.JSON's "2.5E-1" is another text than its "0.25".
void append_number(std::string& text, double number) {
    if (number == 0) return text.append("0"), void();  // also minus zero
    std::array<char, 32> room{};
    const auto end = std::to_chars(room.data(), room.data() + room.size(), number, std::chars_format::scientific).ptr;
    const std::string_view written(room.data(), static_cast<std::size_t>(end - room.data()));
    const std::size_t mark = written.find('e');
    std::string digits;
    for (const char letter : written.substr(0, mark))
        if (letter >= '0' && letter <= '9') digits.push_back(letter);
    const int exponent = std::stoi(std::string(written.substr(mark + 1)));
    const int count = static_cast<int>(digits.size());
    if (number < 0) text.push_back('-');
    if (exponent >= 21 || exponent < -6) {
        if (count > 1) digits.insert(1, ".");
        text.append(digits).append(exponent > 0 ? "e+" : "e").append(std::to_string(exponent));
    } else if (exponent < 0) {
        text.append("0.").append(static_cast<std::size_t>(-exponent - 1), '0').append(digits);
    } else {
        if (count > exponent + 1)
            digits.insert(static_cast<std::size_t>(exponent) + 1, ".");
        else
            digits.append(static_cast<std::size_t>(exponent + 1 - count), '0');
        text.append(digits);
    }
}

void append_canonical(std::string& text, const bj::value& value) {
    if (const auto* object = value.if_object()) {
        std::vector<const bj::key_value_pair*> members;
        members.reserve(object->size());
        for (const auto& member : *object)
            members.push_back(&member);
        std::ranges::sort(members, {}, [](const auto* member) { return std::string_view(member->key()); });
        text.push_back('{');
        for (const auto* member : members) {
            if (text.back() != '{') text.push_back(',');
            text.append(bj::serialize(bj::value(member->key()))).push_back(':');
            append_canonical(text, member->value());
        }
        text.push_back('}');
    } else if (const auto* array = value.if_array()) {
        text.push_back('[');
        for (const auto& item : *array) {
            if (&item != array->data()) text.push_back(',');
            append_canonical(text, item);
        }
        text.push_back(']');
    } else if (value.is_double()) {
        append_number(text, value.get_double());
    } else {
        text.append(bj::serialize(value));
    }
}

}  // namespace

std::optional<bj::value> parse(std::string_view text, bj::storage_ptr storage) {
    boost::system::error_code error;
    bj::parse_options options;
    options.max_depth = 64;
    auto value = bj::parse(text, error, std::move(storage), options);
    if (error) return std::nullopt;
    return value;
}

const bj::value* find(const bj::value& value, std::string_view key) {
    const auto* object = value.if_object();
    return object == nullptr ? nullptr : object->if_contains(key);
}

const bj::value* find(const bj::object& object, std::string_view key) {
    return object.if_contains(key);
}

std::optional<std::string_view> find_string(const bj::value& value, std::string_view key) {
    const auto* object = value.if_object();
    return object == nullptr ? std::nullopt : find_string(*object, key);
}

std::optional<std::string_view> find_string(const bj::object& object, std::string_view key) {
    const auto* member = object.if_contains(key);
    if (member == nullptr || !member->is_string()) return std::nullopt;
    return std::string_view(member->get_string());
}

std::optional<long long> find_integer(const bj::value& value, std::string_view key) {
    const auto* member = find(value, key);
    if (member == nullptr) return std::nullopt;
    boost::system::error_code error;
    const auto number = member->to_number<long long>(error);
    if (error) return std::nullopt;
    return number;
}

std::optional<bool> find_bool(const bj::value& value, std::string_view key) {
    const auto* member = find(value, key);
    if (member == nullptr || !member->is_bool()) return std::nullopt;
    return member->get_bool();
}

const bj::value* find_path(const bj::value& value, std::string_view key_or_pointer) {
    if (!key_or_pointer.starts_with('/')) return find(value, key_or_pointer);
    boost::system::error_code error;
    return value.find_pointer(key_or_pointer, error);
}

bj::value text_or_null(std::string_view text) {
    return text.empty() ? bj::value() : bj::value(text);
}

bj::value or_null(const std::optional<std::string>& text) {
    return text ? bj::value(*text) : bj::value();
}

bj::value or_null(const std::optional<Instant>& when) {
    return when ? bj::value(to_timestamp(*when)) : bj::value();
}

std::string to_canonical(const bj::value& value) {
    std::string text;
    append_canonical(text, value);
    return text;
}

std::string to_text(const bj::value& value) {
    return bj::serialize(value);
}

}  // namespace gatehouse::json

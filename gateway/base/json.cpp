// SPDX-License-Identifier: Apache-2.0
#include "gateway/base/json.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/system/error_code.hpp>
#include <vector>

namespace gatehouse::json {
namespace {

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
    } else {
        text.append(bj::serialize(value));
    }
}

}  // namespace

std::optional<bj::value> parse(std::string_view text) {
    boost::system::error_code error;
    bj::parse_options options;
    options.max_depth = 64;
    auto value = bj::parse(text, error, {}, options);
    if (error) return std::nullopt;
    return value;
}

const bj::value* find(const bj::value& value, std::string_view key) {
    const auto* object = value.if_object();
    return object == nullptr ? nullptr : object->if_contains(key);
}

std::optional<std::string_view> find_string(const bj::value& value, std::string_view key) {
    const auto* member = find(value, key);
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

std::string to_canonical(const bj::value& value) {
    std::string text;
    append_canonical(text, value);
    return text;
}

std::string to_text(const bj::value& value) {
    return bj::serialize(value);
}

}  // namespace gatehouse::json

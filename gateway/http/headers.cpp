// SPDX-License-Identifier: Apache-2.0
#include "gateway/http/headers.h"

#include <algorithm>

#include "gateway/base/text.h"

namespace gatehouse::http {
namespace {

bool list_has(std::string_view list, std::string_view token) {
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        if (same_token(trim(list.substr(0, comma)), token)) return true;
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return false;
}

}  // namespace

bool same_token(std::string_view left, std::string_view right) {
    return left.size() == right.size() && std::equal(left.begin(), left.end(), right.begin(),
                                                     [](char a, char b) { return to_lower(a) == to_lower(b); });
}

Headers::Headers(std::initializer_list<Header> lines) {
    for (const Header& line : lines)
        add(line.name, line.value);
}

void Headers::reserve(std::size_t lines, std::size_t bytes) {
    slots_.reserve(lines);
    block_.reserve(bytes);
}

void Headers::add(std::string_view name, std::string_view value) {
    const Slot slot{static_cast<std::uint32_t>(block_.size()), static_cast<std::uint32_t>(name.size()),
                    static_cast<std::uint32_t>(block_.size() + name.size()), static_cast<std::uint32_t>(value.size())};
    block_.append(name).append(value);
    slots_.push_back(slot);
}

void Headers::set(std::string_view name, std::string_view value) {
    remove(name);
    add(name, value);
}

std::size_t Headers::remove(std::string_view name) {
    return std::erase_if(slots_, [&](const Slot& slot) { return same_token(name_of(slot), name); });
}

Header Headers::at(std::size_t index) const {
    const Slot& slot = slots_[index];
    return {name_of(slot), value_of(slot)};
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
    for (const Slot& slot : slots_)
        if (same_token(name_of(slot), name)) return value_of(slot);
    return std::nullopt;
}

std::string_view Headers::value(std::string_view name) const {
    return find(name).value_or(std::string_view{});
}

std::size_t Headers::count(std::string_view name) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(slots_, [&](const Slot& slot) { return same_token(name_of(slot), name); }));
}

std::string Headers::joined(std::string_view name) const {
    std::string list;
    for (const Slot& slot : slots_) {
        if (!same_token(name_of(slot), name)) continue;
        if (!list.empty()) list.append(", ");
        list.append(value_of(slot));
    }
    return list;
}

bool Headers::has_token(std::string_view name, std::string_view token) const {
    return std::ranges::any_of(
        slots_, [&](const Slot& slot) { return same_token(name_of(slot), name) && list_has(value_of(slot), token); });
}

void Headers::append_to(std::string& wire) const {
    for (const Slot& slot : slots_)
        wire.append(name_of(slot)).append(": ").append(value_of(slot)).append("\r\n");
}

}  // namespace gatehouse::http

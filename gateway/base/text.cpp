// SPDX-License-Identifier: Apache-2.0
#include "gateway/base/text.h"

#include <algorithm>
#include <charconv>

namespace gatehouse {

std::string to_lower(std::string_view text) {
    std::string lower(text);
    for (char& letter : lower)
        letter = to_lower(letter);
    return lower;
}

std::string concat(std::initializer_list<std::string_view> parts) {
    std::size_t length = 0;
    for (const std::string_view part : parts)
        length += part.size();
    std::string whole;
    whole.reserve(length);
    for (const std::string_view part : parts)
        whole.append(part);
    return whole;
}

std::string_view trim(std::string_view text, std::string_view blanks) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    return text.substr(0, text.find_last_not_of(blanks) + 1);
}

bool has_control(std::string_view text) {
    return std::ranges::any_of(
        text, [](char letter) { return static_cast<unsigned char>(letter) < 0x20 || letter == '\x7f'; });
}

std::string printable(std::string_view text, std::size_t most) {
    std::string result(text.substr(0, most));
    std::ranges::replace_if(result, [](char letter) { return letter < ' ' || letter > '~'; }, '?');
    return result;
}

std::optional<std::int64_t> take_number(std::string_view& rest) {
    std::int64_t number = 0;
    const auto [stop, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    const auto length = static_cast<std::size_t>(stop - rest.data());
    const bool ends = length == rest.size() || rest[length] == ' ';
    if (error != std::errc{} || !ends) return std::nullopt;
    rest.remove_prefix(std::min(length + 1, rest.size()));
    return number;
}

}  // namespace gatehouse

// SPDX-License-Identifier: Apache-2.0
// What protocols do to text: ASCII letters without case, blanks at the ends, control characters. Every room uses it;
// nothing here knows a locale.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse {

constexpr char to_lower(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + ('a' - 'A')) : letter;
}

/// The value of a hexadecimal digit, or -1.
constexpr int hex_value(char letter) {
    if (letter >= '0' && letter <= '9') return letter - '0';
    const char lower = to_lower(letter);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// ASCII letters only; every other byte stays.
std::string to_lower(std::string_view text);
/// One behind the other, for what is built on every request: one allocation at most.
std::string concat(std::initializer_list<std::string_view> parts);
/// Without `blanks` at either end.
std::string_view trim(std::string_view text, std::string_view blanks = " \t");
/// Whether it holds one of the characters that could end a header line or forge a log line.
bool has_control(std::string_view text);
/// At most `most` bytes of what a stranger wrote, fit for a page or an audit line: printable ASCII, the rest as `?`.
std::string printable(std::string_view text, std::size_t most);
/// The whole number that `rest` begins with, which is taken off together with the blank behind it. Nothing, and nothing
/// taken off, when it begins with none, or with one that does not end there.
std::optional<std::int64_t> take_number(std::string_view& rest);

}  // namespace gatehouse

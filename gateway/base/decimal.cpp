// SPDX-License-Identifier: Apache-2.0
#include "gateway/base/decimal.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>

namespace gatehouse {
namespace {

/// Digits before the point. A sum of a million such amounts still fits.
constexpr int most_whole_digits = 12;
constexpr int nano_places = 9;

bool is_digit(char letter) {
    return letter >= '0' && letter <= '9';
}

std::string_view take_digits(std::string_view& text) {
    const auto end = std::ranges::find_if_not(text, is_digit);
    const auto digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    text.remove_prefix(digits.size());
    return digits;
}

/// What stands behind an `e`; nothing when it is not a small number.
std::optional<int> parse_exponent(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    int exponent = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, exponent);
    if (error != std::errc{} || stop != end || exponent < -99 || exponent > 99) return std::nullopt;
    return exponent;
}

}  // namespace

Decimal Decimal::of(Money amount) {
    Units units = amount.nano();
    for (int place = nano_places; place < places; ++place)
        units *= 10;
    return Decimal(units);
}

std::optional<Decimal> Decimal::parse(std::string_view text, int tens) {
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    std::string digits(take_digits(text));
    int behind = 0;  // digits behind the point
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        const std::string_view fraction = take_digits(text);
        digits += fraction;
        behind = static_cast<int>(std::min<std::size_t>(fraction.size(), 1'000));
    }
    if (digits.empty() || digits.size() > 100) return std::nullopt;
    if (text.starts_with('e') || text.starts_with('E')) {
        const auto exponent = parse_exponent(text.substr(1));
        if (!exponent) return std::nullopt;
        tens += *exponent;
        text = {};
    }
    if (!text.empty()) return std::nullopt;

    int shift = places + tens - behind;  // zeros to append, or digits to leave out when negative
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
    while (!digits.empty() && shift < 0 && digits.back() == '0') {
        digits.pop_back();
        ++shift;
    }
    if (digits.empty()) return Decimal();
    if (shift < 0 || static_cast<int>(digits.size()) + shift > places + most_whole_digits) return std::nullopt;
    digits.append(static_cast<std::size_t>(shift), '0');
    Units units = 0;
    for (const char digit : digits)
        units = units * 10 + (digit - '0');
    return Decimal(negative ? -units : units);
}

std::string Decimal::text() const {
    std::string digits;  // from the last
    for (Units rest = units_ < 0 ? -units_ : units_; rest != 0; rest /= 10)
        digits.push_back(static_cast<char>('0' + static_cast<int>(rest % 10)));
    while (digits.size() <= places)
        digits.push_back('0');
    if (units_ < 0) digits.push_back('-');
    std::ranges::reverse(digits);
    digits.insert(digits.size() - places, ".");
    const std::size_t least = digits.find('.') + 3;
    while (digits.size() > least && digits.back() == '0')
        digits.pop_back();
    return digits;
}

}  // namespace gatehouse

// SPDX-License-Identifier: Apache-2.0
// Money: an amount of US dollars in whole nano-dollars (a cached token of the cheapest model costs a tenth of a
// micro-dollar). Arithmetic saturates instead of overflowing; no floating point is involved anywhere.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <string>

namespace gatehouse {

class Money {
  public:
    static constexpr std::int64_t nano_per_cent = 10'000'000;
    static constexpr std::int64_t nano_per_dollar = 100 * nano_per_cent;

    constexpr Money() = default;
    static constexpr Money nano(std::int64_t amount) { return Money(amount); }
    /// Saturates at most().
    static constexpr Money cents(std::int64_t amount) {
        std::int64_t nano = 0;
        if (!__builtin_mul_overflow(amount, nano_per_cent, &nano)) return Money(nano);
        return amount < 0 ? least() : most();
    }
    static constexpr Money dollars(std::int64_t amount) { return cents(100) * amount; }
    static constexpr Money most() { return Money(std::numeric_limits<std::int64_t>::max()); }
    static constexpr Money least() { return Money(std::numeric_limits<std::int64_t>::min()); }

    constexpr std::int64_t nano() const { return nano_; }
    constexpr bool is_zero() const { return nano_ == 0; }
    /// Rounded down (towards zero).
    constexpr std::int64_t whole_cents() const { return nano_ / nano_per_cent; }

    constexpr auto operator<=>(const Money&) const = default;
    constexpr Money operator+(Money other) const {
        std::int64_t sum = 0;
        if (!__builtin_add_overflow(nano_, other.nano_, &sum)) return Money(sum);
        return other.nano_ < 0 ? least() : most();
    }
    constexpr Money operator-(Money other) const {
        std::int64_t difference = 0;
        if (!__builtin_sub_overflow(nano_, other.nano_, &difference)) return Money(difference);
        return other.nano_ < 0 ? most() : least();
    }
    constexpr Money operator*(std::int64_t factor) const {
        std::int64_t product = 0;
        if (!__builtin_mul_overflow(nano_, factor, &product)) return Money(product);
        return (nano_ < 0) == (factor < 0) ? most() : least();
    }
    constexpr Money& operator+=(Money other) { return *this = *this + other; }

  private:
    explicit constexpr Money(std::int64_t amount) : nano_(amount) {}
    std::int64_t nano_ = 0;
};

/// Cents as the spend-limits API writes them: up to three places, rounded down, no trailing zeros ("12.345", "0").
std::string to_cents_text(Money amount);
/// Cents with every digit that matters, for reports: "12.3456789", "0".
std::string to_exact_cents_text(Money amount);
/// Dollars with every digit that matters, at least two places ("0.0000001", "12.50"), for reports and exports.
std::string to_dollars_text(Money amount);
/// As a sentence names a price: "$12.34", to the nearest cent as the console shows it; below a cent with every digit.
std::string to_price_text(Money amount);

}  // namespace gatehouse

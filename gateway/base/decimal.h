// SPDX-License-Identifier: Apache-2.0
// Decimal: an amount of dollars as somebody else wrote it, exactly: providers bill in fractions of a nano-dollar, and
// an invoice that is compared in floating point differs by itself. 18 places, whole numbers inside.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/base/money.h"

namespace gatehouse {

class Decimal {
  public:
    static constexpr int places = 18;

    Decimal() = default;
    static Decimal of(Money amount);
    /// `-12.50`, `1.2E-7`: a sign, digits with a point, an exponent. The value is taken times 10^`tens` (cents: -2).
    /// Nothing when it is not such a number, is 10^12 or more, or has digits beyond the last place.
    static std::optional<Decimal> parse(std::string_view text, int tens = 0);

    Decimal operator+(Decimal other) const { return Decimal(units_ + other.units_); }
    Decimal operator-(Decimal other) const { return Decimal(units_ - other.units_); }
    Decimal& operator+=(Decimal other) { return *this = *this + other; }
    auto operator<=>(const Decimal&) const = default;
    bool is_zero() const { return units_ == 0; }

    /// Every digit that matters, at least two places: "-0.10", "12.3456789012".
    std::string text() const;

  private:
    __extension__ typedef __int128 Units;  // an alias-declaration would still be pedantically refused

    explicit Decimal(Units units) : units_(units) {}
    Units units_ = 0;
};

}  // namespace gatehouse

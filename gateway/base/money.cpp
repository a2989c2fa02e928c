// SPDX-License-Identifier: Apache-2.0
#include "gateway/base/money.h"

namespace gatehouse {
namespace {

/// `whole.fraction` of a count of 10^-places; at least `least` places are written, further zeros are not.
std::string decimal(std::int64_t count, int places, std::size_t least) {
    std::uint64_t unit = 1;
    for (int place = 0; place < places; ++place)
        unit *= 10;
    const bool negative = count < 0;
    const std::uint64_t size = negative ? 0 - static_cast<std::uint64_t>(count) : static_cast<std::uint64_t>(count);
    std::string fraction = std::to_string(size % unit);
    fraction.insert(0, static_cast<std::size_t>(places) - fraction.size(), '0');
    while (fraction.size() > least && fraction.back() == '0')
        fraction.pop_back();
    std::string text = negative ? "-" : "";
    text += std::to_string(size / unit);
    if (!fraction.empty()) text.append(".").append(fraction);
    return text;
}

}  // namespace

std::string to_cents_text(Money amount) {
    constexpr std::int64_t nano_per_thousandth = Money::nano_per_cent / 1000;
    return decimal(amount.nano() / nano_per_thousandth, 3, 0);
}

std::string to_exact_cents_text(Money amount) {
    return decimal(amount.nano(), 7, 0);
}

std::string to_dollars_text(Money amount) {
    return decimal(amount.nano(), 9, 2);
}

std::string to_price_text(Money amount) {
    if (amount < Money::cents(1)) return "$" + to_dollars_text(amount);
    return "$" + to_dollars_text(Money::cents((amount + Money::nano(Money::nano_per_cent / 2)).whole_cents()));
}

}  // namespace gatehouse

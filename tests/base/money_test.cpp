// SPDX-License-Identifier: Apache-2.0
#include "gateway/base/money.h"

#include <gtest/gtest.h>

namespace gatehouse {
namespace {

TEST(Money, IsShownInCentsWithThreePlacesRoundedDown) {
    EXPECT_EQ(to_cents_text(Money()), "0");
    EXPECT_EQ(to_cents_text(Money::cents(1250)), "1250");
    EXPECT_EQ(to_cents_text(Money::nano(123'456'789)), "12.345");
    EXPECT_EQ(to_cents_text(Money::nano(9'999)), "0");
    EXPECT_EQ(to_cents_text(Money::nano(10'000)), "0.001");
    EXPECT_EQ(to_cents_text(Money::nano(15'000'000)), "1.5");
}

TEST(Money, IsShownInCentsToTheLastDigit) {
    EXPECT_EQ(to_exact_cents_text(Money()), "0");
    EXPECT_EQ(to_exact_cents_text(Money::nano(123'456'789)), "12.3456789");
    EXPECT_EQ(to_exact_cents_text(Money::nano(-1)), "-0.0000001");
    EXPECT_EQ(to_exact_cents_text(Money::cents(1250)), "1250");
}

TEST(Money, IsShownInDollarsToTheLastDigit) {
    EXPECT_EQ(to_dollars_text(Money()), "0.00");
    EXPECT_EQ(to_dollars_text(Money::nano(100)), "0.0000001");
    EXPECT_EQ(to_dollars_text(Money::cents(1250)), "12.50");
    EXPECT_EQ(to_dollars_text(Money::nano(-1)), "-0.000000001");
    EXPECT_EQ(to_dollars_text(Money::most()), "9223372036.854775807");
    EXPECT_EQ(to_dollars_text(Money::least()), "-9223372036.854775808");
}

TEST(Money, IsNamedInASentenceAsAPriceThatPeopleRead) {
    EXPECT_EQ(to_price_text(Money()), "$0.00");
    EXPECT_EQ(to_price_text(Money::nano(25'125'000'000)), "$25.13");
    EXPECT_EQ(to_price_text(Money::nano(25'124'999'999)), "$25.12");
    EXPECT_EQ(to_price_text(Money::most()), "$9223372036.85");
    EXPECT_EQ(to_price_text(Money::nano(9'999'999)), "$0.009999999") << "a price of nothing would be wrong";
}

TEST(Money, SaturatesInsteadOfOverflowing) {
    EXPECT_EQ(Money::cents(999'999'999'999'999'999), Money::most());
    EXPECT_EQ(Money::most() + Money::nano(1), Money::most());
    EXPECT_EQ(Money::least() - Money::nano(1), Money::least());
    EXPECT_EQ(Money::most() * 2, Money::most());
    EXPECT_EQ(Money::most() * -2, Money::least());
    EXPECT_EQ(Money::nano(5) - Money::nano(7), Money::nano(-2));
}

}  // namespace
}  // namespace gatehouse

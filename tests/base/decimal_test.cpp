// SPDX-License-Identifier: Apache-2.0
#include "gateway/base/decimal.h"

#include <gtest/gtest.h>

namespace gatehouse {
namespace {

std::string read(std::string_view text, int tens = 0) {
    const auto amount = Decimal::parse(text, tens);
    return amount ? amount->text() : "(refused)";
}

TEST(Decimal, KeepsEveryDigit) {
    EXPECT_EQ(read("0"), "0.00");
    EXPECT_EQ(read("12"), "12.00");
    EXPECT_EQ(read("12.5"), "12.50");
    EXPECT_EQ(read("+12.34567"), "12.34567");
    EXPECT_EQ(read("-0.000000000000000001"), "-0.000000000000000001");
    EXPECT_EQ(read("999999999999.999999999999999999"), "999999999999.999999999999999999");
    EXPECT_EQ(read(".5"), "0.50");
    EXPECT_EQ(read("5."), "5.00");
    EXPECT_EQ(read("000012.500000000000000000000000"), "12.50");
}

TEST(Decimal, ReadsExponentsAndCents) {
    EXPECT_EQ(read("1.2E-7"), "0.00000012");
    EXPECT_EQ(read("1e+3"), "1000.00");
    EXPECT_EQ(read("12e0"), "12.00");
    EXPECT_EQ(read("123.78912", -2), "1.2378912");
    EXPECT_EQ(read("-1", -2), "-0.01");
    EXPECT_EQ(read("0.0000000000000001", -2), "0.000000000000000001");
    EXPECT_EQ(read("0e99"), "0.00");
}

TEST(Decimal, RefusesWhatItCannotHold) {
    for (const std::string_view text : {"",
                                        "-",
                                        ".",
                                        "1.2.3",
                                        "1,000.00",
                                        "$1",
                                        " 1",
                                        "1 ",
                                        "1e",
                                        "1e1.5",
                                        "1e100",
                                        "0x1",
                                        "nan",
                                        "inf",
                                        "1e-",
                                        "--1",
                                        "+-1",
                                        "1000000000000",
                                        "0.0000000000000000001",
                                        "1e12",
                                        "1e-19"})
        EXPECT_EQ(read(text), "(refused)") << text;
    EXPECT_EQ(read("0.00000000000000001", -2), "(refused)");
    EXPECT_EQ(read(std::string(2'000, '1')), "(refused)");
}

TEST(Decimal, AddsAndSubtractsExactly) {
    Decimal sum;
    for (int count = 0; count < 10; ++count)
        sum += *Decimal::parse("0.1");

    EXPECT_EQ(sum, Decimal::parse("1"));
    EXPECT_EQ((sum - *Decimal::parse("1.3")).text(), "-0.30");
    EXPECT_TRUE((sum - sum).is_zero());
    EXPECT_LT(*Decimal::parse("-2"), *Decimal::parse("1"));
}

TEST(Decimal, IsWhatMoneyIs) {
    EXPECT_EQ(Decimal::of(Money::nano(1)).text(), "0.000000001");
    EXPECT_EQ(Decimal::of(Money::cents(-1234)).text(), "-12.34");
    EXPECT_EQ(Decimal::of(Money::most()).text(), "9223372036.854775807");
    EXPECT_EQ(Decimal::of(Money::least()).text(), "-9223372036.854775808");
}

}  // namespace
}  // namespace gatehouse

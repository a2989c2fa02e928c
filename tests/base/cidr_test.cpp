// SPDX-License-Identifier: Apache-2.0
#include "gateway/base/cidr.h"

#include <gtest/gtest.h>

namespace gatehouse {
namespace {

TEST(Cidr, ContainsItsRangeAndNothingElse) {
    const auto range = Cidr::parse("10.1.0.0/16");
    ASSERT_TRUE(range);
    EXPECT_TRUE(range->contains("10.1.255.255"));
    EXPECT_TRUE(range->contains("::ffff:10.1.2.3"));
    EXPECT_FALSE(range->contains("10.2.0.0"));
    EXPECT_FALSE(range->contains("rubbish"));
    EXPECT_TRUE(Cidr::parse("192.0.2.7")->contains("192.0.2.7"));
    EXPECT_TRUE(Cidr::parse("fd00::/8")->contains("fd12::1"));
    EXPECT_TRUE(Cidr::parse("0.0.0.0/0")->contains("203.0.113.9"));
    EXPECT_FALSE(Cidr::parse("0.0.0.0/0")->contains("2001:db8::1"));
}

TEST(Cidr, IsRefusedWhenMalformed) {
    for (const char* text : {"", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/", "10.0.0.0/x", "host", "::/129", "10.0.0.0/8 "})
        EXPECT_FALSE(Cidr::parse(text)) << text;
}

}  // namespace
}  // namespace gatehouse

// SPDX-License-Identifier: Apache-2.0
#include "gateway/net/cidr.h"

#include <gtest/gtest.h>

#include <vector>

namespace gatehouse::net {
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

TEST(ClientAddress, IsTheSocketsUnlessThatIsATrustedProxy) {
    const std::vector<Cidr> trusted{*Cidr::parse("10.0.0.0/8")};
    EXPECT_EQ(client_address("192.0.2.1", "203.0.113.5", trusted), "192.0.2.1");
    EXPECT_EQ(client_address("10.0.0.1", "203.0.113.5", trusted), "203.0.113.5");
    EXPECT_EQ(client_address("10.0.0.1", "", trusted), "10.0.0.1");
}

TEST(ClientAddress, IsReadFromTheRightPastTrustedHops) {
    const std::vector<Cidr> trusted{*Cidr::parse("10.0.0.0/8")};
    EXPECT_EQ(client_address("10.0.0.1", "1.1.1.1, 203.0.113.5, 10.0.0.9", trusted), "203.0.113.5");
    EXPECT_EQ(client_address("10.0.0.1", "203.0.113.5:4711", trusted), "203.0.113.5");
    EXPECT_EQ(client_address("10.0.0.1", "[2001:db8::1]:4711", trusted), "2001:db8::1");
}

TEST(ClientAddress, IsNothingWhenAHopIsUnusable) {
    const std::vector<Cidr> trusted{*Cidr::parse("10.0.0.0/8")};
    EXPECT_FALSE(client_address("10.0.0.1", "unknown", trusted));
    EXPECT_FALSE(client_address("10.0.0.1", "203.0.113.5, ", trusted));
}

TEST(ForbiddenTarget, HoldsMetadataAlwaysAndLoopbackUnlessAllowed) {
    for (const char* address : {"169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "fd00:ec2::254", "0.0.0.0",
                                "::", "224.0.0.1", "255.255.255.255", "168.63.129.16", "fd20:ce::254",
                                "64:ff9b::169.254.169.254", "64:ff9b::127.0.0.1", "2002:a9fe:a9fe::", "not-an-address"})
        EXPECT_TRUE(is_forbidden_target(address, true)) << address;
    for (const char* address : {"127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"}) {
        EXPECT_TRUE(is_forbidden_target(address, false)) << address;
        EXPECT_FALSE(is_forbidden_target(address, true)) << address;
    }
    for (const char* address : {"10.0.0.1", "192.168.1.1", "203.0.113.5", "2001:db8::1", "64:ff9b::203.0.113.5"})
        EXPECT_FALSE(is_forbidden_target(address, false)) << address;
}

}  // namespace
}  // namespace gatehouse::net

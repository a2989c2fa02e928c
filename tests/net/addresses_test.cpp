// SPDX-License-Identifier: Apache-2.0
#include "gateway/net/addresses.h"

#include <gtest/gtest.h>

#include <vector>

namespace gatehouse::net {
namespace {

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

// SPDX-License-Identifier: Apache-2.0
#include "gateway/protocol.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tests/support/signed_in.h"

namespace gatehouse {
namespace {

TEST(Protocol, IsTheDocumentOfTheHttpInterfaceToEverybody) {
    http::Router router;
    mount_protocol(router);
    std::ifstream file(GATEHOUSE_SOURCE_DIR "/docs/api.md");
    const std::string document{std::istreambuf_iterator<char>(file), {}};

    const auto answer = testing::SignedIn({}).get(router, "/protocol", "");

    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->headers.value("content-type"), "text/markdown;charset=utf-8");
    ASSERT_FALSE(document.empty());
    EXPECT_EQ(answer->body, document);
}

}  // namespace
}  // namespace gatehouse

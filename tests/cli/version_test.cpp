// SPDX-License-Identifier: Apache-2.0
#include "gateway/cli/version.h"

#include <gtest/gtest.h>

namespace gatehouse::cli {
namespace {

TEST(Version, SaysThatALibraryUnderTheAgplMakesTheWholeBinarySo) {
    EXPECT_TRUE(licence_terms("1.4.5.4").starts_with("AGPL-3.0-or-later"));
    EXPECT_TRUE(licence_terms("1.9").starts_with("AGPL-3.0-or-later"));
}

TEST(Version, SaysThatTheBinaryIsApacheFromLiboauth2TwoOn) {
    EXPECT_TRUE(licence_terms("2.0.0").starts_with("Apache-2.0"));
    EXPECT_TRUE(licence_terms("10.1").starts_with("Apache-2.0"));
}

TEST(Version, NamesEveryLibraryWithItsVersion) {
    const std::string text = version_text();

    EXPECT_TRUE(text.starts_with("gatehouse " GATEHOUSE_VERSION "\n"));
    for (const char* library : {"Boost 1.", "OpenSSL 3", "liboauth2 ", "hiredis ", "simdjson ", "yaml-cpp "}) {
        const std::size_t at = text.find(library);
        ASSERT_NE(at, std::string::npos) << library;
        EXPECT_TRUE(std::isdigit(static_cast<unsigned char>(text[at + std::string_view(library).size()])) != 0 ||
                    std::string_view(library).find_first_of("0123456789") != std::string_view::npos)
            << text;
    }
}

}  // namespace
}  // namespace gatehouse::cli

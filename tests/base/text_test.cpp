// SPDX-License-Identifier: Apache-2.0
#include "gateway/base/text.h"

#include <gtest/gtest.h>

namespace gatehouse {
namespace {

using namespace std::string_view_literals;

TEST(Text, LowersLettersAndNothingElse) {
    EXPECT_EQ(to_lower("Claude-Opus-4@2026"sv), "claude-opus-4@2026");
    EXPECT_EQ(to_lower("[\\]^_`\xC3\x84"sv), "[\\]^_`\xC3\x84") << "neither their neighbours nor other bytes";
}

TEST(Text, PutsPartsOneBehindTheOther) {
    EXPECT_EQ(concat({"u:", "", "ada", "\n"}), "u:ada\n");
    EXPECT_EQ(concat({}), "");
}

TEST(Text, TrimsBothEndsAndLeavesTheMiddle) {
    EXPECT_EQ(trim(" \t a b \t"), "a b");
    EXPECT_EQ(trim(" \t"), "");
    EXPECT_EQ(trim(""), "");
    EXPECT_EQ(trim("a\n"), "a\n") << "only what is named";
    EXPECT_EQ(trim("\r\n a \n", " \r\n"), "a");
}

TEST(Text, ReadsHexadecimalDigitsOfEitherCase) {
    for (int value = 0; value < 16; ++value) {
        EXPECT_EQ(hex_value("0123456789abcdef"[value]), value);
        EXPECT_EQ(hex_value("0123456789ABCDEF"[value]), value);
    }
    for (const char other : "/:@G`g "sv)
        EXPECT_EQ(hex_value(other), -1) << other;
}

TEST(Text, FindsControlCharactersButNoHigherBytes) {
    EXPECT_FALSE(has_control("plain ~ \xC3\xA4"));
    for (const std::string_view text : {"a\0b"sv, "a\r\nb"sv, "\x1F"sv, "\x7F"sv})
        EXPECT_TRUE(has_control(text));
}

TEST(Text, MakesWhatAStrangerWrotePrintableAndShort) {
    EXPECT_EQ(printable("claude/1 \xC3\xA4\n~", 200), "claude/1 ???~");
    EXPECT_EQ(printable("abc", 2), "ab");
}

TEST(Text, TakesNumbersOffOneAfterTheOther) {
    std::string_view rest = "7 -12 0 user name";
    EXPECT_EQ(take_number(rest), 7);
    EXPECT_EQ(take_number(rest), -12);
    EXPECT_EQ(take_number(rest), 0);
    EXPECT_EQ(take_number(rest), std::nullopt);
    EXPECT_EQ(rest, "user name");
    for (std::string_view none : {"", " 1", "1x", "+1", "99999999999999999999"}) {
        const std::string_view before = none;
        EXPECT_EQ(take_number(none), std::nullopt) << before;
        EXPECT_EQ(none, before);
    }
}

}  // namespace
}  // namespace gatehouse

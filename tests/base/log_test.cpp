// SPDX-License-Identifier: Apache-2.0
#include "gateway/base/log.h"

#include <gtest/gtest.h>

#include <regex>
#include <string>

#include "gateway/base/json.h"

namespace gatehouse::log {
namespace {

std::string as_json(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

TEST(JsonString, EscapesWhatCouldEndALineOrAString) {
    EXPECT_EQ(as_json("a\"b\\c\n\r\t\x01\x7f"), R"("a\"b\\c\u000a\u000d\u0009\u0001\u007f")");
}

TEST(JsonString, KeepsValidUtf8AndReplacesTheRest) {
    EXPECT_EQ(as_json("é€😀"), "\"é€😀\"");
    EXPECT_EQ(as_json("a\xff\xc3"), R"("a\ufffd\ufffd")");
    EXPECT_EQ(as_json("\xc0\xaf"), R"("\ufffd\ufffd")");            // overlong
    EXPECT_EQ(as_json("\xed\xa0\x80"), R"("\ufffd\ufffd\ufffd")");  // surrogate
}

TEST(JsonString, IsAlwaysJson) {
    for (int byte = 0; byte < 256; ++byte) {
        const std::string text = as_json(std::string(1, static_cast<char>(byte)) + "x");
        EXPECT_TRUE(json::parse(text)) << byte;
    }
}

TEST(Log, WritesOneLineOfJsonPerEvent) {
    ::testing::internal::CaptureStderr();
    warn("something \"odd\"", {{"name", "a\nb"}, {"count", 3}, {"flag", true}});
    flush();
    const std::string line = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
    const auto value = json::parse(line);
    ASSERT_TRUE(value) << line;
    EXPECT_EQ(json::find_string(*value, "level"), "warn");
    EXPECT_EQ(json::find_string(*value, "name"), "a\nb");
    EXPECT_EQ(json::find_integer(*value, "count"), 3);
    EXPECT_TRUE(std::regex_match(std::string(*json::find_string(*value, "ts")),
                                 std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)")));
}

TEST(Log, LeavesOutWhatIsBelowItsLevel) {
    ::testing::internal::CaptureStderr();
    set_level(Level::error);
    warn("quiet");
    error("loud");
    set_level(Level::info);
    flush();
    const std::string text = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(text.find("quiet"), std::string::npos);
    EXPECT_NE(text.find("loud"), std::string::npos);
}

}  // namespace
}  // namespace gatehouse::log

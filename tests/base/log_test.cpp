// SPDX-License-Identifier: Apache-2.0
#include "gateway/base/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
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

TEST(Log, DoesNotWaitForAReaderThatIsStuck) {
    std::array<int, 2> pipe_ends{};
    ::signal(SIGPIPE, SIG_IGN);
    ASSERT_EQ(::pipe(pipe_ends.data()), 0);
    const int kept = ::dup(STDOUT_FILENO);
    ::dup2(pipe_ends[1], STDOUT_FILENO);
    for (int line = 0; line < 100; ++line)
        write_audit(std::string(2000, 'x'));
    const auto began = std::chrono::steady_clock::now();
    flush();
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
    ::dup2(kept, STDOUT_FILENO);
    ::close(kept);
    ::close(pipe_ends[1]);
    ::close(pipe_ends[0]);  // the writer's call ends with an error
    flush();
}

TEST(Log, GivesTheNumberOfAClosedStreamToNobody) {
    const int kept = ::dup(STDOUT_FILENO);
    ::close(STDOUT_FILENO);
    claim_descriptors();
    const int next = ::open("/dev/zero", O_RDONLY);
    EXPECT_NE(next, STDOUT_FILENO);
    ::close(next);
    ::dup2(kept, STDOUT_FILENO);
    ::close(kept);
}

}  // namespace
}  // namespace gatehouse::log

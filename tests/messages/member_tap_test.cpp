// SPDX-License-Identifier: Apache-2.0
#include "gateway/messages/member_tap.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::messages {
namespace {

std::string tapped(std::string_view text, std::size_t chunk) {
    MemberTap tap("usage");
    for (; !text.empty(); text.remove_prefix(std::min(chunk, text.size())))
        tap.feed(std::string(text.substr(0, chunk)));
    return tap.value();
}

void expect_tapped(std::string_view text, std::string_view value) {
    for (std::size_t chunk = 1; chunk <= text.size(); ++chunk)
        EXPECT_EQ(tapped(text, chunk), value) << text << " in chunks of " << chunk;
}

TEST(MemberTap, CopiesTheTopLevelMemberOnly) {
    expect_tapped(R"({"usage":{"a":[1,{"b":"}"}]},"x":1})", R"({"a":[1,{"b":"}"}]})");
    expect_tapped(R"({"x":{"usage":1},"y":[{"usage":2}],"usage" : 3 })", " 3 ");
    expect_tapped(R"({"x":"usage","usage":"a\\\"b\\"})", R"("a\\\"b\\")");
    expect_tapped(R"({"x":"\"usage\":1,","\\":"\\","usage":[]})", "[]");
    expect_tapped(R"({"usage":1,"usage":2})", "2");
    expect_tapped(R"({"usages":1,"usag":2,"Usage":3,"us\u0061ge":4})", "");
}

TEST(MemberTap, HasNothingOfAnUnfinishedValueOrAnotherShape) {
    expect_tapped(R"({"usage":{"a":1)", "");
    expect_tapped(R"({"usage":"\")", "");
    expect_tapped(R"([{"usage":1}])", "");
    expect_tapped(R"("usage":1)", "");
    expect_tapped(R"(]]}{"usage":1})", "1");
}

}  // namespace
}  // namespace gatehouse::messages

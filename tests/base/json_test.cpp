// SPDX-License-Identifier: Apache-2.0
#include "gateway/base/json.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::json {
namespace {

TEST(Json, IsCanonicalWithKeysInByteOrderAtEveryDepth) {
    const auto one = parse(R"({"b": 1, "a": {"z": [1, {"y": null, "x": true}], "é": "\u00e9"}})");
    const auto two = parse(R"({"a":{"é":"é","z":[1,{"x":true,"y":null}]},"b":1})");
    ASSERT_TRUE(one && two);
    EXPECT_EQ(to_canonical(*one), R"({"a":{"z":[1,{"x":true,"y":null}],"é":"é"},"b":1})");
    EXPECT_EQ(to_canonical(*one), to_canonical(*two));
}

TEST(Json, RefusesWhatIsNoJson) {
    for (const char* text : {"", "{", "{} x", "{'a':1}", "nul", "[1,]"})
        EXPECT_FALSE(parse(text)) << text;
    EXPECT_FALSE(parse(std::string(100, '[') + std::string(100, ']')));
}

TEST(Json, FindsMembersByTypeAndPointer) {
    const auto value = parse(R"({"s":"text","n":7,"b":true,"deep":{"a/b":{"c":[0,"here"]}}})");
    ASSERT_TRUE(value);
    EXPECT_EQ(find_string(*value, "s"), "text");
    EXPECT_FALSE(find_string(*value, "n"));
    EXPECT_EQ(find_integer(*value, "n"), 7);
    EXPECT_FALSE(find_integer(*value, "s"));
    EXPECT_EQ(find_bool(*value, "b"), true);
    ASSERT_NE(find_path(*value, "/deep/a~1b/c/1"), nullptr);
    EXPECT_EQ(*find_path(*value, "/deep/a~1b/c/1"), "here");
    EXPECT_EQ(find_path(*value, "/deep/none"), nullptr);
    EXPECT_EQ(find(boost::json::value(3), "s"), nullptr);
}

TEST(Json, WritesNullForWhatIsEmptyOrNotThere) {
    EXPECT_EQ(to_text(text_or_null("")), "null");
    EXPECT_EQ(to_text(text_or_null("a")), R"("a")");
    EXPECT_EQ(to_text(or_null(std::optional<std::string>(""))), R"("")");
    EXPECT_EQ(to_text(or_null(std::optional<std::string>())), "null");
    EXPECT_EQ(to_text(or_null(std::optional<Instant>())), "null");
    EXPECT_EQ(to_text(or_null(std::optional(Instant{}))), R"("1970-01-01T00:00:00.000Z")");
}

// An object that became a value on the way would be a copy, gone before its text is read.
TEST(Json, LooksIntoAnObjectWithoutCopyingIt) {
    const boost::json::object object{{"name", "a text that is longer than any small buffer"}};
    const auto found = find_string(object, "name");
    ASSERT_TRUE(found);
    EXPECT_EQ(static_cast<const void*>(found->data()), object.at("name").as_string().data());
    EXPECT_EQ(find(object, "name"), &object.at("name"));
}

}  // namespace
}  // namespace gatehouse::json

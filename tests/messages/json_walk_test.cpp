// SPDX-License-Identifier: Apache-2.0
#include "gateway/messages/json_walk.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "gateway/base/json.h"
#include "gateway/http/message.h"

namespace gatehouse::messages {
namespace {

bool walks(std::string_view text) {
    return walk_json(http::Body::of(text).view()).has_value();
}

// Another parser is the judge: whatever a byte is turned into, inserted or lost, both must agree on what is JSON.
TEST(JsonWalk, AgreesWithAnotherParserOnDamagedTexts) {
    const std::string whole =
        R"({"model":"a", "b" : [1, -2.50, {"c":{}, "d":[]}, null,true,false ],"s":"x,]}:{[ 12","n":{"o":{"p":[[0]]}}})";
    const std::string_view letters = "{}[]:,\" \n\t019-+.aeEtfnu/'#";
    std::mt19937 random(23);
    std::uniform_int_distribution<std::size_t> letter(0, letters.size() - 1);
    std::uniform_int_distribution<int> kind(0, 3);
    std::size_t accepted = 0;
    for (int round = 0; round < 60'000; ++round) {
        std::string text = whole;
        for (int damage = 1 + round % 3; damage > 0; --damage) {
            const std::size_t at = std::uniform_int_distribution<std::size_t>(0, text.size() - 1)(random);
            switch (kind(random)) {
                case 0:
                    text.erase(at, 1);
                    break;
                case 1:
                    text.insert(at, 1, letters[letter(random)]);
                    break;
                case 2:
                    text[at] = letters[letter(random)];
                    break;
                default:
                    std::swap(text[at], text[text.size() / 2]);
                    break;
            }
        }
        const bool is_json = json::parse(text).has_value();
        ASSERT_EQ(walks(text), is_json) << text;
        accepted += is_json ? 1 : 0;
    }
    EXPECT_GT(accepted, 5'000U);
    EXPECT_LT(accepted, 55'000U);
}

TEST(JsonWalk, ListsTheOutermostMembersWithTheirPlaces) {
    const http::Body body =
        http::Body::of("{ \"a\" : \"x y\"  , \"b\":-1.5\n,\"c\":[{\"d\":1}],\"e\":{\"f\":2} , \"g\":null }\n");
    const auto walked = walk_json(body.view());
    ASSERT_TRUE(walked);
    EXPECT_EQ(walked->outermost, Outermost::object);
    std::string text;
    for (const Member& member : walked->members)
        text.append(member.key.in(body.view())).append("=").append(member.value.in(body.view())).append(";");
    EXPECT_EQ(text, R"("a"="x y";"b"=-1.5;"c"=[{"d":1}];"e"={"f":2};"g"=null;)");
}

TEST(JsonWalk, TakesAnyValueAsAText) {
    for (const char* text : {"[]", "[{}]", "1", "\"a\"", " true ", "null"}) {
        const http::Body body = http::Body::of(text);
        const auto walked = walk_json(body.view());
        ASSERT_TRUE(walked) << text;
        EXPECT_EQ(walked->outermost, Outermost::other);
        EXPECT_TRUE(walked->members.empty());
    }
}

TEST(JsonWalk, UnescapesWhatATokenSays) {
    const http::Body body = http::Body::of(R"("a\u00e9\ud83d\ude00\n\"\\\/")");
    EXPECT_EQ(unescape_json(body.view()), "a\xC3\xA9\xF0\x9F\x98\x80\n\"\\/");
    EXPECT_EQ(unescape_json(http::Body::of(R"("")").view()), "");
    for (const char* text : {R"("\x")", R"("\u12g4")", R"("\ud800")", R"("\ud800\u0041")"})
        EXPECT_EQ(unescape_json(http::Body::of(text).view()), std::nullopt) << text;
}

}  // namespace
}  // namespace gatehouse::messages

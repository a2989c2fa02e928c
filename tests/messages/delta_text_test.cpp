// SPDX-License-Identifier: Apache-2.0
#include "gateway/messages/delta_text.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "gateway/base/json.h"
#include "gateway/base/log.h"

namespace gatehouse::messages {
namespace {

std::string text_delta(std::string_view inside) {
    return R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":")" + std::string(inside) +
           "\"}}";
}

/// Code points of decoded UTF-8, the slow way.
std::int64_t code_points(std::string_view text) {
    std::int64_t count = 0;
    for (const char byte : text)
        if ((static_cast<unsigned char>(byte) & 0xC0U) != 0x80U) ++count;
    return count;
}

TEST(DeltaText, CountsEachKindOfWriting) {
    EXPECT_EQ(characters_in_delta(text_delta("Hello")), 5);
    EXPECT_EQ(characters_in_delta(
                  R"({"type":"content_block_delta","index":12,"delta":{"type":"thinking_delta","thinking":"Let me"}})"),
              6);
    EXPECT_EQ(characters_in_delta(R"({"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta",)"
                                  R"("partial_json":"{\"path\": \"a\\nb"}})"),
              14);
}

TEST(DeltaText, CountsNothingThatIsNotWritten) {
    for (
        const char* data :
        {R"({"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQBCgIYAhIM1gbc"}})",
         R"({"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{"cited_text":"x"}}})",
         R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":""}})",
         R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":7}})",
         R"({"type":"content_block_delta","index":0,"delta":{"type":"text"}})", "", "{}", "{\"text\"", "\"text\":"})
        EXPECT_EQ(characters_in_delta(data), 0) << data;
}

TEST(DeltaText, FindsTheTextInOtherOrdersAndWithBlanks) {
    EXPECT_EQ(characters_in_delta(
                  R"({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}})"),
              5);
    EXPECT_EQ(
        characters_in_delta(R"({"delta":{"thinking" : "abc","type":"thinking_delta"},"type":"content_block_delta"})"),
        3);
    EXPECT_EQ(characters_in_delta(R"({"delta":{"type":"text","text":"abcd"}})"), 4);
}

TEST(DeltaText, TakesNoKeyFromWithinTheText) {
    EXPECT_EQ(characters_in_delta(text_delta(R"(\"text\":\"xx\")")), 11);
    EXPECT_EQ(characters_in_delta(R"({ "delta": {"partial_json":"{\"text\":\"abcdef\"}"}})"), 17);
}

TEST(DeltaText, CountsCharactersRatherThanBytesAndEscapesAsWhatTheyAre) {
    EXPECT_EQ(characters_in_delta(text_delta("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80")), 3);
    EXPECT_EQ(characters_in_delta(text_delta(R"(\n\t\"\\\/)")), 5);
    EXPECT_EQ(characters_in_delta(text_delta(R"(\u00e9)")), 1);
    EXPECT_EQ(characters_in_delta(text_delta(R"(a\ud83d\ude00b)")), 3);
    EXPECT_EQ(characters_in_delta(text_delta(R"(\uD83D\uDE00)")), 1);
    EXPECT_EQ(characters_in_delta(text_delta(R"(\\u0041)")), 6);
}

TEST(DeltaText, CountsWhatIsThereOfATextThatWasCutOff) {
    const std::string whole = text_delta("0123456789");
    const std::size_t begin = whole.find("0123");
    for (std::size_t size = begin; size <= begin + 10; ++size)
        EXPECT_EQ(characters_in_delta(whole.substr(0, size)), static_cast<std::int64_t>(size - begin));
    for (const char* escape : {"\\", "\\u", "\\u0", "\\u00e"})
        EXPECT_EQ(characters_in_delta(whole.substr(0, begin) + escape), 1) << escape;
}

TEST(DeltaText, AgreesWithAParserOnTextsOfAllLengths) {
    std::mt19937 random(11);
    const std::string_view letters[] = {"a", "b", " ", "\"", "\\", "\n", "\x01", "é", "€", "😀", "/", "u"};
    std::uniform_int_distribution<std::size_t> letter(0, std::size(letters) - 1);
    for (int round = 0; round < 3'000; ++round) {
        std::string text;
        for (int index = 0; index < round % 70; ++index)
            text.append(letters[letter(random)]);
        std::string token;
        log::append_json_string(token, text);
        const std::string data = text_delta(token.substr(1, token.size() - 2));
        const auto parsed = json::parse(data);
        ASSERT_TRUE(parsed) << data;
        EXPECT_EQ(characters_in_delta(data), code_points(text)) << data;
    }
}

}  // namespace
}  // namespace gatehouse::messages

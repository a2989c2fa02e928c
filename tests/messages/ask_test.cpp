// SPDX-License-Identifier: Apache-2.0
#include "gateway/messages/ask.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "gateway/messages/json_walk.h"

namespace gatehouse::messages {
namespace {

Result<Ask> parse(std::string_view text) {
    return Ask::parse(http::Body::of(text));
}

std::string joined(Ask& ask, std::string_view model, bool drops_tags = false) {
    std::string text;
    for (const std::string_view piece : ask.pieces(model, drops_tags))
        text.append(piece);
    return text;
}

std::string without_tags(std::string_view text, std::string_view model = "m") {
    auto ask = parse(text);
    EXPECT_TRUE(ask.has_value()) << text;
    return ask ? joined(*ask, model, true) : "";
}

std::optional<std::string> tag_in(std::string_view tags, std::string_view name = "group") {
    const auto ask = parse(R"({"tags":)" + std::string(tags) + R"(,"model":"m"})");
    EXPECT_TRUE(ask.has_value()) << tags;
    return ask ? ask->tag(name) : "refused";
}

Reason reason_of(std::string_view text) {
    const auto ask = parse(text);
    EXPECT_FALSE(ask.has_value()) << text;
    return ask ? Reason::internal_error : ask.error().reason;
}

std::string message_of(std::string_view text) {
    const auto ask = parse(text);
    EXPECT_FALSE(ask.has_value()) << text;
    return ask ? "" : ask.error().message;
}

TEST(Ask, ReadsWhatTheGatewayActsOnWhereverItStands) {
    const auto ask = parse(R"({"messages":[{"role":"user","content":"{\"model\":\"no\"}"}],)"
                           R"( "model" : "claude-sonnet-5" , "max_tokens":4096, "x":{"model":"no"}, "stream":true})");
    ASSERT_TRUE(ask) << ask.error().message;
    EXPECT_EQ(ask->model(), "claude-sonnet-5");
    EXPECT_TRUE(ask->stream());
    EXPECT_EQ(ask->max_tokens(), 4096);
}

TEST(Ask, LeavesEveryByteAloneWhenTheModelStays) {
    const std::string text = "{ \"model\":\"a\",\n\t\"seed\": 9007199254740993.0 , \"n\":1e999}  \n";
    auto ask = parse(text);
    ASSERT_TRUE(ask);
    const auto pieces = ask->pieces("a");
    ASSERT_EQ(pieces.size(), 1U);
    EXPECT_EQ(pieces[0], text);
}

TEST(Ask, ReplacesTheModelAndMovesNothingElse) {
    const std::string before = "{\"id\": 9007199254740993, \"x\":1.0,  \"model\" :  ";
    const std::string after = "  ,\n\"y\" : [ 1 , -0.0e-7, 123456789012345678901234567890 ] }\n";
    auto ask = parse(before + "\"claude-sonnet-4-5\"" + after);
    ASSERT_TRUE(ask);
    EXPECT_EQ(ask->pieces("claude-sonnet-4-5-20250929").size(), 3U);
    EXPECT_EQ(joined(*ask, "claude-sonnet-4-5-20250929"), before + "\"claude-sonnet-4-5-20250929\"" + after);
    EXPECT_EQ(joined(*ask, "other"), before + "\"other\"" + after);
}

TEST(Ask, EscapesTheNewModelAsJson) {
    auto ask = parse(R"({"model":"a"})");
    ASSERT_TRUE(ask);
    EXPECT_EQ(joined(*ask, "a\"b\\c"), R"({"model":"a\"b\\c"})");
}

TEST(Ask, DecodesEscapesInTheModelAndSplicesTheWholeToken) {
    auto ask = parse(R"({"model":"claude\u002dsonnet\/5\"","z":1})");
    ASSERT_TRUE(ask);
    EXPECT_EQ(ask->model(), "claude-sonnet/5\"");
    EXPECT_EQ(joined(*ask, "b"), R"({"model":"b","z":1})");
}

TEST(Ask, ReadsAModelWhoseKeyIsSpelledWithEscapes) {
    const auto ask = parse(R"({"mod\u0065l":"claude-opus-5"})");
    ASSERT_TRUE(ask);
    EXPECT_EQ(ask->model(), "claude-opus-5");
}

TEST(Ask, SpeaksTheContractsWordsAboutTheModel) {
    EXPECT_EQ(message_of("{}"), "model is required");
    EXPECT_EQ(message_of(R"({"model":""})"), "model is required");
    EXPECT_EQ(message_of(R"({"Model":"a"})"), "model is required");
    EXPECT_EQ(reason_of(R"({"messages":[]})"), Reason::model_missing);
    for (const char* value : {"1", "null", "true", "[\"a\"]", "{\"model\":\"a\"}", "-1.5e3"}) {
        const std::string text = std::string(R"({"model":)") + value + "}";
        EXPECT_EQ(message_of(text), "model must be a string");
        EXPECT_EQ(reason_of(text), Reason::model_not_string);
    }
    EXPECT_EQ(message_of(R"({"model":")" + std::string(257, 'a') + "\"}"), "model must be at most 256 bytes long");
}

TEST(Ask, RefusesASecondModelHoweverItIsSpelled) {
    EXPECT_EQ(reason_of(R"({"model":"a","model":"b"})"), Reason::model_duplicate);
    EXPECT_EQ(reason_of(R"({"model":"a","x":[1,{"y":2}],"mod\u0065l":"b"})"), Reason::model_duplicate);
    EXPECT_EQ(reason_of(R"({"\u006dodel":"a","model":"a"})"), Reason::model_duplicate);
    EXPECT_EQ(reason_of(R"({"model":"a","MODEL":"b"})"), Reason::model_duplicate);
    EXPECT_EQ(reason_of(R"({"Model":"a","model":"b"})"), Reason::model_duplicate);
    EXPECT_EQ(reason_of(R"({"model":"a","model":1})"), Reason::model_duplicate);
    EXPECT_NE(message_of(R"({"model":"a","model":"b"})").find("model is given more than once"), std::string::npos);
}

TEST(Ask, RefusesDoubledSwitchesThatParsersReadDifferently) {
    EXPECT_EQ(message_of(R"({"model":"a","stream":true,"stream":false})"), "stream is given more than once");
    EXPECT_EQ(message_of(R"({"model":"a","max_tokens":1,"max_tokens":2})"), "max_tokens is given more than once");
}

TEST(Ask, SaysWhenTheBodyIsJsonButNoObject) {
    for (const char* text : {"[1,2]", "\"model\"", "12", "true", "null", " [] "})
        EXPECT_EQ(message_of(text), "request body must be a JSON object") << text;
}

TEST(Ask, RefusesWhatIsNotJsonToTheLastByte) {
    const char* texts[] = {
        "",
        " ",
        "hello",
        "{",
        "}",
        R"({"model":"a")",
        R"({"model":"a"}})",
        R"({"model":"a"} x)",
        R"({"model":"a"}{"model":"b"})",
        R"({"model":"a"},)",
        R"({"model":"a",})",
        R"({"model":"a" "b":1})",
        R"({"model" "a"})",
        R"({"model":"a","b":})",
        R"({"model":"a","b"})",
        R"({"model":"a",1:2})",
        R"({'model':'a'})",
        R"({model:"a"})",
        R"({"model":"a","b":[1,]})",
        R"({"model":"a","b":[1 2]})",
        R"({"model":"a","b":[}})",
        R"({"model":"a","b":{]})",
        R"({"model":"a","b":[1}})",
        R"({"model":"a","b":nul})",
        R"({"model":"a","b":truex})",
        R"({"model":"a","b":NaN})",
        R"({"model":"a","b":01})",
        R"({"model":"a","b":+1})",
        R"({"model":"a","b":1.})",
        R"({"model":"a","b":.5})",
        R"({"model":"a","b":1e})",
        R"({"model":"a","b":--1})",
        R"({"model":"a","b":12abc})",
        R"({"model":"a","b":"x"y})",
        R"({"model":"a"x,"b":1})",
        R"({"model":"a","b":1/**/})",
        R"({"model":"a"}//)",
        "{\"model\":\"a\",\"b\":\"tab\tinside\"}",
        "{\"model\":\"a\",\"b\":\"line\ninside\"}",
        R"({"model":"\q"})",
        R"({"model":"\u12"})",
        R"({"model":"\ud800"})",
        R"({"mod\qel":"a"})",
        "\xEF\xBB\xBF{\"model\":\"a\"}",
        "{\"model\":\"a\",\"stream\":tru}",
        "{\"model\":\"a\",\"max_tokens\":1x}",
    };
    for (const char* text : texts) {
        EXPECT_EQ(message_of(text), "invalid JSON") << text;
        EXPECT_EQ(reason_of(text), Reason::body_not_json) << text;
    }
}

TEST(Ask, RefusesBytesThatAreNotUtf8) {
    for (const char* bytes : {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe2\x82"})
        EXPECT_EQ(message_of(std::string(R"({"model":"a","b":")") + bytes + "\"}"), "invalid JSON");
    EXPECT_EQ(message_of(std::string("{\"model\":\"a\"}\0", 14)), "invalid JSON");
}

// A parser that skips by counting brackets takes the second model for a member of something nested.
TEST(Ask, FindsNoModelHiddenBehindBrokenNesting) {
    const char* texts[] = {
        R"({"model":"a","x":{"y":"b":"c"},"model":"evil"}})",
        R"({"x":{"y":"b":"c"},"model":"evil","z":{"model":"a"}})",
        R"({"model":"a","x":[{],"model":"evil","y":[}]})",
        R"({"model":"a","x":[1},"model":"evil","y":{2]})",
        R"({"model":"a","x":{"y":[}],"model":"evil"}})",
        R"({"model":"a","x":[[]},"model":"evil"])",
        R"({"model":"a","x":{"y"},"model":"evil"})",
        R"({"model":"a","x":[:"model",:"evil"]})",
        R"({"model":"a","x":[,"model":"evil"]})",
        R"({"model":"a","x":,"model":"evil"})",
        R"({"model":"a"]"model":"evil"})",
        R"({"model":"a":"model":"evil"})",
        R"({"model":"a","x":"":"model","y":"evil"})",
        R"({"model":"a" : , "b" : 1})",
    };
    for (const char* text : texts)
        EXPECT_EQ(reason_of(text), Reason::body_not_json) << text;
}

TEST(Ask, TakesNestingUpToItsLimitAndRefusesMore) {
    const auto nested = [](std::size_t levels) {
        return R"({"model":"a","x":)" + std::string(levels, '[') + std::string(levels, ']') + "}";
    };
    EXPECT_TRUE(parse(nested(deepest_nesting - 1)));
    EXPECT_EQ(reason_of(nested(deepest_nesting)), Reason::body_not_json);
    EXPECT_EQ(reason_of(nested(200'000)), Reason::body_not_json);
    EXPECT_EQ(reason_of(R"({"model":"a","x":)" + std::string(1'000'000, '[')), Reason::body_not_json);
}

TEST(Ask, RefusesMoreMembersThanAnyRequestHas) {
    const auto with_members = [](std::size_t count) {
        std::string text = R"({"model":"a")";
        for (std::size_t index = 1; index < count; ++index)
            text += R"(,"k":0)";
        return text + "}";
    };
    EXPECT_TRUE(parse(with_members(most_members)));
    EXPECT_EQ(reason_of(with_members(most_members + 1)), Reason::body_not_json);
}

TEST(Ask, LeavesNumbersOfAnySizeToTheProvider) {
    const auto ask = parse(R"({"model":"a","x":1e999,"y":)" + std::string(5000, '9') +
                           R"(,"max_tokens":99999999999999999999999,"stream":1})");
    ASSERT_TRUE(ask) << ask.error().message;
    EXPECT_EQ(ask->max_tokens(), std::nullopt);
    EXPECT_FALSE(ask->stream());
}

TEST(Ask, ReadsABodyLargerThanTheSharedParserKeeps) {
    auto ask = parse(R"({"messages":")" + std::string(std::size_t{3} << 20U, 'x') + R"(","model":"big"})");
    ASSERT_TRUE(ask);
    EXPECT_EQ(ask->model(), "big");
    EXPECT_TRUE(parse(R"({"model":"small"})"));
}

TEST(Ask, NeverReadsAnotherModelFromABodyThatLostAByte) {
    const std::string whole =
        R"({"a":{"model":"x","b":["model","y"]},"model":"good","c":[{"model":"z"}],"d":"\"model\":"})";
    const std::set<std::string> damaged_or_not{"good", "ood", "god", "goo"};
    for (std::size_t index = 0; index < whole.size(); ++index) {
        const auto ask = parse(whole.substr(0, index) + whole.substr(index + 1));
        if (ask) EXPECT_TRUE(damaged_or_not.contains(ask->model())) << index << " " << ask->model();
    }
}

TEST(Ask, TakesTheTagsOutWithOneCommaAndMovesNothingElse) {
    EXPECT_EQ(without_tags(R"({"tags":{"a":"b"},"model":"m"})"), R"({"model":"m"})");
    EXPECT_EQ(without_tags(R"({"model":"m","tags":{"a":"b"}})"), R"({"model":"m"})");
    EXPECT_EQ(without_tags(R"({"model":"m","tags":{"a":"b"},"x":1})"), R"({"model":"m","x":1})");
    EXPECT_EQ(without_tags("{ \"x\" : 1.0 ,\n\t\"tags\" :  { \"a\" : [ 1 , { } ] }\r\n , \"model\":\"m\" } \n"),
              "{ \"x\" : 1.0 ,\n\t \"model\":\"m\" } \n");
    EXPECT_EQ(without_tags("{ \"model\" : \"m\" \n, \"tags\" : {\"a\":\"},\"} \n}"), "{ \"model\" : \"m\" \n \n}");
    EXPECT_EQ(without_tags(R"({"x":{"tags":1},"model":"m","y":[{"tags":2}]})"),
              R"({"x":{"tags":1},"model":"m","y":[{"tags":2}]})");
    for (const char* value : {"null", "1", R"("a,b")", "[1,2]", "{}", "[]", "true", R"({"tags":{"tags":1}})"})
        EXPECT_EQ(without_tags(std::string(R"({"model":"m","tags":)") + value + R"(,"z":0})"),
                  R"({"model":"m","z":0})");
}

TEST(Ask, TakesOutTagsWhoseKeyIsSpelledWithEscapes) {
    EXPECT_EQ(without_tags(R"({"t\u0061gs":{"a":"b"},"model":"m"})"), R"({"model":"m"})");
    EXPECT_EQ(without_tags(R"({"model":"m","\u0074\u0061\u0067\u0073":{"a":"b"}})"), R"({"model":"m"})");
}

TEST(Ask, ReplacesTheModelAndTakesTheTagsOutAtOnce) {
    const std::string tags = R"("tags":{"group":"a"})";
    EXPECT_EQ(without_tags("{" + tags + R"(,"model":"m","z":1})", "n"), R"({"model":"n","z":1})");
    EXPECT_EQ(without_tags(R"({"a":1,"model":"m",)" + tags + "}", "n"), R"({"a":1,"model":"n"})");
    EXPECT_EQ(without_tags(R"({"a":1,)" + tags + R"(,"b":2,"model":"m","z":1})", "n"),
              R"({"a":1,"b":2,"model":"n","z":1})");
    auto ask = parse("{" + tags + R"(,"model":"m","z":1})");
    ASSERT_TRUE(ask);
    EXPECT_EQ(ask->pieces("n", true).size(), 4U);
    EXPECT_EQ(ask->pieces("m", true).size(), 2U);
    EXPECT_EQ(ask->pieces("m", false).size(), 1U);
}

TEST(Ask, LeavesTheTagsWhereTheyAreUnlessToldOtherwise) {
    const std::string text = R"({"tags":{"a":"b"},"model":"m"})";
    auto ask = parse(text);
    ASSERT_TRUE(ask);
    EXPECT_EQ(joined(*ask, "m"), text);
    EXPECT_EQ(joined(*ask, "n"), R"({"tags":{"a":"b"},"model":"n"})");
}

TEST(Ask, RefusesSecondTagsHoweverTheyAreSpelled) {
    EXPECT_EQ(message_of(R"({"model":"a","tags":{},"tags":{}})"), "tags is given more than once");
    EXPECT_EQ(message_of(R"({"tags":{},"model":"a","t\u0061gs":{}})"), "tags is given more than once");
    EXPECT_EQ(message_of(R"({"tags":{},"model":"a","Tags":{}})"),
              "tags is given more than once, and keys that differ from it only in case count");
    EXPECT_EQ(reason_of(R"({"model":"a","tags":{},"tags":{}})"), Reason::malformed_request);
    EXPECT_TRUE(parse(R"({"model":"a","Tags":{}})"));
}

TEST(Ask, ReadsATagByItsName) {
    EXPECT_EQ(tag_in(R"({"other":"x","group":"research"})"), "research");
    EXPECT_EQ(tag_in(R"({"gr\u006fup" : "r\u0065s\u00e9arch"})"),
              "res\xC3\xA9"
              "arch");
    EXPECT_EQ(tag_in(R"({"group":"a","group":"b"})"), "b");
    EXPECT_EQ(tag_in("{\"group\":\"" + std::string(Ask::longest_tag, 'g') + "\"}"), std::string(Ask::longest_tag, 'g'));
}

TEST(Ask, TellsATagThatIsNotThereFromOneThatIsOfNoUse) {
    for (const char* tags : {"{}", R"({"Group":"a"})", R"({"x":{"group":"a"}})", "null", R"(["group"])", R"("group")"})
        EXPECT_EQ(tag_in(tags), std::nullopt) << tags;
    EXPECT_EQ(parse(R"({"model":"m"})")->tag("group"), std::nullopt);
    for (const char* tags : {R"({"group":7})", R"({"group":null})", R"({"group":["a"]})", R"({"group":""})",
                             R"({"group":"\ud800"})", R"({"group":"a","group":{}})"})
        EXPECT_EQ(tag_in(tags), "") << tags;
    EXPECT_EQ(tag_in("{\"group\":\"" + std::string(Ask::longest_tag + 1, 'g') + "\"}"), "");
    EXPECT_EQ(tag_in("{\"group\":\"" + std::string(100'000, 'g') + "\"}"), "");
}

TEST(Ask, KnowsTheSpeedThatIsAskedForAndItsSize) {
    EXPECT_EQ(parse(R"({"model":"m","speed":"fast"})")->speed(), policy::Speed::fast);
    EXPECT_EQ(parse(R"({"model":"m","speed":"f\u0061st"})")->speed(), policy::Speed::fast);
    for (const char* text : {R"({"model":"m"})", R"({"model":"m","speed":"standard"})", R"({"model":"m","speed":1})",
                             R"({"model":"m","speed":"faster"})", R"({"model":"m","x":{"speed":"fast"}})"})
        EXPECT_EQ(parse(text)->speed(), policy::Speed::standard) << text;
    EXPECT_EQ(message_of(R"({"model":"a","speed":"fast","speed":"standard"})"), "speed is given more than once");
    auto ask = parse(R"({"model":"m"} )");
    ask->release();
    EXPECT_EQ(ask->size(), 14U);
}

TEST(Ask, KeepsItsPiecesWhenItIsMoved) {
    auto parsed = parse(R"({"model":"a","b":2})");
    ASSERT_TRUE(parsed);
    Ask ask = std::move(*parsed);
    EXPECT_EQ(joined(ask, "c"), R"({"model":"c","b":2})");
}

}  // namespace
}  // namespace gatehouse::messages

// SPDX-License-Identifier: Apache-2.0
#include "gateway/demo/answer.h"

#include <gtest/gtest.h>

#include <string>

#include "gateway/base/json.h"

namespace gatehouse::demo {
namespace {

namespace bj = boost::json;

std::string request(std::string_view more, std::string_view content = R"("Why is the sky blue?")") {
    return R"({"model":"claude-sonnet-5","max_tokens":1000,"messages":[{"role":"user","content":)" +
           std::string(content) + "}]" + std::string(more) + "}";
}

Answer answer_to(std::string_view body) {
    auto answer = make_answer(body, "msg_1");
    EXPECT_TRUE(answer) << answer.error().message;
    return answer.value_or(Answer{});
}

/// The `data:` of every event, parsed; checks on the way that the event line names the same type.
std::vector<bj::value> parsed_events(const Answer& answer) {
    std::vector<bj::value> parsed;
    for (const std::string& event : to_events(answer)) {
        const std::size_t line = event.find('\n');
        EXPECT_TRUE(event.starts_with("event: ") && event.substr(line).starts_with("\ndata: ")) << event;
        EXPECT_TRUE(event.ends_with("\n\n")) << event;
        auto data = json::parse(std::string_view(event).substr(line + 7));
        EXPECT_TRUE(data) << event;
        EXPECT_EQ(json::find_string(*data, "type"), event.substr(7, line - 7));
        parsed.push_back(std::move(*data));
    }
    return parsed;
}

std::string streamed_text(const std::vector<bj::value>& events, std::string_view field) {
    std::string text;
    for (const bj::value& event : events)
        if (const bj::value* delta = json::find(event, "delta"))
            text.append(json::find_string(*delta, field).value_or(std::string_view{}));
    return text;
}

TEST(DemoAnswer, NamesTheModelAskedForAndRepeatsTheLastQuestion) {
    const Answer answer = answer_to(request(""));

    EXPECT_EQ(answer.model, "claude-sonnet-5");
    EXPECT_NE(answer.text.find("claude-sonnet-5"), std::string::npos);
    EXPECT_NE(answer.text.find("Why is the sky blue?"), std::string::npos);
    EXPECT_EQ(answer.stop_reason, "end_turn");
}

TEST(DemoAnswer, RepeatsWhatThePersonTypedAndNotTheClientsOwnReminders) {
    const Answer answer =
        answer_to(request("", R"([{"type":"text","text":"<system-reminder>secret rules</system-reminder>"},
                                                    {"type":"text","text":"hello there"},
                                                    {"type":"text","text":"<system-reminder>more</system-reminder>"}])"));

    EXPECT_NE(answer.text.find("hello there"), std::string::npos);
    EXPECT_EQ(answer.text.find("secret rules"), std::string::npos);
}

TEST(DemoAnswer, CutsALongQuestionBetweenCharacters) {
    std::string question = "x";
    for (int count = 0; count < 200; ++count)
        question += "ä";

    const Answer answer = answer_to(request("", "\"" + question + "\""));

    // Boost.JSON refuses invalid UTF-8, so a character cut in half would not parse.
    EXPECT_TRUE(json::parse(json::to_text(to_message(answer))));
    EXPECT_NE(answer.text.find("ä…"), std::string::npos);
}

TEST(DemoAnswer, StreamsTheSameTextInTheOrderOfTheMessagesApi) {
    const Answer answer = answer_to(request(R"(,"stream":true)"));
    const auto events = parsed_events(answer);

    std::vector<std::string> kinds;
    for (const bj::value& event : events) {
        std::string kind(*json::find_string(event, "type"));
        if (kinds.empty() || kinds.back() != kind) kinds.push_back(std::move(kind));
    }

    EXPECT_TRUE(answer.streamed);
    EXPECT_EQ(kinds, (std::vector<std::string>{"message_start", "content_block_start", "ping", "content_block_delta",
                                               "content_block_stop", "message_delta", "message_stop"}));
    EXPECT_EQ(streamed_text(events, "text"), answer.text);
}

TEST(DemoAnswer, CountsTheSameTokensInAStreamAndInAWholeMessage) {
    const Answer answer =
        answer_to(request(R"(,"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}])"));
    const auto events = parsed_events(answer);
    const bj::value message(to_message(answer));
    const bj::value& usage = *json::find(message, "usage");
    const bj::value& opening = *json::find(*json::find(events.front(), "message"), "usage");
    const bj::value& closing = *json::find(events[events.size() - 2], "usage");

    EXPECT_GT(*json::find_integer(usage, "input_tokens"), 0);
    EXPECT_GT(*json::find_integer(usage, "cache_creation_input_tokens"), 0);
    EXPECT_EQ(json::find_integer(opening, "input_tokens"), json::find_integer(usage, "input_tokens"));
    EXPECT_EQ(json::find_integer(closing, "output_tokens"), json::find_integer(usage, "output_tokens"));
}

TEST(DemoAnswer, CallsAToolWhenTheRequestLeavesNoChoice) {
    const std::string body = request(
        R"(,"tool_choice":{"type":"tool","name":"pick"},"tools":[{"name":"other","input_schema":{"type":"object"}},
            {"name":"pick","input_schema":{"type":"object","required":["n"],"properties":{"n":{"type":"integer","minimum":3}}}}])");
    const Answer answer = answer_to(body);
    const auto events = parsed_events(answer);
    const bj::value message(to_message(answer));
    const bj::value& block = json::find(message, "content")->get_array().front();

    EXPECT_EQ(answer.stop_reason, "tool_use");
    EXPECT_EQ(json::find_string(block, "name"), "pick");
    EXPECT_EQ(json::find_integer(*json::find(block, "input"), "n"), 3);
    EXPECT_EQ(streamed_text(events, "partial_json"), R"({"n":3})");
}

TEST(DemoAnswer, FollowsTheSchemaOfAStructuredOutput) {
    const Answer answer = answer_to(request(
        R"(,"output_config":{"format":{"type":"json_schema","schema":{"type":"object","required":["title","new"],
            "properties":{"title":{"type":"string"},"new":{"type":"boolean"},"extra":{"type":"string"}}}}})"));

    const auto parsed = json::parse(answer.text);

    ASSERT_TRUE(parsed) << answer.text;
    EXPECT_TRUE(json::find_string(*parsed, "title"));
    EXPECT_EQ(json::find_bool(*parsed, "new"), false);
    EXPECT_EQ(json::find(*parsed, "extra"), nullptr);
}

TEST(DemoAnswer, StopsAtMaxTokens) {
    const std::string body =
        R"({"model":"claude-haiku-4-5","max_tokens":1,"messages":[{"role":"user","content":"quota"}]})";

    const Answer answer = answer_to(body);

    EXPECT_EQ(answer.stop_reason, "max_tokens");
    EXPECT_EQ(answer.output_tokens, 1);
    EXPECT_EQ(answer.text, "This");
}

struct Refused {
    std::string_view body;
    std::string_view words;
};

TEST(DemoAnswer, RefusesWhatIsNoMessagesRequest) {
    for (const auto& [body, words] :
         {Refused{"{", "JSON"}, Refused{"[]", "JSON"}, Refused{R"({"max_tokens":1})", "model"},
          Refused{R"({"model":"m","max_tokens":1})", "messages"},
          Refused{R"({"model":"m","max_tokens":1,"messages":[]})", "messages"},
          Refused{R"({"model":"m","messages":[{"role":"user","content":"x"}]})", "max_tokens"}}) {
        const auto answer = make_answer(body, "msg_1");
        ASSERT_FALSE(answer) << body;
        EXPECT_EQ(answer.error().fault, Fault::bad_request);
        EXPECT_NE(answer.error().message.find(words), std::string::npos) << answer.error().message;
    }
}

TEST(DemoAnswer, CountsMoreTokensForALongerRequest) {
    const auto shorter = count_tokens(request(""));
    const auto longer = count_tokens(request("", "\"" + std::string(4000, 'x') + "\""));

    ASSERT_TRUE(shorter && longer);
    EXPECT_GE(*longer, *shorter + 900);
}

TEST(DemoSchema, FollowsReferencesAlternativesAndLimits) {
    const auto schema = json::parse(R"({"$ref":"#/$defs/outer","$defs":{
        "outer":{"type":"object","required":["kind","list","text","either","mixed"],"properties":{
            "kind":{"enum":["b","a"]},"list":{"type":"array","minItems":2,"items":{"const":7}},
            "text":{"type":"string","minLength":14,"maxLength":14},
            "either":{"anyOf":[{"type":"null"},{"type":"string"}]},"mixed":{"type":["number","null"]}}}}})");
    ASSERT_TRUE(schema);

    const bj::value value = smallest_instance(*schema);

    EXPECT_EQ(json::to_canonical(value),
              R"({"either":null,"kind":"b","list":[7,7],"mixed":0,"text":"Demo answer..."})");
}

TEST(DemoSchema, EndsOnASchemaThatRefersToItself) {
    const auto schema = json::parse(R"({"$ref":"#"})");
    const auto nested = json::parse(R"({"type":"object","required":["next"],"properties":{"next":{"$ref":"#/"}}})");
    ASSERT_TRUE(schema && nested);

    EXPECT_NO_FATAL_FAILURE(smallest_instance(*schema));
    EXPECT_NO_FATAL_FAILURE(smallest_instance(*nested));
}

}  // namespace
}  // namespace gatehouse::demo

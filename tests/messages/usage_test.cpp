// SPDX-License-Identifier: Apache-2.0
#include "gateway/messages/usage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>

namespace gatehouse::messages {
namespace {

constexpr std::string_view stream =
    "event: message_start\n"
    R"(data: {"type":"message_start","message":{"id":"msg_1","content":[],"usage":{"input_tokens":25,)"
    R"("cache_creation_input_tokens":30,"cache_read_input_tokens":400,"cache_creation":{)"
    R"("ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":20},"output_tokens":1,"service_tier":"standard"}}})"
    "\n\n"
    "event: content_block_delta\n"
    R"(data: {"type":"content_block_delta","delta":{"text":"event: message_delta {\"usage\":{\"output_tokens\":9}}"}})"
    "\n\n"
    "event: ping\ndata: {\"type\": \"ping\"}\n\n"
    "event: message_delta\n"
    R"(data: {"type":"message_delta","delta":{"stop_reason":null},"usage":{"output_tokens":5}})"
    "\n\n"
    "event: message_delta\n"
    R"(data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":26,)"
    R"("cache_creation_input_tokens":30,"cache_read_input_tokens":401,"output_tokens":89,)"
    R"("server_tool_use":{"web_search_requests":2}}})"
    "\n\n"
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

constexpr policy::Usage expected{26, 89, 401, 10, 20, 2};

UsageMeter meter(Shape shape, std::string_view text, std::size_t chunk = std::string_view::npos) {
    UsageMeter result(shape);
    for (; !text.empty(); text.remove_prefix(std::min(chunk, text.size())))
        result.look(std::string(text.substr(0, chunk)));
    result.finish();
    return result;
}

policy::Usage usage_of_event(std::string_view name, std::string_view usage) {
    const bool start = name == "message_start";
    return meter(Shape::events, "event: " + std::string(name) + "\ndata: " + (start ? R"({"message":)" : "") +
                                    R"({"usage":)" + std::string(usage) + (start ? "}" : "") + "}\n\n")
        .usage();
}

TEST(UsageMeter, CountsTheSameWhereverAStreamIsSplit) {
    for (std::size_t chunk = 1; chunk <= stream.size(); ++chunk) {
        const UsageMeter counted = meter(Shape::events, stream, chunk);
        EXPECT_EQ(counted.usage(), expected) << chunk;
        EXPECT_TRUE(counted.known());
        EXPECT_TRUE(counted.concluded());
    }
    for (std::size_t split = 0; split <= stream.size(); ++split) {
        UsageMeter counted(Shape::events);
        counted.look(std::string(stream.substr(0, split)));
        counted.look(std::string(stream.substr(split)));
        EXPECT_EQ(counted.usage(), expected) << split;
    }
}

TEST(UsageMeter, CountsTheSameUnderRandomChunking) {
    std::mt19937 random(7);
    std::uniform_int_distribution<std::size_t> size(1, 60);
    for (int round = 0; round < 200; ++round) {
        UsageMeter counted(Shape::events);
        for (std::string_view rest = stream; !rest.empty();) {
            const std::string chunk(rest.substr(0, size(random)));
            counted.look(chunk);
            rest.remove_prefix(chunk.size());
        }
        EXPECT_EQ(counted.usage(), expected);
    }
}

TEST(UsageMeter, ReadsStreamsWithoutEventNamesAndWithCarriageReturns) {
    std::string unnamed;
    std::string returns;
    for (std::string_view rest = stream; !rest.empty();) {
        const std::string line(rest.substr(0, rest.find('\n')));
        rest.remove_prefix(line.size() + 1);
        if (!line.starts_with("event:")) unnamed += line + "\n";
        returns += line + "\r\n";
    }
    for (const std::size_t chunk : {1U, 7U, 100U, 10'000U}) {
        EXPECT_EQ(meter(Shape::events, unnamed, chunk).usage(), expected);
        EXPECT_TRUE(meter(Shape::events, unnamed, chunk).concluded());
        EXPECT_EQ(meter(Shape::events, returns, chunk).usage(), expected);
    }
}

TEST(UsageMeter, KeepsWhatTheStartSaidWhenTheStreamIsCut) {
    const UsageMeter cut = meter(Shape::events, stream.substr(0, stream.find("event: message_delta") + 40));
    EXPECT_EQ(cut.usage(), (policy::Usage{25, 1, 400, 10, 20, 0}));
    EXPECT_TRUE(cut.known());
    EXPECT_FALSE(cut.concluded());
    EXPECT_FALSE(cut.between_events());
}

TEST(UsageMeter, TakesAnErrorEventForTheProvidersOwnEnd) {
    EXPECT_TRUE(meter(Shape::events, "event: error\ndata: {\"type\":\"error\"}\n\n").concluded());
    EXPECT_TRUE(meter(Shape::events, "data: {\"type\":\"error\",\"error\":{}}\n\n").concluded());
    EXPECT_FALSE(meter(Shape::events, "event: ping\ndata: {}\n\n").concluded());
}

TEST(UsageMeter, ClampsCountsThatCannotBe) {
    EXPECT_EQ(usage_of_event("message_start", R"({"input_tokens":-5,"output_tokens":-1,"cache_read_input_tokens":-2,)"
                                              R"("cache_creation_input_tokens":-9})"),
              policy::Usage{});
    EXPECT_EQ(usage_of_event("message_start", R"({"input_tokens":18446744073709551615,"output_tokens":1e300})"),
              (policy::Usage{1'000'000'000, 1'000'000'000, 0, 0, 0, 0}));
    EXPECT_EQ(usage_of_event("message_delta", R"({"input_tokens":null,"output_tokens":"7","cache_creation":3})"),
              policy::Usage{});
    EXPECT_EQ(usage_of_event("message_delta", R"({"output_tokens":7.0})"), (policy::Usage{0, 7, 0, 0, 0, 0}));
    EXPECT_FALSE(meter(Shape::events, "event: message_delta\ndata: {\"usage\":null}\n\n").known());
    EXPECT_FALSE(meter(Shape::events, "event: message_delta\ndata: {\"usage\":{\n\n").known());
}

TEST(UsageMeter, KeepsWhatWasReadWhenALaterEventSaysNothingOfIt) {
    const std::string start =
        "event: message_start\n"
        R"(data: {"message":{"usage":{"input_tokens":25,"cache_read_input_tokens":400,"cache_creation_input_tokens":30,)"
        R"("cache_creation":{"ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":20},"output_tokens":1}}})"
        "\n\n";
    const std::string delta =
        "event: message_delta\n"
        R"(data: {"usage":{"input_tokens":0,"cache_read_input_tokens":0,"cache_creation_input_tokens":0,)"
        R"("cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},"output_tokens":0}})"
        "\n\n";
    EXPECT_EQ(meter(Shape::events, start + delta).usage(), (policy::Usage{25, 0, 400, 10, 20, 0}));
}

TEST(UsageMeter, SplitsCacheWritesByLifetime) {
    EXPECT_EQ(usage_of_event("message_start", R"({"cache_creation_input_tokens":8})"),
              (policy::Usage{0, 0, 0, 8, 0, 0}));
    EXPECT_EQ(usage_of_event("message_start", R"({"cache_creation":{"ephemeral_1h_input_tokens":8}})"),
              (policy::Usage{0, 0, 0, 0, 8, 0}));
    EXPECT_EQ(usage_of_event("message_start", R"({"cache_creation_input_tokens":9,)"
                                              R"("cache_creation":{"ephemeral_1h_input_tokens":8}})"),
              (policy::Usage{0, 0, 0, 1, 8, 0}));
}

TEST(UsageMeter, SurvivesEventsLargerThanItWantsToKeep) {
    std::string text = "event: message_delta\ndata: " + std::string(std::size_t{1} << 20U, 'x') + "\n\n";
    text += stream;
    EXPECT_EQ(meter(Shape::events, text, 4096).usage(), expected);
}

TEST(UsageMeter, ReadsTheTopLevelUsageOfAJsonAnswerInAnyChunking) {
    const std::string text =
        R"({"id":"msg_1","content":[{"type":"text","text":"\"usage\":{\"input_tokens\":1}, \\"},)"
        R"({"type":"tool_use","input":{"usage":{"input_tokens":2}}}], "usage" : {"input_tokens":26,"output_tokens":89,)"
        R"("cache_read_input_tokens":401,"cache_creation_input_tokens":30,"cache_creation":{)"
        R"("ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":20},"note":"}],\"",)"
        R"("server_tool_use":{"web_search_requests":2}},"model":"usage"})";
    for (std::size_t chunk = 1; chunk <= text.size(); ++chunk)
        EXPECT_EQ(meter(Shape::json, text, chunk).usage(), expected) << chunk;
    EXPECT_TRUE(meter(Shape::json, text).known());
}

TEST(UsageMeter, ReadsAJsonAnswerOfAnySize) {
    const std::string text = R"({"content":")" + std::string(std::size_t{20} << 20U, 'x') +
                             R"(","usage":{"input_tokens":3,"output_tokens":4}})";
    EXPECT_EQ(meter(Shape::json, text, 65'536).usage(), (policy::Usage{3, 4, 0, 0, 0, 0}));
}

TEST(UsageMeter, KnowsNothingOfAnswersWithoutUsage) {
    for (const char* text :
         {"", "{}", "[]", R"({"usage":null})", R"({"usage":{"input_tokens":1)", "usage", R"("usage")",
          R"([{"usage":{"input_tokens":1}}])", R"({"x":{"usage":{"input_tokens":1}}})"})
        EXPECT_FALSE(meter(Shape::json, text).known()) << text;
    const std::string huge = R"({"usage":{"x":")" + std::string(70'000, 'x') + R"("}})";
    EXPECT_FALSE(meter(Shape::json, huge).known());
    EXPECT_FALSE(meter(Shape::opaque, R"({"usage":{"input_tokens":1}})").known());
}

// What a model wrote until the client left: 12 characters of text, 9 of thinking, 13 of tool input.
constexpr std::string_view begun =
    "event: message_start\n"
    R"(data: {"type":"message_start","message":{"usage":{"input_tokens":25,"cache_read_input_tokens":400,)"
    R"("output_tokens":3}}})"
    "\n\nevent: content_block_start\n"
    R"(data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":"not counted"}})"
    "\n\nevent: content_block_delta\n"
    R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Let me s\u00e9"}})"
    "\n\nevent: content_block_delta\n"
    R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQBCgIYAhIM1g"}})"
    "\n\nevent: content_block_delta\n"
    R"(data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Hello \"you\"!"}})"
    "\n\nevent: content_block_delta\n"
    R"(data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"path\":\"a/b\""}})"
    "\n\n";

TEST(UsageMeter, EstimatesTheOutputOfAnAnswerThatWasNotFinished) {
    for (std::size_t chunk = 1; chunk <= begun.size(); ++chunk) {
        const UsageMeter cut = meter(Shape::events, begun, chunk);
        EXPECT_EQ(cut.so_far(), (policy::Usage{25, 9, 400, 0, 0, 0})) << chunk;
        EXPECT_EQ(cut.usage(), (policy::Usage{25, 3, 400, 0, 0, 0})) << chunk;
        EXPECT_FALSE(cut.complete());
    }
}

TEST(UsageMeter, EstimatesTheSameForStreamsWithoutEventNames) {
    std::string unnamed;
    for (std::string_view rest = begun; !rest.empty();) {
        const std::string line(rest.substr(0, rest.find('\n')));
        rest.remove_prefix(line.size() + 1);
        if (!line.starts_with("event:")) unnamed += line + "\r\n";
    }
    unnamed += R"(data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"an error"}})"
               "\n\n";
    for (const std::size_t chunk : {1U, 7U, 100U, 10'000U})
        EXPECT_EQ(meter(Shape::events, unnamed, chunk).so_far(), (policy::Usage{25, 11, 400, 0, 0, 0})) << chunk;
}

TEST(UsageMeter, TellsWhileTheAnswerRunsWhatItHasCostSoFar) {
    UsageMeter running(Shape::events);
    EXPECT_EQ(running.so_far(17), (policy::Usage{17, 0, 0, 0, 0, 0}));
    std::int64_t last = 0;
    for (std::string_view rest = begun; !rest.empty(); rest.remove_prefix(1)) {
        running.look(rest.substr(0, 1));
        EXPECT_GE(running.so_far(17).output, last);
        last = running.so_far(17).output;
    }
    EXPECT_EQ(running.so_far(17), (policy::Usage{25, 9, 400, 0, 0, 0}));
    running.look("event: message_delta\ndata: {\"usage\":{\"output_tokens\":40}}\n\n");
    EXPECT_EQ(running.so_far(17), (policy::Usage{25, 40, 400, 0, 0, 0}));
    EXPECT_TRUE(running.complete());
}

TEST(UsageMeter, TakesTheProvidersLastWordEvenWhenItIsBelowTheEstimate) {
    const UsageMeter whole =
        meter(Shape::events, std::string(begun) + "event: message_delta\ndata: {\"usage\":{\"output_tokens\":2}}\n\n");
    EXPECT_EQ(whole.so_far(), (policy::Usage{25, 2, 400, 0, 0, 0}));
    EXPECT_TRUE(whole.complete());
}

TEST(UsageMeter, KnowsThatACountInMidAnswerIsNotTheLastWord) {
    const std::string interim = "event: message_delta\ndata: {\"usage\":{\"output_tokens\":4}}\n\n";
    const UsageMeter cut =
        meter(Shape::events, interim + std::string(begun.substr(begun.find("event: content_block_d"))));
    EXPECT_FALSE(cut.complete());
    EXPECT_EQ(cut.so_far().output, 9);
    EXPECT_FALSE(meter(Shape::events, "event: message_delta\ndata: {\"usage\":{\"input_tokens\":1}}\n\n").complete());
}

TEST(UsageMeter, TakesTheCallersInputWhenTheAnswerDidNotNameIt) {
    EXPECT_EQ(meter(Shape::events, "event: ping\ndata: {}\n\n").so_far(2'000), (policy::Usage{2'000, 0, 0, 0, 0, 0}));
    EXPECT_EQ(meter(Shape::events, "event: ping\ndata: {}\n\n").so_far(-1), policy::Usage{});
    EXPECT_EQ(meter(Shape::events, begun).so_far(2'000).input, 25);
}

TEST(UsageMeter, BillsNothingForAnErrorInThePlaceOfAnAnswer) {
    for (const char* text : {"event: error\ndata: {\"type\":\"error\"}\n\n", "data: {\"type\":\"error\"}\n\n"}) {
        const UsageMeter refused = meter(Shape::events, text);
        EXPECT_EQ(refused.so_far(2'000), policy::Usage{});
        EXPECT_TRUE(refused.complete());
    }
    const UsageMeter late = meter(Shape::events, std::string(begun) + "event: error\ndata: {}\n\n");
    EXPECT_EQ(late.so_far(2'000), (policy::Usage{25, 9, 400, 0, 0, 0}));
    EXPECT_FALSE(late.complete());
}

TEST(UsageMeter, EstimatesFromTheBytesOfWhatIsNoStream) {
    const std::string text = R"({"content":"0123456789","usage":{"input_tokens":3,"output_tokens":4}})";
    const UsageMeter whole = meter(Shape::json, text);
    EXPECT_EQ(whole.so_far(2'000), (policy::Usage{3, 4, 0, 0, 0, 0}));
    EXPECT_TRUE(whole.complete());
    const UsageMeter cut = meter(Shape::json, text.substr(0, 21));
    EXPECT_EQ(cut.so_far(2'000), (policy::Usage{2'000, 6, 0, 0, 0, 0}));
    EXPECT_FALSE(cut.complete());
    EXPECT_EQ(meter(Shape::opaque, "12345").so_far(7), (policy::Usage{7, 2, 0, 0, 0, 0}));
}

TEST(UsageMeter, NeverCountsMoreThanARequestCanHave) {
    const std::string most = std::to_string(UsageMeter::most_tokens);
    const std::string text = "event: message_start\ndata: {\"message\":{\"usage\":{\"input_tokens\":" + most +
                             R"(,"iterations":[{"type":"compaction","input_tokens":)" + most +
                             R"(},{"type":"advisor_message","model":"a","output_tokens":)" + most +
                             R"(},{"type":"advisor_message","model":"a","output_tokens":)" + most + "}]}}}\n\n";
    const UsageMeter counted = meter(Shape::events, text);
    EXPECT_EQ(counted.so_far().input, UsageMeter::most_tokens);
    EXPECT_EQ(counted.advice().at(0).usage.output, UsageMeter::most_tokens);
    EXPECT_EQ(meter(Shape::opaque, "").so_far(INT64_MAX).input, UsageMeter::most_tokens);
}

TEST(UsageMeter, KnowsHowFastTheAnswerCame) {
    using policy::Speed;
    const auto said = [](std::string_view speed) {
        return meter(Shape::json, R"({"usage":{"input_tokens":1,"speed":)" + std::string(speed) + "}}");
    };
    EXPECT_EQ(said(R"("fast")").speed(Speed::standard), Speed::fast);
    EXPECT_EQ(said(R"("standard")").speed(Speed::fast), Speed::standard);
    EXPECT_EQ(said("null").speed(Speed::fast), Speed::standard);
    EXPECT_EQ(meter(Shape::events, begun).speed(Speed::fast), Speed::fast);
    EXPECT_EQ(meter(Shape::events, "").speed(Speed::standard), Speed::standard);
    const std::string start = "event: message_start\ndata: {\"message\":{\"usage\":{\"speed\":\"fast\"}}}\n\n";
    const std::string delta = "event: message_delta\ndata: {\"usage\":{\"output_tokens\":1}}\n\n";
    EXPECT_EQ(meter(Shape::events, start + delta).speed(Speed::standard), Speed::fast);
    EXPECT_EQ(meter(Shape::events, delta).speed(Speed::fast), Speed::standard);
}

TEST(UsageMeter, AddsCompactionAndKeepsAdviceApartFromWhatTheModelItselfConsumed) {
    const UsageMeter counted = meter(
        Shape::json,
        R"({"usage":{"input_tokens":23,"output_tokens":10,"iterations":[{"type":"compaction","input_tokens":180,)"
        R"("output_tokens":35,"cache_read_input_tokens":7},{"type":"message","input_tokens":23,"output_tokens":10},)"
        R"({"type":"advisor_message","model":"claude-opus-5","input_tokens":90,"output_tokens":14},)"
        R"({"type":"advisor_message","model":"claude-opus-5","input_tokens":10,"output_tokens":1},)"
        R"({"type":"advisor_message","output_tokens":2},7]}})");
    EXPECT_EQ(counted.so_far(), (policy::Usage{203, 45, 7, 0, 0, 0}));
    ASSERT_EQ(counted.advice().size(), 2U);
    EXPECT_EQ(counted.advice()[0].model, "claude-opus-5");
    EXPECT_EQ(counted.advice()[0].usage, (policy::Usage{100, 15, 0, 0, 0, 0}));
    EXPECT_EQ(counted.advice()[1].model, "");
}

TEST(UsageMeter, CountsIterationsOnceHoweverOftenTheyAreSaid) {
    const std::string iterations = R"("iterations":[{"type":"compaction","input_tokens":180},)"
                                   R"({"type":"advisor_message","model":"a","input_tokens":5}]}})";
    const UsageMeter counted =
        meter(Shape::events, R"(data: {"type":"message_delta","usage":{"input_tokens":20,)" + iterations + "\n\n" +
                                 R"(data: {"type":"message_delta","usage":{"output_tokens":9,)" + iterations + "\n\n");
    EXPECT_EQ(counted.so_far(), (policy::Usage{200, 9, 0, 0, 0, 0}));
    EXPECT_EQ(counted.advice().at(0).usage.input, 5);
}

TEST(UsageMeter, JudgesTheShapeByTypeAndCoding) {
    const auto shape = [](std::string_view type, std::string_view coding) {
        http::Headers headers{{"Content-Type", type}};
        if (!coding.empty()) headers.add("Content-Encoding", coding);
        return shape_of(headers);
    };
    EXPECT_EQ(shape("text/event-stream; charset=utf-8", ""), Shape::events);
    EXPECT_EQ(shape("Text/Event-Stream", "identity"), Shape::events);
    EXPECT_EQ(shape("application/json", ""), Shape::json);
    EXPECT_EQ(shape("application/json", "gzip"), Shape::opaque);
    EXPECT_EQ(shape("text/html", ""), Shape::opaque);
    EXPECT_EQ(shape_of({}), Shape::opaque);
}

}  // namespace
}  // namespace gatehouse::messages

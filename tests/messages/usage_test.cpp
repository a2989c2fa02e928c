// SPDX-License-Identifier: Apache-2.0
#include "gateway/messages/usage.h"

#include <gtest/gtest.h>

#include <algorithm>
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
              (policy::Usage{1'000'000'000'000, 1'000'000'000'000, 0, 0, 0, 0}));
    EXPECT_EQ(usage_of_event("message_delta", R"({"input_tokens":null,"output_tokens":"7","cache_creation":3})"),
              policy::Usage{});
    EXPECT_EQ(usage_of_event("message_delta", R"({"output_tokens":7.0})"), (policy::Usage{0, 7, 0, 0, 0, 0}));
    EXPECT_FALSE(meter(Shape::events, "event: message_delta\ndata: {\"usage\":null}\n\n").known());
    EXPECT_FALSE(meter(Shape::events, "event: message_delta\ndata: {\"usage\":{\n\n").known());
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

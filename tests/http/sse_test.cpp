// SPDX-License-Identifier: Apache-2.0
#include "gateway/http/sse.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace gatehouse::http {
namespace {

using Events = std::vector<std::pair<std::string, std::string>>;

Interest everything(std::string_view) {
    return Interest::whole;
}
Interest only_a(std::string_view name) {
    return name.empty() || name == "a" ? Interest::whole : Interest::none;
}
Interest lines_of_b(std::string_view name) {
    if (name == "b") return Interest::lines;
    return only_a(name);
}

void drain(EventDecoder& decoder, Events& into) {
    while (const auto event = decoder.next())
        into.emplace_back(event->name, event->data);
}

Events decode(std::string_view text, std::size_t chunk, EventDecoder::Judge judge = everything) {
    EventDecoder decoder(judge);
    Events events;
    for (; !text.empty(); text.remove_prefix(std::min(chunk, text.size()))) {
        // Fresh memory for each chunk, so that the sanitizer catches a view kept too long.
        const std::string bytes(text.substr(0, chunk));
        decoder.feed(bytes);
        drain(decoder, events);
    }
    if (const auto event = decoder.finish()) events.emplace_back(event->name, event->data);
    return events;
}

TEST(EventDecoder, DecodesTheSameEventsInAnyChunking) {
    const std::string text =
        ": a comment\n\nevent: a\ndata: one\n\nevent: b\r\ndata: two\r\n\r\ndata: unnamed\n\n"
        "event:a\ndata:first\ndata:  second\nid: 7\nretry: 5\n\nevent: only a name\n\ndata\n\nevent: a\ndata: last";
    const Events expected{{"a", "one"}, {"b", "two"}, {"", "unnamed"}, {"a", "first\n second"}, {"a", "last"}};
    for (std::size_t chunk = 1; chunk <= text.size(); ++chunk)
        EXPECT_EQ(decode(text, chunk), expected) << chunk;
}

TEST(EventDecoder, CollectsOnlyWhatIsWanted) {
    const std::string text = "event: b\ndata: no\n\nevent: a\ndata: yes\n\ndata: unnamed\n\ndata: early\nevent: b\n\n";
    const Events expected{{"a", "yes"}, {"", "unnamed"}};
    for (std::size_t chunk = 1; chunk <= text.size(); ++chunk)
        EXPECT_EQ(decode(text, chunk, only_a), expected) << chunk;
}

TEST(EventDecoder, HandsOutTheLinesOfAnEventInAnyChunking) {
    const std::string text =
        "event: b\ndata: one\r\n: comment\ndata:two\nid: 7\n\nevent: a\ndata: whole\n\nevent: c\ndata: no\n\n"
        "event: b\ndata: three\n\ndata: early\nevent: b\ndata: late\n\ndata: unnamed\n\nevent: b\ndata: unended";
    const Events expected{{"b", "one"},         {"b", "two"},    {"a", "whole"},  {"b", "three"},
                          {"b", "early\nlate"}, {"", "unnamed"}, {"b", "unended"}};
    for (std::size_t chunk = 1; chunk <= text.size(); ++chunk)
        EXPECT_EQ(decode(text, chunk, lines_of_b), expected) << chunk;
}

TEST(EventDecoder, HandsOutALineBeforeItsEventIsOver) {
    EventDecoder decoder(lines_of_b);
    decoder.feed("event: b\ndata: now\n");
    const auto line = decoder.next();
    ASSERT_TRUE(line);
    EXPECT_EQ(line->data, "now");
    EXPECT_FALSE(decoder.next());
    EXPECT_FALSE(decoder.between_events());
    decoder.feed("\n");
    EXPECT_FALSE(decoder.next());
    EXPECT_TRUE(decoder.between_events());
}

TEST(EventDecoder, HandsOutTheBeginningOfAStraddlingLineThatIsTooLong) {
    EventDecoder decoder(lines_of_b, 100);
    Events events;
    for (const std::string& chunk :
         {"event: b\ndata: " + std::string(60, 'x'), std::string(60, 'y'), std::string("zz\n\ndata: after\n\n")}) {
        decoder.feed(chunk);
        drain(decoder, events);
    }
    EXPECT_EQ(events, (Events{{"b", std::string(60, 'x') + std::string(34, 'y')}, {"", "after"}}));
    EXPECT_EQ(decoder.dropped(), 0U);
}

TEST(EventDecoder, KnowsWhetherAnEventIsPending) {
    const std::string text = "event: b\ndata: x\n\nevent: b\r\ndata: y\r\n\r\n: comment\n\n";
    EventDecoder decoder(only_a);
    EXPECT_TRUE(decoder.between_events());
    for (std::size_t index = 0; index < text.size(); ++index) {
        decoder.feed(std::string_view(text).substr(index, 1));
        EXPECT_FALSE(decoder.next());
        const std::string_view so_far(text.data(), index + 1);
        EXPECT_EQ(decoder.between_events(), so_far.ends_with("\n\n") || so_far.ends_with("\n\r\n")) << so_far;
    }
}

TEST(EventDecoder, DropsAnEventLargerThanItsLimitAndGoesOn) {
    EventDecoder decoder(everything, 100);
    Events events;
    const std::string large = "data: " + std::string(60, 'x');
    for (const std::string& chunk : {"data: " + std::string(200, 'x'), std::string(50, 'y'), std::string("\n\n"),
                                     large + "\n" + large + "\n\n", std::string("data: small\n\n")}) {
        decoder.feed(chunk);
        drain(decoder, events);
    }
    EXPECT_EQ(events, (Events{{"", "small"}}));
    EXPECT_EQ(decoder.dropped(), 2U);
}

}  // namespace
}  // namespace gatehouse::http

// SPDX-License-Identifier: Apache-2.0
// What a head may look like, and every way of framing that two parsers could read differently.
#include "gateway/net/head.h"

#include <gtest/gtest.h>

namespace gatehouse::net {
namespace {

constexpr std::string_view plain = "GET /a?b=c HTTP/1.1\r\nHost: x\r\nX-One: 1\r\n\r\n";

Result<RequestHead> parse(std::string_view text) {
    HeadScan scan;
    const auto complete = find_head_end(text, scan);
    if (!complete) return fail(complete.error());
    if (!*complete) return fail(Error::internal("incomplete"));
    return parse_request_head(text.substr(0, scan.size));
}

TEST(HeadEnd, IsFoundWhateverTheBytesArriveIn) {
    HeadScan scan;
    for (std::size_t size = 0; size < plain.size(); ++size) {
        const auto complete = find_head_end(plain.substr(0, size), scan);
        ASSERT_TRUE(complete);
        ASSERT_FALSE(*complete) << size;
    }
    const auto complete = find_head_end(plain, scan);
    ASSERT_TRUE(complete && *complete);
    EXPECT_EQ(scan.size, plain.size());
    EXPECT_EQ(scan.lines, 3U);
}

TEST(HeadEnd, LeavesTheNextRequestAlone) {
    HeadScan scan;
    const std::string two = std::string(plain) + "GET /next";
    ASSERT_TRUE(*find_head_end(two, scan));
    EXPECT_EQ(scan.size, plain.size());
}

TEST(RequestHead, IsReadWithItsHeaders) {
    const auto head = parse(plain);
    ASSERT_TRUE(head) << describe(head.error());
    EXPECT_EQ(head->method, "GET");
    EXPECT_EQ(head->target, "/a?b=c");
    EXPECT_EQ(head->headers.value("x-one"), "1");
    EXPECT_TRUE(head->keep_alive);
    EXPECT_FALSE(head->content_length);
}

TEST(RequestHead, OfHttp10ClosesUnlessAskedToStay) {
    EXPECT_FALSE(parse("GET / HTTP/1.0\r\n\r\n")->keep_alive);
    EXPECT_TRUE(parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")->keep_alive);
    EXPECT_FALSE(parse("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")->keep_alive);
}

struct Refusal {
    std::string_view name;
    std::string_view head;
};

class AmbiguousHead : public ::testing::TestWithParam<Refusal> {};

TEST_P(AmbiguousHead, IsRefused) {
    const auto head = parse(GetParam().head);
    ASSERT_FALSE(head);
    EXPECT_EQ(head.error().fault, Fault::bad_request) << describe(head.error());
}

INSTANTIATE_TEST_SUITE_P(
    RequestHead, AmbiguousHead,
    ::testing::Values(
        Refusal{"LengthAndChunked",
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"},
        Refusal{"TwoDifferentLengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n"},
        Refusal{"TwoEqualLengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n"},
        Refusal{"LengthList", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3, 3\r\n\r\n"},
        Refusal{"NegativeLength", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -3\r\n\r\n"},
        Refusal{"SignedLength", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\n"},
        Refusal{"HugeLength", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n"},
        Refusal{"UnknownCoding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n"},
        Refusal{"ChunkedNotLast", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n"},
        Refusal{"ChunkedTwice",
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"},
        Refusal{"ObscuredChunked", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n"},
        Refusal{"BareLineFeed", "GET / HTTP/1.1\r\nHost: x\nX: y\r\n\r\n"},
        Refusal{"BareLineFeedEnd", "GET / HTTP/1.1\r\nHost: x\r\n\n"},
        Refusal{"BareCarriageReturn", "GET / HTTP/1.1\r\nHost: x\rX: y\r\n\r\n"},
        Refusal{"FoldedLine", "GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n"},
        Refusal{"FoldedWithTab", "GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n\tb\r\n\r\n"},
        Refusal{"SpaceBeforeColon", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length : 3\r\n\r\n"},
        Refusal{"EmptyName", "GET / HTTP/1.1\r\nHost: x\r\n: 3\r\n\r\n"},
        Refusal{"NoColon", "GET / HTTP/1.1\r\nHost: x\r\nrubbish\r\n\r\n"},
        Refusal{"NoHost", "GET / HTTP/1.1\r\nX: y\r\n\r\n"},
        Refusal{"TwoHosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"},
        Refusal{"AbsoluteTarget", "GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n"},
        Refusal{"Connect", "CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n"},
        Refusal{"OldVersion", "GET / HTTP/0.9\r\nHost: x\r\n\r\n"},
        Refusal{"NewVersion", "GET / HTTP/2.0\r\nHost: x\r\n\r\n"},
        Refusal{"EmptyFirstLine", "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"},
        Refusal{"ChunkedInHttp10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST(RequestHead, WithANulByteIsRefused) {
    using namespace std::string_view_literals;
    EXPECT_FALSE(parse("GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n"sv));
}

TEST(ResponseHead, TellsHowItsBodyIsFramed) {
    const auto sized = parse_response_head("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    ASSERT_TRUE(sized);
    EXPECT_EQ(sized->content_length, 5U);
    const auto chunked = parse_response_head("HTTP/1.1 529 \r\nTransfer-Encoding: Chunked\r\n\r\n");
    ASSERT_TRUE(chunked) << describe(chunked.error());
    EXPECT_TRUE(chunked->chunked);
    EXPECT_EQ(chunked->status, 529);
    EXPECT_FALSE(parse_response_head("HTTP/1.0 200 OK\r\n\r\n")->keep_alive);
}

}  // namespace
}  // namespace gatehouse::net

// SPDX-License-Identifier: Apache-2.0
#include "gateway/net/chunked.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::net {
namespace {

/// Feeds `wire` in pieces of `step` bytes and collects the payload.
Result<std::string> decode(std::string wire, std::size_t step, ChunkedDecoder& decoder, std::size_t* used = nullptr) {
    std::string payload;
    for (std::size_t at = 0; at < wire.size() && !decoder.done();) {
        const std::size_t size = std::min(step, wire.size() - at);
        std::size_t consumed = 0;
        const auto count = decoder.decode(wire.data() + at, size, consumed);
        if (!count) return fail(count.error());
        payload.append(wire, at, *count);
        at += consumed;
        if (used != nullptr) *used = at;
    }
    return payload;
}

TEST(ChunkedDecoder, GivesTheSamePayloadHoweverTheBytesAreCut) {
    const std::string wire = "5\r\nhello\r\n1;ext=1\r\n \r\n00A\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n";
    for (std::size_t step = 1; step <= wire.size(); ++step) {
        ChunkedDecoder decoder;
        const auto payload = decode(wire, step, decoder);
        ASSERT_TRUE(payload) << step;
        EXPECT_EQ(*payload, "hello 0123456789") << step;
        EXPECT_TRUE(decoder.done()) << step;
    }
}

TEST(ChunkedDecoder, StopsAtTheEndOfTheBody) {
    ChunkedDecoder decoder;
    std::size_t used = 0;
    ASSERT_TRUE(decode("1\r\nx\r\n0\r\n\r\nHTTP/1.1", 100, decoder, &used));
    EXPECT_EQ(used, 11U);
}

TEST(ChunkedDecoder, IsNotDoneBeforeTheLastChunk) {
    ChunkedDecoder decoder;
    ASSERT_TRUE(decode("5\r\nhello\r\n", 100, decoder));
    EXPECT_FALSE(decoder.done());
}

TEST(ChunkedDecoder, AcceptsASmallExtensionOnEachOfManyChunks) {
    ChunkedDecoder decoder;
    std::string wire;
    for (int chunk = 0; chunk < 20'000; ++chunk)
        wire.append("1  \r\nx\r\n");
    const auto payload = decode(wire + "0\r\n\r\n", 1000, decoder);
    ASSERT_TRUE(payload);
    EXPECT_EQ(payload->size(), 20'000U);
    EXPECT_TRUE(decoder.done());
}

TEST(ChunkedDecoder, RefusesAnExtensionOrTrailersWithoutEnd) {
    for (const std::string begin : {"1;", "0\r\nA: "}) {
        ChunkedDecoder decoder;
        EXPECT_FALSE(decode(begin + std::string(100'000, 'a'), 1000, decoder)) << begin;
    }
}

TEST(ChunkedDecoder, RefusesMalformedFraming) {
    for (const std::string wire :
         {"\r\n", "g\r\n", "-1\r\n", "5\nhello", "1\r\nxy", "1\r\nx\ry", "fffffffffffffffff\r\n", "0x5\r\n"}) {
        ChunkedDecoder decoder;
        EXPECT_FALSE(decode(wire, 100, decoder)) << wire;
    }
}

}  // namespace
}  // namespace gatehouse::net

// SPDX-License-Identifier: Apache-2.0
// The codec: commands to bytes, bytes in any portions to replies.
#include "gateway/store/redis.h"

#include <gtest/gtest.h>

namespace gatehouse::store {
namespace {

TEST(AppendCommand, EncodesAnyBytes) {
    std::string out = "before";

    append_command(out, Command{"SET", std::string("a\r\n\0", 4), ""});

    EXPECT_EQ(out, std::string("before*3\r\n$3\r\nSET\r\n$4\r\na\r\n\0\r\n$0\r\n\r\n", 35));
}

TEST(ReplyReader, ReadsEveryKindOfReplyFromSingleBytes) {
    const std::string bytes =
        "+OK\r\n-ERR no\r\n:-42\r\n$3\r\na\r\n\r\n$-1\r\n*-1\r\n*0\r\n*3\r\n:1\r\n*2\r\n$0\r\n\r\n$-1\r\n-E\r\n";
    ReplyReader reader;
    std::vector<Reply> replies;

    for (const char byte : bytes) {
        reader.feed({&byte, 1});
        Reply reply;
        const auto complete = reader.next(reply);
        ASSERT_TRUE(complete);
        if (*complete) replies.push_back(std::move(reply));
    }

    ASSERT_EQ(replies.size(), 8U);
    EXPECT_EQ(replies[0].kind, Reply::Kind::status);
    EXPECT_EQ(replies[0].text, "OK");
    EXPECT_TRUE(replies[1].is_error());
    EXPECT_EQ(replies[1].text, "ERR no");
    EXPECT_EQ(replies[2].kind, Reply::Kind::integer);
    EXPECT_EQ(replies[2].integer, -42);
    EXPECT_EQ(replies[3].kind, Reply::Kind::text);
    EXPECT_EQ(replies[3].text, "a\r\n");
    EXPECT_TRUE(replies[4].is_nil());
    EXPECT_TRUE(replies[5].is_nil());
    EXPECT_EQ(replies[6].kind, Reply::Kind::list);
    EXPECT_TRUE(replies[6].items.empty());
    const auto& list = replies[7];
    ASSERT_EQ(list.items.size(), 3U);
    EXPECT_EQ(list.items[0].integer, 1);
    ASSERT_EQ(list.items[1].items.size(), 2U);
    EXPECT_EQ(list.items[1].items[0].kind, Reply::Kind::text);
    EXPECT_TRUE(list.items[1].items[1].is_nil());
    EXPECT_EQ(list.items[2].text, "E");
}

TEST(ReplyReader, ReadsSeveralRepliesFromOnePortion) {
    ReplyReader reader;
    reader.feed(":1\r\n:2\r\n:");
    Reply reply;

    EXPECT_TRUE(reader.next(reply).value());
    EXPECT_EQ(reply.integer, 1);
    EXPECT_TRUE(reader.next(reply).value());
    EXPECT_EQ(reply.integer, 2);
    EXPECT_FALSE(reader.next(reply).value());
}

TEST(ReplyReader, FailsOnBytesThatAreNotRedisOnes) {
    ReplyReader reader;
    reader.feed("HTTP/1.1 400 Bad Request\r\n\r\n");
    Reply reply;

    const auto complete = reader.next(reply);

    ASSERT_FALSE(complete);
    EXPECT_EQ(complete.error().reason, Reason::store_unreachable);
}

TEST(RefusalOf, KeepsTheServersWordsForTheLogOnly) {
    Reply reply;
    reply.kind = Reply::Kind::error;
    reply.text = std::string(5'000, 'x');

    const auto error = refusal_of(reply);

    EXPECT_EQ(error.fault, Fault::unavailable);
    EXPECT_EQ(error.reason, Reason::store_refused);
    EXPECT_EQ(error.message.find('x'), std::string::npos);
    EXPECT_EQ(error.detail.size(), 200U);
}

}  // namespace
}  // namespace gatehouse::store

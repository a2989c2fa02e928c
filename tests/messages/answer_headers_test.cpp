// SPDX-License-Identifier: Apache-2.0
#include "gateway/messages/answer_headers.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::messages {
namespace {

std::string wire(const http::Headers& headers) {
    std::string text;
    headers.append_to(text);
    return text;
}

TEST(AnswerHeaders, PassWhatDescribesTheAnswer) {
    const http::Headers upstream{{"Content-Type", "application/json"},
                                 {"Content-Length", "12"},
                                 {"Date", "Sat, 21 Nov 2026 07:00:00 GMT"},
                                 {"anthropic-organization-id", "org"},
                                 {"x-should-retry", "true"},
                                 {"Server", "cloudflare"},
                                 {"request-id", "req_1"}};
    EXPECT_EQ(wire(answer_headers(upstream, 200, "uuid")),
              "Content-Type: application/json\r\nContent-Length: 12\r\nDate: Sat, 21 Nov 2026 07:00:00 GMT\r\n"
              "anthropic-organization-id: org\r\nx-should-retry: true\r\nServer: cloudflare\r\nrequest-id: uuid\r\n");
}

TEST(AnswerHeaders, DropWhatBelongsToAnotherHopAccountOrOrigin) {
    const http::Headers upstream{{"Connection", "close, X-Hop"},
                                 {"X-Hop", "1"},
                                 {"Keep-Alive", "timeout=5"},
                                 {"Transfer-Encoding", "chunked"},
                                 {"Trailer", "x"},
                                 {"Upgrade", "h2c"},
                                 {"Proxy-Authenticate", "Basic"},
                                 {"WWW-Authenticate", "Bearer"},
                                 {"Authorization", "Bearer sk"},
                                 {"X-Api-Key", "sk"},
                                 {"Set-Cookie", "a=b"},
                                 {"set-cookie", "c=d"},
                                 {"Location", "https://elsewhere"},
                                 {"Alt-Svc", "h3=\":443\""},
                                 {"Strict-Transport-Security", "max-age=1"},
                                 {"Anthropic-RateLimit-Requests-Remaining", "4"},
                                 {"anthropic-ratelimit-unified-status", "allowed"},
                                 {"X-Request-Id", "theirs"},
                                 {"X-Frame-Options", "SAMEORIGIN"},
                                 {"Content-Encoding", "identity"}};
    EXPECT_EQ(wire(answer_headers(upstream, 400, "uuid")), "");
}

TEST(AnswerHeaders, KeepRetryAfterWhereClientsPaceThemselvesByIt) {
    const http::Headers upstream{{"Retry-After", "7"}};
    for (const int status : {429, 500, 503, 529})
        EXPECT_EQ(answer_headers(upstream, status, "").value("retry-after"), "7") << status;
    for (const int status : {200, 302, 400, 401, 413})
        EXPECT_EQ(answer_headers(upstream, status, "").count("retry-after"), 0U) << status;
}

TEST(AnswerHeaders, KeepTheCodingOfBytesThatAreCoded) {
    EXPECT_EQ(answer_headers({{"Content-Encoding", "gzip"}}, 200, "").value("content-encoding"), "gzip");
}

}  // namespace
}  // namespace gatehouse::messages

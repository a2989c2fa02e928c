// SPDX-License-Identifier: Apache-2.0
#include "gateway/base/timestamp.h"

#include <gtest/gtest.h>

namespace gatehouse {
namespace {

constexpr Instant moment{std::chrono::milliseconds{1'795'644'309'040}};  // 2026-11-25T22:05:09.040Z

TEST(Timestamp, IsWrittenInUtcWithMilliseconds) {
    EXPECT_EQ(to_timestamp(moment), "2026-11-25T22:05:09.040Z");
    EXPECT_EQ(to_timestamp(Instant{}), "1970-01-01T00:00:00.000Z");
}

TEST(Timestamp, IsReadInEveryFormOfRfc3339) {
    for (const char* text : {"2026-11-25T22:05:09.040Z", "2026-11-25T22:05:09.04Z", "2026-11-25t22:05:09.0409999z",
                             "2026-11-25T23:05:09.040+01:00", "2026-11-25T16:35:09.040-05:30"})
        EXPECT_EQ(parse_timestamp(text), moment) << text;
    EXPECT_EQ(parse_timestamp("2026-11-25T22:05:09Z"), moment - std::chrono::milliseconds(40));
    EXPECT_EQ(parse_timestamp("2024-02-29T00:00:00Z"), Instant{std::chrono::seconds{1'709'164'800}});
}

TEST(Timestamp, IsNothingWhenItIsNoMoment) {
    for (const char* text :
         {"", "2026-11-25", "2026-11-25T22:05:09", "2026-11-25 22:05:09Z", "2026-11-25T22:05Z", "2026-11-25T22:05:09.Z",
          "2026-11-25T22:05:09ZZ", "2026-11-25T24:00:00Z", "2026-11-25T22:60:00Z", "2026-11-25T22:05:60Z",
          "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "26-11-25T22:05:09Z",
          "2026-11-25T22:05:09+0100", "2026-11-25T22:05:09+24:00", "2026-11-25T22:05:09 01:00", "+026-11-25T22:05:09Z"})
        EXPECT_FALSE(parse_timestamp(text)) << text;
}

}  // namespace
}  // namespace gatehouse

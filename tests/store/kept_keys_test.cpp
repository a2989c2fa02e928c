// SPDX-License-Identifier: Apache-2.0
// What a backup holds and what it leaves out, by the names that the rest of store/ gives its keys.
#include "gateway/store/kept_keys.h"

#include <gtest/gtest.h>

#include "gateway/store/record.h"
#include "gateway/store/rollup_keys.h"

namespace gatehouse::store {
namespace {

constexpr Instant now{std::chrono::milliseconds(1'790'000'000'000)};

TEST(KeptKeys, HoldWhatWasSpentAndWhoSpentIt) {
    for (const policy::Period period : policy::every_period)
        EXPECT_EQ(kept_type(spent_key(period, now)), KeyType::hash);
    for (const policy::Grain grain : {policy::Grain::hour, policy::Grain::day, policy::Grain::month})
        EXPECT_EQ(kept_type(cells_key(grain, now)), KeyType::hash);
    EXPECT_EQ(kept_type(totals_key(now)), KeyType::hash);
    EXPECT_EQ(kept_type(sessions_key("ada", now)), KeyType::hash);
    EXPECT_EQ(kept_type(principals_key), KeyType::hash);
    EXPECT_EQ(kept_type(seen_key("epoch")), KeyType::string);
    EXPECT_TRUE(is_seen_key(seen_key("epoch")));
}

TEST(KeptKeys, HoldRecordsTheTrailAndPersonalKeys) {
    EXPECT_EQ(kept_type("gh:{admin}:r:cap"), KeyType::hash);
    EXPECT_EQ(record_kind("gh:{admin}:r:cap"), "cap");
    EXPECT_EQ(kept_type("gh:{admin}:audit"), KeyType::sorted_set);
    EXPECT_EQ(kept_type("gh:{admin}:audit_id"), KeyType::string);
    EXPECT_EQ(kept_type(key_of("k", "hash")), KeyType::hash);
    EXPECT_EQ(kept_type(key_of("i", "key_1")), KeyType::string);
    EXPECT_EQ(personal_key_id(key_of("i", "key_1")), "key_1");
    EXPECT_EQ(kept_type(key_of("u", "whoever") + ":keys"), KeyType::sorted_set);
}

TEST(KeptKeys, LeaveOutSessionsAndWhatRequestsHold) {
    for (const char* kind : {"a", "g", "c", "s", "b", "n"})
        EXPECT_EQ(fate_of(key_of(kind, "name")), KeyFate::left_out) << kind;
    EXPECT_EQ(fate_of(key_of("u", "whoever") + ":sessions"), KeyFate::left_out);
    for (const std::string_view key : {held_key, reservations_key})
        EXPECT_EQ(fate_of(key), KeyFate::left_out) << key;
    EXPECT_EQ(fate_of(records_key), KeyFate::left_out);
    EXPECT_FALSE(kept_type(records_key));
}

TEST(KeptKeys, KnowNothingElse) {
    for (const char* key : {"gh:", "gh:{spend}:", "gh:{spend}:pace", "gh:{spend}:h:", "gh:{admin}:auditor", "gh:{k:}",
                            "gh:{k:a", "other", "gh:{spend}:h:2026\n", "gh:{x:name}", ""})
        EXPECT_EQ(fate_of(key), KeyFate::unknown) << key;
    EXPECT_EQ(fate_of("gh:{spend}:h:\xC5\x81"), KeyFate::kept);
    EXPECT_EQ(fate_of("gh:{spend}:h:\xC5"), KeyFate::unknown);
    EXPECT_EQ(record_kind("gh:{spend}:p"), "");
    EXPECT_EQ(personal_key_id("gh:{k:hash}"), "");
}

}  // namespace
}  // namespace gatehouse::store

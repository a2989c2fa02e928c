// SPDX-License-Identifier: Apache-2.0
// The audit line of an inference: which fields are always there, and which only when they say something.
#include "gateway/observe/journal.h"

#include <gtest/gtest.h>

#include <string>

#include "gateway/base/json.h"
#include "gateway/base/log.h"

namespace gatehouse::observe {
namespace {

boost::json::object line_of(const Entry& entry) {
    ::testing::internal::CaptureStdout();
    LineJournal().write(entry);
    log::flush();
    return json::parse(::testing::internal::GetCapturedStdout()).value().as_object();
}

TEST(LineJournal, LeavesOutWhatARequestDoesNotHave) {
    const auto line = line_of({});
    for (const char* name : {"service_key", "project", "billing_group", "billing_group_ignored", "cost_nano"})
        EXPECT_FALSE(line.contains(name)) << name;
    EXPECT_EQ(line.at("estimated"), false);
    EXPECT_EQ(line.at("output_tokens"), 0);
}

TEST(LineJournal, WritesWhatARequestCostAndWhatItWasFor) {
    Entry entry;
    entry.service_key = "svc_1";
    entry.project = "checkout \"2\"";
    entry.billing_group = "engineering";
    entry.estimated = true;
    entry.cost_nano = 9'007'199'254'740'993;
    const auto line = line_of(entry);
    EXPECT_EQ(line.at("service_key"), "svc_1");
    EXPECT_EQ(line.at("project"), "checkout \"2\"");
    EXPECT_EQ(line.at("billing_group"), "engineering");
    EXPECT_FALSE(line.contains("billing_group_ignored"));
    EXPECT_EQ(line.at("estimated"), true);
    EXPECT_EQ(line.at("cost_nano"), 9'007'199'254'740'993);
}

TEST(LineJournal, TellsAFreeRequestFromOneThatWasNotBilled) {
    Entry entry;
    entry.cost_nano = 0;
    EXPECT_EQ(line_of(entry).at("cost_nano"), 0);
}

TEST(LineJournal, SaysThatABillingGroupWasIgnored) {
    Entry entry;
    entry.billing_group_ignored = true;
    EXPECT_EQ(line_of(entry).at("billing_group_ignored"), true);
}

}  // namespace
}  // namespace gatehouse::observe

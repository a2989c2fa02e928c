// SPDX-License-Identifier: Apache-2.0
#include "gateway/observe/activity.h"

#include <gtest/gtest.h>

#include <utility>

namespace gatehouse::observe {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr Instant noon = Instant(std::chrono::hours(12));

RequestSeen request(std::string id, Instant when = noon, Stage stage = Stage::waiting) {
    RequestSeen seen{when, stage, {}};
    seen.entry.request_id = std::move(id);
    seen.entry.subject = "ada";
    seen.entry.email = "ada@example.com";
    seen.entry.model = "sonnet";
    seen.entry.status = stage == Stage::ended ? 200 : 0;
    return seen;
}

std::vector<std::string> ids_of(const RequestsSeen& seen) {
    std::vector<std::string> ids;
    for (const RequestSeen& each : seen.requests)
        ids.push_back(each.entry.request_id);
    return ids;
}

using Ids = std::vector<std::string>;

TEST(Durations, KnowsAQuantileToATenth) {
    Durations durations;
    for (int took = 1; took <= 1000; ++took)
        durations.add(milliseconds(took));
    EXPECT_NEAR(static_cast<double>(durations.quantile(0.5)->count()), 500, 50);
    EXPECT_NEAR(static_cast<double>(durations.quantile(0.95)->count()), 950, 95);
    EXPECT_FALSE(Durations().quantile(0.5).has_value());
}

TEST(Durations, TakesWhatIsFasterOrSlowerThanItsSteps) {
    Durations durations;
    durations.add(milliseconds(0));
    EXPECT_LE(durations.quantile(0.5)->count(), 5);
    Durations slow;
    slow.add(std::chrono::hours(2));
    EXPECT_GT(*slow.quantile(0.5), minutes(5));
}

TEST(Activity, ShowsARequestFromItsBeginningToItsEnd) {
    Activity activity(2);
    auto live = activity.shard(1).begin(request("one"));
    live->sent_to("up", "claude");

    auto seen = activity.requests({}, noon + milliseconds(300));
    ASSERT_EQ(seen.requests.size(), 1U);
    EXPECT_EQ(seen.under_way, 1U);
    EXPECT_EQ(status_of(seen.requests[0]), "waiting");
    EXPECT_EQ(seen.requests[0].entry.upstream, "up");
    EXPECT_EQ(seen.requests[0].entry.milliseconds, 300);

    live->answered(120);
    live->wrote(17);
    seen = activity.requests({}, noon);
    EXPECT_EQ(status_of(seen.requests[0]), "streaming");
    EXPECT_EQ(seen.requests[0].entry.output_tokens, 17);

    live.reset();
    activity.shard(1).ended(request("one", noon, Stage::ended));
    seen = activity.requests({}, noon);
    EXPECT_EQ(seen.under_way, 0U);
    ASSERT_EQ(seen.requests.size(), 1U);
    EXPECT_EQ(status_of(seen.requests[0]), "succeeded");
}

TEST(Activity, ListsWhatIsUnderWayFirstAndEachNewestFirst) {
    Activity activity(2);
    activity.shard(0).ended(request("ended-old", noon, Stage::ended));
    activity.shard(1).ended(request("ended-new", noon + minutes(2), Stage::ended));
    const auto old = activity.shard(1).begin(request("old", noon + minutes(1)));
    const auto recent = activity.shard(0).begin(request("new", noon + minutes(3)));

    EXPECT_EQ(ids_of(activity.requests({}, noon)), (Ids{"new", "old", "ended-new", "ended-old"}));
    EXPECT_EQ(ids_of(activity.requests({.limit = 2}, noon)), (Ids{"new", "old"}));
}

TEST(Activity, FindsByUserModelUpstreamAndStatus) {
    Activity activity(1);
    auto mine = request("mine", noon, Stage::ended);
    auto other = request("other", noon, Stage::ended);
    other.entry.subject = "bob";
    other.entry.email = "bob@example.com";
    other.entry.model = "haiku";
    other.entry.upstream = "up";
    other.entry.status = 529;
    activity.shard(0).ended(std::move(mine));
    activity.shard(0).ended(std::move(other));

    EXPECT_EQ(ids_of(activity.requests({.user = "ada"}, noon)), (Ids{"mine"}));
    EXPECT_EQ(ids_of(activity.requests({.user = "bob@example.com"}, noon)), (Ids{"other"}));
    EXPECT_EQ(ids_of(activity.requests({.model = "haiku"}, noon)), (Ids{"other"}));
    EXPECT_EQ(ids_of(activity.requests({.upstream = "up"}, noon)), (Ids{"other"}));
    EXPECT_EQ(ids_of(activity.requests({.statuses = {"failed"}}, noon)), (Ids{"other"}));
    EXPECT_EQ(ids_of(activity.requests({.user = "nobody"}, noon)), Ids{});
}

TEST(Activity, TellsHowARequestEnded) {
    RequestSeen seen = request("one", noon, Stage::ended);
    EXPECT_EQ(status_of(seen), "succeeded");
    seen.entry.reason = "budget_exhausted";
    seen.entry.status = 429;
    EXPECT_EQ(status_of(seen), "refused");
    seen.entry.upstream = "up";
    EXPECT_EQ(status_of(seen), "failed");
    seen.entry.status = 499;
    EXPECT_EQ(status_of(seen), "canceled");
}

TEST(Activity, KeepsTheLastThatEnded) {
    Activity activity(1);
    for (std::size_t count = 0; count < Activity::kept_per_shard + 3; ++count)
        activity.shard(0).ended(request(std::to_string(count), noon + milliseconds(count), Stage::ended));

    const auto ids = ids_of(activity.requests({.limit = 1000}, noon));
    EXPECT_EQ(ids.size(), Activity::kept_per_shard);
    EXPECT_EQ(ids.back(), "3");
}

TEST(Activity, AddsUpAnUpstreamOverShardsAndMinutes) {
    Activity activity(2);
    activity.shard(0).upstream_answered("up", noon, milliseconds(100));
    activity.shard(0).upstream_finished("up", noon, milliseconds(900));
    activity.shard(1).upstream_answered("up", noon + minutes(1), milliseconds(100));
    activity.shard(1).upstream_failed("up", {noon + minutes(1), 529, {}});

    const UpstreamSeen seen = activity.upstream("up", noon + minutes(2));
    EXPECT_EQ(seen.sum().requests, 3);
    EXPECT_EQ(seen.sum().failures, 1);
    ASSERT_EQ(seen.minutes.size(), 15U);
    EXPECT_EQ(seen.minutes[12].requests, 1);
    EXPECT_EQ(seen.minutes[13].requests, 2);
    EXPECT_EQ(seen.minutes[14].requests, 0);
    EXPECT_EQ(seen.last_failure->status, 529);
    EXPECT_EQ(seen.last_success, noon + minutes(1));
    EXPECT_EQ(activity.upstream("another", noon).sum().requests, 0);
}

TEST(Activity, ForgetsMinutesButNotTheLastFailure) {
    Activity activity(1);
    activity.shard(0).upstream_failed("up", {noon, 0, "upstream_unreachable"});
    EXPECT_EQ(activity.upstream("up", noon + minutes(14)).sum().failures, 1);
    EXPECT_EQ(activity.upstream("up", noon + minutes(15)).sum().failures, 0);
    activity.shard(0).upstream_answered("up", noon + minutes(40), milliseconds(1));
    const UpstreamSeen seen = activity.upstream("up", noon + minutes(40));
    EXPECT_EQ(seen.sum().requests, 1);
    EXPECT_EQ(seen.sum().failures, 0);
    EXPECT_EQ(seen.last_failure->reason, "upstream_unreachable");
}

TEST(Activity, CountsAnAnswerThatBrokeOffAsOneRequest) {
    Activity activity(1);
    activity.shard(0).upstream_answered("up", noon, milliseconds(10));
    activity.shard(0).upstream_broke_off("up", {noon, 200, "upstream_cut"});
    EXPECT_EQ(activity.upstream("up", noon).sum().requests, 1);
    EXPECT_EQ(activity.upstream("up", noon).sum().failures, 1);
}

}  // namespace
}  // namespace gatehouse::observe

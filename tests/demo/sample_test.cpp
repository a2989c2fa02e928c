// SPDX-License-Identifier: Apache-2.0
#include "gateway/demo/sample.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <string>

#include "gateway/base/timestamp.h"

namespace gatehouse::demo {
namespace {

using namespace std::chrono_literals;

policy::RulesPtr rules() {
    policy::RulesSpec spec;
    spec.upstreams.push_back({.name = "anthropic"});
    return policy::Rules::make(std::move(spec)).value();
}

std::vector<policy::Charge> charges(Instant from, Instant to) {
    return sample_charges(*rules(), *policy::builtin_price_book(), from, to);
}

const Instant march = *parse_timestamp("2026-03-02T00:00:00Z");

TEST(Sample, IsTheSameEveryTime) {
    const auto once = charges(march, march + 60 * 24h);
    const auto again = charges(march, march + 60 * 24h);

    ASSERT_EQ(once.size(), again.size());
    for (std::size_t at = 0; at < once.size(); ++at) {
        EXPECT_EQ(once[at].request_id, again[at].request_id);
        EXPECT_EQ(once[at].cost, again[at].cost);
    }
}

TEST(Sample, GoesOnWhereAnEarlierStartEnded) {
    const Instant noon = march + 36h;
    auto parts = charges(march, noon);
    std::ranges::move(charges(noon, march + 48h), std::back_inserter(parts));
    const auto whole = charges(march, march + 48h);

    ASSERT_EQ(parts.size(), whole.size());
    for (std::size_t at = 0; at < whole.size(); ++at)
        EXPECT_EQ(parts[at].request_id, whole[at].request_id);
}

TEST(Sample, HasEveryoneWithSeveralModelsProjectsAndAServiceKey) {
    const auto all = charges(march, march + 60 * 24h);
    std::set<std::string> users, models, projects, requests;
    for (const policy::Charge& charge : all) {
        users.insert(charge.who.user);
        models.insert(charge.who.model);
        projects.insert(charge.who.project);
        requests.insert(charge.request_id);
        EXPECT_GT(charge.cost, Money()) << charge.who.model;
        EXPECT_EQ(charge.who.service_key.empty(), !charge.who.user.starts_with("service:"));
        EXPECT_TRUE(charge.session.starts_with("sample-")) << charge.session;
    }

    EXPECT_EQ(users.size(), sample_people().size());
    EXPECT_EQ(models.size(), 3U);
    EXPECT_TRUE(projects.contains(""));
    EXPECT_GE(projects.size(), 4U);
    EXPECT_EQ(requests.size(), all.size());
    EXPECT_TRUE(std::ranges::is_sorted(all, {}, &policy::Charge::when));
}

TEST(Sample, MarksWhoIsMadeUp) {
    for (const policy::Principal& who : sample_people()) {
        const bool of_the_demo = who.id.starts_with("demo-");
        EXPECT_EQ(who.name.find("ample") != std::string::npos, !of_the_demo) << who.name;
        EXPECT_EQ(who.email.ends_with("@sample.example"), !of_the_demo && !who.service) << who.email;
    }
}

TEST(Sample, IsQuietAtWeekends) {
    const auto count = [](Instant day) { return charges(day, day + 24h).size(); };
    const Instant saturday = march + 5 * 24h;

    EXPECT_LT(count(saturday) * 3, count(march));
}

}  // namespace
}  // namespace gatehouse::demo

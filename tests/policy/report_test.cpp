// SPDX-License-Identifier: Apache-2.0
#include "policy/report.h"

#include <gtest/gtest.h>

#include <random>

namespace gatehouse::policy {
namespace {

using namespace std::chrono_literals;

constexpr Instant monday{std::chrono::sys_days{std::chrono::year{2026} / 11 / 2}};
constexpr Instant tuesday = monday + 24h;

Fact spend(std::string user, std::string group, std::string model, std::int64_t nano, Instant day = monday) {
    Fact fact;
    fact.bucket = day;
    fact.who.user = std::move(user);
    fact.who.group = std::move(group);
    fact.who.model = std::move(model);
    fact.sum = {{1, 2, 3, 4, 5, 6}, 1, Money::nano(nano), {}};
    return fact;
}

const std::vector<Fact>& week() {
    static const std::vector<Fact> facts = {
        spend("ada", "core", "opus", 500),         spend("ada", "core", "haiku", 7),
        spend("bob", "core", "opus", 300),         spend("cyd", "", "opus", 11),
        spend("ada", "core", "opus", 40, tuesday), spend("bob", "web", "haiku", 2, tuesday)};
    return facts;
}

TEST(Report, AddsUpByBucketWhenNothingIsAskedFor) {
    const auto rows = grouped(week(), {});

    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].bucket, monday);
    EXPECT_EQ(rows[0].sum.cost, Money::nano(818));
    EXPECT_EQ(rows[0].sum.requests, 4);
    EXPECT_EQ(rows[0].sum.usage, (Usage{4, 8, 12, 16, 20, 24}));
    EXPECT_EQ(rows[0].who, Dimensions{});
    EXPECT_EQ(rows[1].sum.cost, Money::nano(42));
}

TEST(Report, MakesOneRowForEachCombinationInTheirOrder) {
    const auto rows = grouped(week(), {Dimension::group, Dimension::model});

    ASSERT_EQ(rows.size(), 5U);
    EXPECT_EQ(rows[0].who.group, "");
    EXPECT_EQ(rows[0].sum.cost, Money::nano(11));
    EXPECT_EQ(rows[1].who.group, "core");
    EXPECT_EQ(rows[1].who.model, "haiku");
    EXPECT_EQ(rows[2].who.model, "opus");
    EXPECT_EQ(rows[2].sum.cost, Money::nano(800));
    EXPECT_EQ(rows[2].who.user, "");
    EXPECT_EQ(rows[3].bucket, tuesday);
    EXPECT_EQ(rows[4].who.group, "web");
}

TEST(Report, TellsTiersApartOnlyWhereAskedTo) {
    std::vector<Fact> facts;
    for (const Tier tier : {Tier::standard, Tier::long_context, Tier::fast, Tier::fast_long_context}) {
        facts.push_back(spend("ada", "core", "opus", 1));
        facts.back().who.tier = tier;
    }

    EXPECT_EQ(grouped(facts, {Dimension::model}).size(), 1U);
    EXPECT_EQ(grouped(facts, {Dimension::model})[0].who.tier, Tier::standard);
    EXPECT_EQ(grouped(facts, {Dimension::context_window, Dimension::speed}).size(), 4U);
    const auto speeds = grouped(facts, {Dimension::speed});
    ASSERT_EQ(speeds.size(), 2U);
    EXPECT_EQ(value_of(speeds[0], Dimension::speed), "fast");
    EXPECT_EQ(value_of(speeds[0], Dimension::context_window), "0-200k");
    EXPECT_EQ(speeds[1].sum.cost, Money::nano(2));
    const auto windows = grouped(facts, {Dimension::context_window});
    ASSERT_EQ(windows.size(), 2U);
    EXPECT_EQ(value_of(windows[1], Dimension::context_window), "200k-1M");
}

TEST(Report, KeepsWhatEveryFilterLetsThrough) {
    auto facts = week();
    keep_only(facts, {{Dimension::model, {"opus", "sonnet"}}, {Dimension::group, {"", "web"}}});

    ASSERT_EQ(facts.size(), 1U);
    EXPECT_EQ(facts[0].who.user, "cyd");

    facts = week();
    keep_only(facts, {});
    EXPECT_EQ(facts.size(), week().size());
}

TEST(Report, RanksBySpendThenByName) {
    auto facts = week();
    facts.push_back(spend("abe", "core", "opus", 302));

    const Ranking users = top(facts, Dimension::user, 2);

    ASSERT_EQ(users.rows.size(), 2U);
    EXPECT_EQ(users.rows[0].who.user, "ada");
    EXPECT_EQ(users.rows[0].sum.cost, Money::nano(547));
    EXPECT_EQ(users.rows[1].who.user, "abe");  // as much as bob
    EXPECT_EQ(users.rest.cost, Money::nano(302 + 11));
}

TEST(Report, NobodysSpendIsInNoRanking) {
    const Ranking groups = top(week(), Dimension::group, 10);

    ASSERT_EQ(groups.rows.size(), 2U);
    EXPECT_EQ(groups.rows[0].who.group, "core");
    EXPECT_EQ(groups.rest.cost, Money::nano(11));
}

TEST(Report, UnallocatedSpendIsTwoFigures) {
    auto facts = week();
    facts[0].who.project = "apollo";

    const Unallocated nobodys = unallocated(facts);

    EXPECT_EQ(nobodys.no_group.cost, Money::nano(11));
    EXPECT_EQ(nobodys.no_project.cost, Money::nano(360));
    EXPECT_EQ(nobodys.no_project.requests, 5);
}

TEST(Report, MakesFactsOfCellsAndSessions) {
    Cell cell{monday, {}, {1, 2, 3, 4, 5, 6}, 7, Money::nano(8)};
    cell.who.user = "ada";
    EXPECT_EQ(to_fact(cell).who.user, "ada");
    EXPECT_EQ(to_fact(cell).sum, (Sum{{1, 2, 3, 4, 5, 6}, 7, Money::nano(8), {}}));

    const Fact session =
        to_fact(SessionCell{tuesday, "s", "a", "opus", "web", {1, 0, 0, 0, 0, 0}, 2, Money::nano(3)}, "ada");
    EXPECT_EQ(session.bucket, tuesday);
    EXPECT_EQ(session.session, "s");
    EXPECT_EQ(session.agent, "a");
    EXPECT_EQ(session.who.model, "opus");
    EXPECT_EQ(session.who.project, "web");
    EXPECT_EQ(session.who.user, "ada");
    EXPECT_EQ(session.sum.requests, 2);
}

/// Whatever the grouping and however long the ranking: nothing is lost and nothing is counted twice.
TEST(ReportProperty, EveryGroupingAddsUpToTheTotal) {
    std::mt19937 random(20261125);
    const auto pick = [&](int choices) { return static_cast<int>(random() % static_cast<unsigned>(choices)); };
    const auto name = [&](int choices) { return choices == 0 || pick(5) == 0 ? "" : std::to_string(pick(choices)); };
    for (int round = 0; round < 200; ++round) {
        std::vector<Fact> facts;
        for (int count = pick(60); count >= 0; --count) {
            Fact fact = spend(name(4), name(3), name(3), static_cast<std::int64_t>(random()) * 1'000'003);
            fact.bucket = monday + 24h * pick(3);
            fact.who.upstream = name(2);
            fact.who.upstream_model = name(2);
            fact.who.project = name(3);
            fact.who.service_key = name(2);
            fact.who.tier = static_cast<Tier>(pick(4));
            fact.session = name(4);
            fact.agent = name(2);
            facts.push_back(fact);
        }
        std::vector<Dimension> by;
        for (int dimension = 0; dimension <= static_cast<int>(Dimension::speed); ++dimension)
            if (pick(2) == 0) by.push_back(static_cast<Dimension>(dimension));
        const Sum all = total(facts);

        const auto rows = grouped(facts, by);
        EXPECT_EQ(total(rows), all);
        EXPECT_EQ(grouped(rows, by), rows);

        const Ranking ranking = top(facts, static_cast<Dimension>(pick(11)), static_cast<std::size_t>(pick(6)));
        Sum ranked = ranking.rest;
        ranked += total(ranking.rows);
        EXPECT_EQ(ranked, all);
    }
}

}  // namespace
}  // namespace gatehouse::policy

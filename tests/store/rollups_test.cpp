// SPDX-License-Identifier: Apache-2.0
// What settlements write, as reports read it: the names of cells on their own, the hashes on a real Redis.
#include <gtest/gtest.h>

#include <algorithm>

#include "gateway/base/crypto.h"
#include "gateway/store/redis_rollups.h"
#include "gateway/store/rollup_cells.h"
#include "gateway/store/rollup_keys.h"
#include "tests/store/redis_fixture.h"

namespace gatehouse::store {
namespace {

using namespace std::chrono_literals;
using policy::Cell;
using policy::Dimensions;
using policy::Grain;
using policy::Tier;

Instant at(int year, int month, int day, std::chrono::milliseconds into = 0ms) {
    return Instant{std::chrono::sys_days{std::chrono::year{year} / month / day}} + into;
}

Dimensions somebody(std::string user) {
    Dimensions who;
    who.user = std::move(user);
    who.group = "engineering";
    who.model = "claude-sonnet-5";
    who.upstream = "anthropic";
    who.upstream_model = "claude-sonnet-5";
    return who;
}

/// Names that would break a format that did not expect them.
const std::vector<std::string>& hostile_names() {
    static const std::vector<std::string> names = {"",
                                                   "|",
                                                   "||",
                                                   "%",
                                                   "%7C",
                                                   "%25",
                                                   "$",
                                                   "$x",
                                                   "a$b",
                                                   "a|b",
                                                   "a\nb",
                                                   std::string("a\0b", 3),
                                                   "\x7f",
                                                   "{x}",
                                                   " ",
                                                   "a b",
                                                   "ä|ö",
                                                   "\xff\xfe",
                                                   "1 2 3 4 5 6",
                                                   "standard",
                                                   "=HYPERLINK(1)"};
    return names;
}

TEST(RollupKeys, ShareOneHashSlot) {
    const Instant when = at(2026, 11, 5, 7h);

    EXPECT_EQ(cells_key(Grain::hour, when), "gh:{spend}:h:2026110507");
    EXPECT_EQ(cells_key(Grain::day, when), "gh:{spend}:d:20261105");
    EXPECT_EQ(cells_key(Grain::month, when), "gh:{spend}:m:202611");
    EXPECT_EQ(totals_key(when), "gh:{spend}:t:20261105");
    EXPECT_EQ(sessions_key("a}b", when), "gh:{spend}:s:20261105:" + to_base64url(sha256("a}b")));
}

TEST(RollupKeys, NameACellByItsEightParts) {
    Dimensions who = somebody("ada|1");
    who.project = "a%b";
    who.service_key = "svk_1";
    who.tier = Tier::fast_long_context;

    EXPECT_EQ(cell_name(who),
              "ada%7C1|engineering|claude-sonnet-5|anthropic|claude-sonnet-5|a%25b|svk_1|fast_long_context");
    EXPECT_EQ(total_name(who), "|engineering|claude-sonnet-5|anthropic|claude-sonnet-5|a%25b||fast_long_context");
    EXPECT_EQ(session_cell_name("$1", "a\n", "m", "p|"), "$1|a%0A|m|p%7C");
}

TEST(RollupKeys, ComeBackFromEveryName) {
    for (const std::string& name : hostile_names()) {
        Dimensions who;
        for (std::string* part :
             {&who.user, &who.group, &who.model, &who.upstream, &who.upstream_model, &who.project, &who.service_key}) {
            who = {};
            *part = name;
            EXPECT_EQ(parse_cell_name(cell_name(who)), who) << to_hex(name);
        }
        const SessionCellName session{name, name, name, name};
        EXPECT_EQ(parse_session_cell_name(session_cell_name(name, name, name, name)), session) << to_hex(name);
    }
    for (const Tier tier : {Tier::standard, Tier::long_context, Tier::fast, Tier::fast_long_context}) {
        Dimensions who;
        who.tier = tier;
        EXPECT_EQ(parse_cell_name(cell_name(who))->tier, tier);
    }
}

TEST(RollupKeys, DifferForDifferentNames) {
    std::vector<std::string> all;
    for (const std::string& left : hostile_names())
        for (const std::string& right : hostile_names())
            all.push_back(session_cell_name(left, right, "", ""));
    std::ranges::sort(all);
    EXPECT_EQ(std::ranges::adjacent_find(all), all.end());
}

TEST(RollupCells, WhatIsNoNameIsRefused) {
    for (const std::string_view name :
         {"", "a", "a|b|c|d|e|f|g", "a|b|c|d|e|f|g|standard|", "a|b|c|d|e|f|g|other", "a%|b|c|d|e|f|g|standard",
          "a%2|b|c|d|e|f|g|standard", "a%zz|b|c|d|e|f|g|standard"})
        EXPECT_FALSE(parse_cell_name(name)) << name;
}

Reply hash_of(std::vector<std::string> words) {
    Reply reply{.kind = Reply::Kind::list};
    for (std::string& word : words)
        reply.items.push_back({.kind = Reply::Kind::text, .text = std::move(word)});
    return reply;
}

TEST(RollupCells, HaveCountsAndTheCost) {
    const std::string ada = cell_name(somebody("ada"));
    const std::string bob = cell_name(somebody("bob"));
    std::vector<Cell> cells;

    ASSERT_TRUE(append_cells(cells, at(2026, 11, 5),
                             hash_of({ada, "1 10 20 30 40 50 60 5", bob, "2 1 2 3 4 5 6 9007199254740993"})));

    ASSERT_EQ(cells.size(), 2U);
    EXPECT_EQ(cells[0].who, somebody("ada"));
    EXPECT_EQ(cells[0].usage, (policy::Usage{10, 20, 30, 40, 50, 60}));
    EXPECT_EQ(cells[0].cost, Money::nano(5));
    EXPECT_EQ(cells[1].requests, 2);
    EXPECT_EQ(cells[1].cost.nano(), 9007199254740993);
    EXPECT_EQ(cells[1].bucket, at(2026, 11, 5));
}

TEST(RollupCells, WhatCannotBeReadIsAnErrorAndNotLeftOut) {
    const std::string ada = cell_name(somebody("ada"));
    for (const auto& [name, value] :
         std::vector<std::pair<std::string, std::string>>{{ada, "1 2 3"},
                                                          {ada, "1 2 3 4 5 6 7 0 9"},
                                                          {ada, "1 2 3 4 5 6 x 0"},
                                                          {ada, "1  2 3 4 5 6 7 0"},
                                                          {ada, "1 2 3 4 5 6 7 1.5"},
                                                          {ada, "1 2 3 4 5 6 7 99999999999999999999"},
                                                          {"$" + ada, "5"},
                                                          {"nobody", "1 2 3 4 5 6 7 0"}}) {
        std::vector<Cell> cells;
        const auto read = append_cells(cells, at(2026, 11, 5), hash_of({name, value}));
        ASSERT_FALSE(read) << name << " " << value;
        EXPECT_EQ(read.error().reason, Reason::store_refused);
    }
}

TEST(RollupCells, APrincipalIsADocument) {
    const auto ada = parse_principal(
        "sub-1", R"({"email":"ada@example.com","name":"Ada","groups":["a","b"],"service":true,"seen":1700000000123})");

    ASSERT_TRUE(ada);
    EXPECT_EQ(ada->id, "sub-1");
    EXPECT_EQ(ada->email, "ada@example.com");
    EXPECT_EQ(ada->name, "Ada");
    EXPECT_EQ(ada->groups, (std::vector<std::string>{"a", "b"}));
    EXPECT_TRUE(ada->service);
    EXPECT_EQ(ada->last_seen.time_since_epoch().count(), 1700000000123);
    EXPECT_FALSE(parse_principal("sub-1", "[]"));
    EXPECT_FALSE(parse_principal("sub-1", "{"));
}

class Rollups : public ::testing::Test {
  protected:
    void given(const std::string& key, const Dimensions& who, const std::string& counts, std::int64_t nano) {
        shard_.ask({"HSET", key, cell_name(who), counts + " " + std::to_string(nano)});
    }
    template <class T>
    T wait(Task<T> task) {
        auto result = testing::run(shard_.context, std::move(task));
        EXPECT_TRUE(result) << describe(result.error());
        return result ? std::move(*result) : T{};
    }

    testing::Shard shard_;
    RedisRollups rollups_{shard_.redis};
};

TEST_F(Rollups, ReadTheBucketsOfARange) {
    for (const int day : {4, 5, 6})
        given(cells_key(Grain::day, at(2026, 11, day)), somebody("ada"), "1 2 3 4 5 6 7", day);
    given(cells_key(Grain::day, at(2026, 11, 5)), somebody("bob"), "1 0 0 0 0 0 0", 50);
    given(cells_key(Grain::hour, at(2026, 11, 5)), somebody("ada"), "1 0 0 0 0 0 0", 1000);

    auto cells = wait(rollups_.cells(Grain::day, at(2026, 11, 5), at(2026, 11, 7)));

    std::ranges::sort(cells, {}, [](const Cell& cell) { return cell.cost; });
    ASSERT_EQ(cells.size(), 3U);
    EXPECT_EQ(cells[0].bucket, at(2026, 11, 5));
    EXPECT_EQ(cells[0].cost, Money::nano(5));
    EXPECT_EQ(cells[0].usage, (policy::Usage{2, 3, 4, 5, 6, 7}));
    EXPECT_EQ(cells[1].bucket, at(2026, 11, 6));
    EXPECT_EQ(cells[2].who.user, "bob");
}

TEST_F(Rollups, ReadMoreThanOneStepTakes) {
    for (int day = 1; day <= 5; ++day)
        for (int user = 0; user < day; ++user)
            given(cells_key(Grain::day, at(2026, 11, day)), somebody(std::to_string(user)), "1 1 1 1 1 1 1", 7);

    for (const std::int64_t step : {1, 4, 6, 100}) {
        RedisRollups stepping(shard_.redis, step);
        const auto cells = wait(stepping.cells(Grain::day, at(2026, 11, 1), at(2026, 12, 1)));

        Money sum;
        for (const Cell& cell : cells)
            sum += cell.cost;
        EXPECT_EQ(cells.size(), 15U) << step;
        EXPECT_EQ(sum, Money::nano(15 * 7)) << step;
    }
}

TEST_F(Rollups, ReadTheCellsOfOneUserWhateverTheirName) {
    std::vector<std::string> names = hostile_names();
    for (const std::string_view globbed : {"*", "?", "[a]", "[^a]", "\\", "\\*", "a*", "aa"})
        names.emplace_back(globbed);
    const Instant day = at(2026, 11, 5);
    for (std::size_t number = 0; number < names.size(); ++number)
        given(cells_key(Grain::day, day), somebody(names[number]), "1 0 0 0 0 0 0", static_cast<std::int64_t>(number));

    for (const std::int64_t step : {1, 1'000}) {
        RedisRollups stepping(shard_.redis, step);
        for (std::size_t number = 0; number < names.size(); ++number) {
            const auto cells = wait(stepping.cells_of(names[number], Grain::day, day, day + 24h));
            ASSERT_EQ(cells.size(), 1U) << to_hex(names[number]);
            EXPECT_EQ(cells[0].who.user, names[number]);
            EXPECT_EQ(cells[0].bucket, day);
            EXPECT_EQ(cells[0].cost, Money::nano(static_cast<std::int64_t>(number)));
        }
    }
}

/// Of so many that Redis keeps them in a table, which it scans in steps.
TEST_F(Rollups, ReadTheCellsOfOneUserAmongMany) {
    for (const int day : {5, 6})
        for (int user = 0; user < 2'000; ++user)
            given(cells_key(Grain::day, at(2026, 11, day)), somebody("u" + std::to_string(user)), "1 0 0 0 0 0 0", day);

    RedisRollups stepping(shard_.redis, 100);
    const auto cells = wait(stepping.cells_of("u7", Grain::day, at(2026, 11, 1), at(2026, 11, 7)));

    ASSERT_EQ(cells.size(), 2U);
    EXPECT_EQ(cells[0].cost, Money::nano(5));
    EXPECT_EQ(cells[1].cost, Money::nano(6));
}

TEST_F(Rollups, ReadTotalsByDay) {
    given(totals_key(at(2026, 11, 5)), somebody(""), "1 0 0 0 0 0 0", 3);
    given(totals_key(at(2026, 11, 6)), somebody(""), "1 0 0 0 0 0 0", 4);

    EXPECT_EQ(wait(rollups_.totals(at(2026, 11, 5), at(2026, 11, 6))).size(), 1U);
    EXPECT_EQ(wait(rollups_.totals(at(2025, 11, 5), at(2026, 11, 7))).size(), 2U);
}

TEST_F(Rollups, ReadTheSessionsOfOneUser) {
    const std::string cell = session_cell_name("$session", "agent", "claude-sonnet-5", "web");
    for (const std::string_view user : {"ada", "bob"})
        shard_.ask({"HSET", sessions_key(user, at(2026, 11, 5)), cell, "3 1 2 0 0 0 0 12"});

    const auto found = wait(rollups_.sessions("ada", at(2026, 11, 1), at(2026, 12, 1)));

    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].session, "$session");
    EXPECT_EQ(found[0].agent, "agent");
    EXPECT_EQ(found[0].model, "claude-sonnet-5");
    EXPECT_EQ(found[0].project, "web");
    EXPECT_EQ(found[0].requests, 3);
    EXPECT_EQ(found[0].cost, Money::nano(12));
}

TEST_F(Rollups, ReadPrincipals) {
    shard_.ask({"HSET", std::string(principals_key), "sub-1", R"({"email":"ada@example.com"})"});

    const auto people = wait(rollups_.principals());

    ASSERT_EQ(people.size(), 1U);
    EXPECT_EQ(people[0].email, "ada@example.com");
}

TEST_F(Rollups, KnowWhoWasNotedAsTheyWereNotedLast) {
    const policy::Principal before{"sub|1", "a@example.com", "Ada", {"a,b", ""}, false, at(2026, 11, 5)};
    policy::Principal after = before;
    after.groups = {"moved"};
    after.last_seen = at(2026, 11, 6);

    for (const policy::Principal& each : {before, after})
        EXPECT_TRUE(testing::run(shard_.context, rollups_.note(each)));

    const auto people = wait(rollups_.find_principals({"sub|1"}));
    ASSERT_EQ(people.size(), 1U);
    EXPECT_EQ(people[0].email, "a@example.com");
    EXPECT_EQ(people[0].name, "Ada");
    EXPECT_EQ(people[0].groups, after.groups);
    EXPECT_FALSE(people[0].service);
    EXPECT_EQ(people[0].last_seen, after.last_seen);
}

TEST_F(Rollups, AnUnreadableCellFailsTheReport) {
    shard_.ask({"HSET", totals_key(at(2026, 11, 5)), "x", "1"});

    const auto read = testing::run(shard_.context, rollups_.totals(at(2026, 11, 5), at(2026, 11, 6)));

    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().reason, Reason::store_refused);
}

TEST_F(Rollups, NothingIsThereBeforeAnybodyWorked) {
    EXPECT_TRUE(wait(rollups_.cells(Grain::hour, at(2026, 11, 1), at(2026, 11, 2))).empty());
    EXPECT_TRUE(wait(rollups_.principals()).empty());
}

}  // namespace
}  // namespace gatehouse::store

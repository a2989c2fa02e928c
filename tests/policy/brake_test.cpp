// SPDX-License-Identifier: Apache-2.0
#include "policy/brake.h"

#include "policy/brake_document.h"
#include "policy/decision.h"
#include "tests/policy/documents.h"

namespace gatehouse::policy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Instant noon{milliseconds{1'795'262'400'000}};

Brakes brakes(std::string_view text) {
    std::vector<Problem> problems;
    const Brakes read = read_brakes(document(text), "limits", problems);
    for (const Problem& problem : problems)
        ADD_FAILURE() << problem.path << ": " << problem.message;
    return read;
}

std::string faults(std::string_view text) {
    std::vector<Problem> problems;
    read_brakes(document(text), "limits", problems);
    std::string lines;
    for (const Problem& problem : problems)
        lines += problem.path + ": " + problem.message + "\n";
    return lines;
}

std::optional<Braked> braked(const RateLimits& rates, const Level& level, std::int64_t under_way = 0) {
    return full({BrakeScope::session, "s", rates}, level, under_way);
}

TEST(Brakes, AreReadFromAPolicysLimits) {
    const Brakes read = brakes(R"({"user":{"requests_per_minute":60,"tokens_per_minute":200000,"concurrent_requests":10,
        "dollars_per_minute":2.5},"session":{"dollars_per_minute":"0.10"},"agent":{"requests_per_minute":null},
        "pause_session":{"dollars":25,"requests":2000,"minutes":30}})");
    EXPECT_EQ(read.user, (RateLimits{60, 200'000, 10, Money::cents(250)}));
    EXPECT_EQ(read.session, RateLimits{.cost = Money::cents(10)});
    EXPECT_TRUE(read.agent.is_empty());
    EXPECT_EQ(read.pause, (PauseRule{Money::dollars(25), 2'000, std::chrono::minutes(30)}));
    EXPECT_EQ(brakes(R"({"pause_session":{"dollars":1}})").pause->within, std::chrono::minutes(60));
    EXPECT_TRUE(brakes("{}").is_empty());
}

TEST(Brakes, NameEveryFault) {
    EXPECT_EQ(faults(R"({"user":{"requests_per_minute":0,"tokens_per_minute":1.5,"rpm":3},"session":7,"team":{},
        "agent":{"dollars_per_minute":"1e3","concurrent_requests":"4"},"pause_session":{"minutes":1441}})"),
              "limits.user.requests_per_minute: must be a whole number from 1 to 1000000000, or null for no limit\n"
              "limits.user.tokens_per_minute: must be a whole number from 1 to 1000000000, or null for no limit\n"
              "limits.user.rpm: is not a limit: requests_per_minute, tokens_per_minute, concurrent_requests and "
              "dollars_per_minute are\n"
              "limits.session: must be an object of limits\n"
              "limits.team: is not a limit: user, session, agent and pause_session are\n"
              "limits.agent.dollars_per_minute: must be an amount of dollars above 0 and up to 1000000, or null for no "
              "limit\n"
              "limits.agent.concurrent_requests: must be a whole number from 1 to 1000000000, or null for no limit\n"
              "limits.pause_session.minutes: must be a whole number from 1 to 1440, or null for no limit\n");
    EXPECT_EQ(faults(R"({"pause_session":{"minutes":5}})"),
              "limits.pause_session: must say `dollars`, `requests` or both\n");
    EXPECT_EQ(faults(R"({"user":{"dollars_per_minute":0}})"),
              "limits.user.dollars_per_minute: must be an amount of dollars above 0 and up to 1000000, or null for no "
              "limit\n");
}

TEST(Brakes, OfAPolicyAreLaidOverTheBaseFigureByFigure) {
    RulesSpec spec = one_upstream();
    spec.policies = {policy_of({"ops"}, "{}"), policy_of({"ci"}, "{}"), policy_of({}, "{}")};
    spec.policies[0].limits = document(R"({"user":{"requests_per_minute":5,"tokens_per_minute":null},"agent":null})");
    spec.policies[2].limits = document(
        R"({"user":{"requests_per_minute":60,"tokens_per_minute":7,"concurrent_requests":2},"agent":{"requests_per_minute":1},
            "pause_session":{"dollars":5}})");
    const RulesPtr rules = make_rules(spec);
    const std::vector<std::string> ops{"ops"};
    const std::vector<std::string> ci{"ci"};

    const Brakes& theirs = rules->policy_for({"u", "", ops})->brakes;

    EXPECT_EQ(theirs.user, (RateLimits{.requests = 5, .concurrent = 2}));
    EXPECT_TRUE(theirs.agent.is_empty());
    EXPECT_EQ(theirs.pause, PauseRule{.cost = Money::dollars(5)});
    EXPECT_EQ(rules->policy_for({"u", "", ci})->brakes, rules->policy_for({"u", "", {}})->brakes);
    EXPECT_EQ(decide(rules, {"u", "", ops}, "claude-sonnet-5")->brakes.get(), &theirs);
}

TEST(Brakes, ThatAreWrongMakeNoRules) {
    RulesSpec spec = one_upstream();
    spec.policies = {policy_of({}, "{}")};
    spec.policies[0].limits = document(R"({"user":{"requests_per_minute":-1}})");
    const auto rules = Rules::make(spec);
    ASSERT_FALSE(rules);
    EXPECT_EQ(rules.error().at(0).path, "policies[0].limits.user.requests_per_minute");
}

TEST(Gauges, CountAUserTheirSessionAndTheirAgentApart) {
    const Brakes all = brakes(R"({"user":{"requests_per_minute":3},"session":{"requests_per_minute":2},
        "agent":{"requests_per_minute":1}})");
    const auto both = gauges(all, "ada", "s1", "a1");
    ASSERT_EQ(both.size(), 3U);
    EXPECT_EQ(both[1].scope, BrakeScope::session);
    EXPECT_EQ(both[1].rates.requests, 2);
    EXPECT_EQ(gauges(all, "ada", "", "").size(), 1U);
    EXPECT_NE(gauges(all, "ada", "1:b", "")[1].name, gauges(all, "ada:1", "b", "")[1].name);
    EXPECT_NE(both[1].name, gauges(all, "bob", "s1", "")[1].name);
    EXPECT_TRUE(gauges({}, "ada", "s1", "a1").empty());
}

TEST(Gauges, RunEmptyAtTheRateThatTheyAllow) {
    const RateLimits rates{.requests = 60, .tokens = 600, .cost = Money::nano(6'000)};
    const Level level{.requests = 10, .tokens = 600, .nano = 500, .at = noon};
    EXPECT_EQ(drained(level, rates, noon + seconds(5)), (Level{5, 550, 0, noon + seconds(5)}));
    EXPECT_EQ(drained(level, rates, noon + seconds(60)), Level{.at = noon + seconds(60)});
}

TEST(Gauges, AreFullWithAMinutesWorthOfRequests) {
    EXPECT_FALSE(braked({.requests = 60}, {.requests = 59}));
    EXPECT_EQ(braked({.requests = 60}, {.requests = 59.5}),
              (Braked{BrakeScope::session, Measure::requests, milliseconds(500)}));
    EXPECT_EQ(braked({.requests = 60}, {.requests = 60})->wait, seconds(1));
}

TEST(Gauges, LetOneThroughThatIsLargerThanAMinuteAndMakeTheNextWait) {
    EXPECT_FALSE(braked({.tokens = 1'000}, {.tokens = 999}));
    EXPECT_EQ(braked({.tokens = 1'000}, {.tokens = 3'000})->wait, seconds(120));
    EXPECT_EQ(braked({.cost = Money::nano(100)}, {.nano = 100})->wait, milliseconds(1));
}

TEST(Gauges, SayWhatTakesLongest) {
    const auto both = braked({.requests = 60, .tokens = 100, .concurrent = 3}, {.requests = 60, .tokens = 200}, 3);
    EXPECT_EQ(both, (Braked{BrakeScope::session, Measure::tokens, seconds(60)}));
    EXPECT_EQ(braked({.requests = 60, .concurrent = 3}, {.requests = 60}, 3)->measure, Measure::concurrent);
    EXPECT_FALSE(braked({.concurrent = 3}, {}, 2));
}

TEST(Gauges, DoNotCountWhatComesFromTheCache) {
    EXPECT_EQ(counted_tokens({.input = 1, .output = 2, .cache_read = 4, .cache_write_5m = 8, .cache_write_1h = 16}),
              27);
    EXPECT_EQ(counted_tokens({.input = -1, .output = 2}), 2);
}

TEST(PauseRule, IsExplainedInTheWordsThatSetItOff) {
    PausedSession paused{.cost = Money::nano(25'129'999'999), .requests = 7, .rule = {Money::dollars(25), 2'000}};
    EXPECT_EQ(why_paused(paused), "it cost $25.13 within 60 minutes, and its policy pauses sessions at $25.00");
    paused = {.cost = Money::cents(3), .requests = 2'000, .rule = {Money::dollars(25), 2'000, std::chrono::minutes(5)}};
    EXPECT_EQ(why_paused(paused), "it made 2000 requests within 5 minutes, and its policy pauses sessions at 2000");
    paused = {.requests = 1, .rule = {{}, 1, std::chrono::minutes(1)}};
    EXPECT_EQ(why_paused(paused), "it made 1 request within 1 minute, and its policy pauses sessions at 1");
}

TEST(RateLimits, AreDescribedAsPeopleSayThem) {
    const RateLimits rates{60, 200'000, 10, Money::cents(250)};
    EXPECT_EQ(describe(rates, Measure::requests), "60 requests per minute");
    EXPECT_EQ(describe(rates, Measure::tokens), "200000 tokens per minute");
    EXPECT_EQ(describe(rates, Measure::cost), "$2.50 per minute");
    EXPECT_EQ(describe(rates, Measure::concurrent), "10 requests at the same time");
    const RateLimits least{1, 1, 1, {}};
    EXPECT_EQ(describe(least, Measure::requests), "1 request per minute");
    EXPECT_EQ(describe(least, Measure::tokens), "1 token per minute");
    EXPECT_EQ(describe(least, Measure::concurrent), "1 request at the same time");
}

}  // namespace
}  // namespace gatehouse::policy

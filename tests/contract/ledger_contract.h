// SPDX-License-Identifier: Apache-2.0
// What every policy::Ledger must do, as tests. A test executable includes this once and instantiates LedgerContract
// with a maker of LedgerSetup for each implementation.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "policy/ledger.h"
#include "tests/support/run_task.h"
#include "tests/support/run_together.h"

namespace gatehouse::testing {

/// One implementation, empty.
class LedgerSetup {
  public:
    virtual ~LedgerSetup() = default;
    virtual boost::asio::io_context& context() = 0;
    virtual policy::Ledger& ledger() = 0;
};

struct LedgerMaker {
    const char* name;
    std::unique_ptr<LedgerSetup> (*make)();
    friend std::ostream& operator<<(std::ostream& out, const LedgerMaker& maker) { return out << maker.name; }
};

class LedgerContract : public ::testing::TestWithParam<LedgerMaker> {
  protected:
    LedgerContract() : setup_(GetParam().make()) {}

    policy::Ledger& ledger() { return setup_->ledger(); }
    void record(policy::Charge charge) {
        const auto result = run(setup_->context(), ledger().record(std::move(charge)));
        if (!result) throw std::runtime_error("the ledger failed: " + describe(result.error()));
    }
    std::vector<policy::DayUsage> usage(std::string user, Instant when) {
        const auto result = run(setup_->context(), ledger().usage_of(std::move(user), when));
        if (!result) throw std::runtime_error("the ledger failed: " + describe(result.error()));
        return *result;
    }
    void record_together(const policy::Charge& charge, int times) {
        std::vector<Task<>> tasks;
        for (int at = 0; at < times; ++at)
            tasks.push_back(ledger().record(charge));
        for (const auto& result : run_together(setup_->context(), std::move(tasks)))
            EXPECT_TRUE(result);
    }

    /// 2026-11-21T23:59:59.999Z, one millisecond before the next day.
    static constexpr Instant evening{std::chrono::milliseconds{1'795'305'599'999}};

  private:
    std::unique_ptr<LedgerSetup> setup_;
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LedgerContract);

TEST_P(LedgerContract, KnowsNothingOfAUserWhoAskedNothing) {
    EXPECT_TRUE(usage("ada", evening).empty());
}

TEST_P(LedgerContract, AddsUpEveryKindOfToken) {
    record({"ada", "claude-sonnet-5", evening, {1, 2, 3, 4, 5, 6}});
    record({"ada", "claude-sonnet-5", evening, {10, 20, 30, 40, 50, 60}});

    const auto days = usage("ada", evening);

    ASSERT_EQ(days.size(), 1U);
    EXPECT_EQ(days[0].model, "claude-sonnet-5");
    EXPECT_EQ(days[0].requests, 2);
    EXPECT_EQ(days[0].usage, (policy::Usage{11, 22, 33, 44, 55, 66}));
}

TEST_P(LedgerContract, CountsARequestThatConsumedNothing) {
    record({"ada", "claude-sonnet-5", evening, {}});

    const auto days = usage("ada", evening);

    ASSERT_EQ(days.size(), 1U);
    EXPECT_EQ(days[0].requests, 1);
    EXPECT_EQ(days[0].usage, policy::Usage{});
}

TEST_P(LedgerContract, GivesModelsInTheirOrder) {
    for (const char* model : {"b", "input:a", "a", "a:b"})
        record({"ada", model, evening, {.input = 1}});

    std::vector<std::string> models;
    for (const auto& day : usage("ada", evening))
        models.push_back(day.model);

    EXPECT_EQ(models, (std::vector<std::string>{"a", "a:b", "b", "input:a"}));
}

TEST_P(LedgerContract, KeepsUsersAndUtcDaysApart) {
    const auto midnight = evening + std::chrono::milliseconds(1);
    record({"ada", "m", evening, {.input = 1}});
    record({"ada", "m", midnight, {.input = 2}});
    record({"ada}:20261121", "m", evening, {.input = 4}});

    EXPECT_EQ(usage("ada", evening - std::chrono::hours(23)).at(0).usage.input, 1);
    EXPECT_EQ(usage("ada", midnight + std::chrono::hours(23)).at(0).usage.input, 2);
    EXPECT_EQ(usage("ada}:20261121", evening).at(0).usage.input, 4);
    EXPECT_TRUE(usage("bob", evening).empty());
    EXPECT_TRUE(usage("ada", evening - std::chrono::hours(24)).empty());
}

TEST_P(LedgerContract, NeverLowersACounter) {
    record({"ada", "m", evening, {.input = 5, .output = 5}});
    record({"ada", "m", evening, {.input = -3, .output = 1}});

    const auto days = usage("ada", evening);

    EXPECT_EQ(days.at(0).usage.input, 5);
    EXPECT_EQ(days.at(0).usage.output, 6);
    EXPECT_EQ(days.at(0).requests, 2);
}

TEST_P(LedgerContract, LosesNothingWhenManyRecordAtOnce) {
    record_together({"ada", "m", evening, {.input = 3'000'000'000, .output = 1}}, 50);

    const auto days = usage("ada", evening);

    EXPECT_EQ(days.at(0).requests, 50);
    EXPECT_EQ(days.at(0).usage.input, 150'000'000'000);
    EXPECT_EQ(days.at(0).usage.output, 50);
}

}  // namespace gatehouse::testing

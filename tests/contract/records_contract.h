// SPDX-License-Identifier: Apache-2.0
// What every policy::Records must do, as tests. A test executable includes this once and instantiates RecordsContract
// with a maker of RecordsSetup for each implementation.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "policy/records.h"
#include "tests/support/run_task.h"

namespace gatehouse::testing {

/// One implementation, empty.
class RecordsSetup {
  public:
    virtual ~RecordsSetup() = default;
    virtual boost::asio::io_context& context() = 0;
    virtual policy::Records& records() = 0;
    /// The kinds that another replica was told of so far.
    virtual std::vector<std::string> told() = 0;
};

struct RecordsMaker {
    const char* name;
    std::unique_ptr<RecordsSetup> (*make)();
    friend std::ostream& operator<<(std::ostream& out, const RecordsMaker& maker) { return out << maker.name; }
};

class RecordsContract : public ::testing::TestWithParam<RecordsMaker> {
  protected:
    RecordsContract() : setup_(GetParam().make()) {}

    template <class T>
    T good(Task<T> task) {
        auto result = run(setup_->context(), std::move(task));
        if (!result) throw std::runtime_error("the records failed: " + describe(result.error()));
        if constexpr (!std::is_void_v<T>) return std::move(*result);
    }
    policy::RecordWrite change(std::string id, std::optional<std::string> document,
                               std::optional<std::string> expected = {}) {
        policy::RecordWrite write{.kind = "color",
                                  .id = std::move(id),
                                  .document = std::move(document),
                                  .expected = std::move(expected),
                                  .audit = {}};
        write.audit = {.created_at = noon,
                       .actor = "oidc:ada",
                       .action = "color.write",
                       .target_id = write.id,
                       .before = "{}",
                       .after = write.document.value_or(""),
                       .reason = "because \"so\""};
        return write;
    }
    Result<> write(policy::RecordWrite one) {
        std::vector<policy::RecordWrite> changes;
        changes.push_back(std::move(one));
        return run(setup_->context(), records().write(std::move(changes)));
    }
    boost::asio::io_context& context() { return setup_->context(); }
    policy::Records& records() { return setup_->records(); }
    std::vector<std::string> told() { return setup_->told(); }

    static constexpr Instant noon{std::chrono::milliseconds{1'795'262'400'123}};

  private:
    std::unique_ptr<RecordsSetup> setup_;
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RecordsContract);

TEST_P(RecordsContract, KeepsDocumentsByKindAndId) {
    ASSERT_TRUE(write(change("b", R"({"x":"ä\n"})")));
    ASSERT_TRUE(write(change("a", "1")));
    ASSERT_TRUE(write(change("a", "2")));

    EXPECT_EQ(good(records().all("color")), (policy::Documents{{"a", "2"}, {"b", R"({"x":"ä\n"})"}}));
    EXPECT_EQ(good(records().find("color", "a")), "2");
    EXPECT_FALSE(good(records().find("color", "c")));
    EXPECT_TRUE(good(records().all("shape")).empty());
}

TEST_P(RecordsContract, DeletesADocument) {
    ASSERT_TRUE(write(change("a", "1")));
    ASSERT_TRUE(write(change("a", std::nullopt)));

    EXPECT_FALSE(good(records().find("color", "a")));
    EXPECT_EQ(good(records().audit(0, 10)).size(), 2U);
}

TEST_P(RecordsContract, WritesNothingWhenOneDocumentIsNotAsExpected) {
    ASSERT_TRUE(write(change("a", "1", "")));
    std::vector<policy::RecordWrite> changes;
    changes.push_back(change("b", "1"));
    changes.push_back(change("a", "2", "other"));

    const auto refused = run(context(), records().write(std::move(changes)));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::conflict);
    EXPECT_FALSE(good(records().find("color", "b")));
    EXPECT_FALSE(write(change("a", "2", "")));
    EXPECT_TRUE(write(change("a", "2", "1")));
    EXPECT_EQ(good(records().audit(0, 10)).size(), 2U);
}

TEST_P(RecordsContract, WritesNoRowForAChangeWithoutAnAction) {
    std::vector<policy::RecordWrite> changes;
    changes.push_back(change("a", "1"));
    changes.push_back(change("b", "2"));
    changes.back().audit = {};

    ASSERT_TRUE(run(context(), records().write(std::move(changes))));

    EXPECT_EQ(good(records().find("color", "b")), "2");
    EXPECT_EQ(good(records().audit(0, 10)).size(), 1U);
}

TEST_P(RecordsContract, GivesTheAuditTrailNewestFirstAndInPages) {
    for (const char* id : {"a", "b", "c"})
        ASSERT_TRUE(write(change(id, "1")));
    good(records().note({.created_at = noon, .actor = "admin-key:ci", .action = "color.denied"}));

    const auto newest = good(records().audit(0, 2));
    const auto rest = good(records().audit(newest.back().id, 10));

    ASSERT_EQ(newest.size(), 2U);
    EXPECT_EQ(newest[0].action, "color.denied");
    EXPECT_EQ(newest[1].target_id, "c");
    EXPECT_EQ(newest[1].created_at, noon);
    EXPECT_EQ(newest[1].reason, "because \"so\"");
    EXPECT_EQ(newest[1].before, "{}");
    EXPECT_EQ(newest[1].after, "1");
    EXPECT_EQ(newest[0].id, newest[1].id + 1);
    ASSERT_EQ(rest.size(), 2U);
    EXPECT_EQ(rest[1].target_id, "a");
}

TEST_P(RecordsContract, ForgetsOldAuditRows) {
    for (int day = 0; day < 450; ++day)
        good(records().note({.created_at = noon + std::chrono::days(day), .actor = "a", .action = "b"}));

    good(records().sweep_audit(noon + std::chrono::days(430)));

    const auto left = good(records().audit(0, 1000));
    ASSERT_EQ(left.size(), 20U);
    EXPECT_EQ(left.back().created_at, noon + std::chrono::days(430));
}

TEST_P(RecordsContract, TellsOtherReplicasOfAChange) {
    ASSERT_TRUE(write(change("a", "1")));
    good(records().note({.created_at = noon, .actor = "a", .action = "b"}));
    EXPECT_EQ(told(), std::vector<std::string>{"color"});
}

}  // namespace gatehouse::testing

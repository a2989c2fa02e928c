// SPDX-License-Identifier: Apache-2.0
// Who may see and resume which paused sessions.
#include "gateway/paused_work.h"

#include <gtest/gtest.h>

#include "tests/support/memory_ledger.h"
#include "tests/support/signed_in.h"

namespace gatehouse::testing {
namespace {

class PausedWorkTest : public ::testing::Test {
  protected:
    PausedWorkTest() {
        auth::ServiceKey mine;
        mine.id = "svk_1";
        mine.name = "nightly build";
        mine.owner = "ADA@example.com";
        // Two secrets while a rotation overlaps: still one key.
        mine.secrets = {{"h1", signed_in.clock.now(), {}}, {"h2", signed_in.clock.now(), {}}};
        auth::ServiceKey other;
        other.id = "svk_2";
        other.owner = "team-infra";
        other.secrets = {{"h3", signed_in.clock.now(), {}}};
        signed_in.authenticator.set_service_keys({mine, other});
        for (const char* user : {"sub-1", "service:svk_1", "service:svk_2", "sub-2"})
            pause(user);
    }
    void pause(std::string user) {
        const policy::Watch watch{std::move(user), "s1", {{}, 1}};
        for (const char* id : {"r1", "r2"})
            ASSERT_TRUE(run(ledger.reserve({.id = id,
                                            .now = signed_in.clock.now(),
                                            .estimate = {},
                                            .lifetime = std::chrono::seconds(60),
                                            .limits = {},
                                            .watch = watch})));
    }
    std::vector<std::string> seen_by(const auth::Person& person) {
        std::vector<std::string> users;
        for (const auth::PausedItem& item : *run(work.of(person)))
            users.push_back(item.user + (item.service_key.empty() ? "" : " " + item.service_key));
        return users;
    }

    auth::Person ada{"sub-1", "ada@example.com", "Ada", {}};
    SignedIn signed_in{{"sub-1", "ada@example.com", "Ada", {}}};
    MemoryLedger ledger;
    PausedWorkHere work{ledger, signed_in.authenticator};
};

TEST_F(PausedWorkTest, IsOnesOwnAndThatOfTheServiceKeysThatOneOwns) {
    EXPECT_EQ(seen_by(ada), (std::vector<std::string>{"sub-1", "service:svk_1 nightly build"}));
    EXPECT_EQ(seen_by({"sub-3", "", "Eve", {}}), std::vector<std::string>{});
    EXPECT_EQ(seen_by({"team-infra", "", "", {}}), std::vector<std::string>{"service:svk_2"});
}

TEST_F(PausedWorkTest, IsResumedByWhoAnswersForIt) {
    EXPECT_FALSE(*run(work.resume(ada, "sub-2", "s1")));
    EXPECT_FALSE(*run(work.resume(ada, "service:svk_2", "s1")));
    EXPECT_TRUE(*run(work.resume(ada, "service:svk_1", "s1")));
    EXPECT_FALSE(*run(work.resume(ada, "service:svk_1", "s1")));
    EXPECT_TRUE(*run(work.resume(ada, "sub-1", "s1")));
    EXPECT_TRUE(seen_by(ada).empty());
}

}  // namespace
}  // namespace gatehouse::testing

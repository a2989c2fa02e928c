// SPDX-License-Identifier: Apache-2.0
#include "policy/changes.h"

#include <gtest/gtest.h>

namespace gatehouse::policy {
namespace {

struct ChangesTest : ::testing::Test {
    ChangesTest() {
        changes.on("spend_limit", [this] { ++caps; });
        changes.on("service_key", [this] { ++keys; });
    }
    Changes changes;
    int caps = 0;
    int keys = 0;
};

TEST_F(ChangesTest, TellTheKindThatChanged) {
    changes.on_changed("spend_limit");
    changes.on_changed("spend_limit");
    changes.on_changed("something else");

    EXPECT_EQ(caps, 2);
    EXPECT_EQ(keys, 0);
}

TEST_F(ChangesTest, TellEveryoneThatTheFeedIsUp) {
    changes.on_changes_up();

    EXPECT_EQ(caps, 1);
    EXPECT_EQ(keys, 1);
}

TEST_F(ChangesTest, TellWhoeverWantsToKnowThatTheFeedIsDown) {
    int unheard = 0;
    changes.on("spend_limit", [] {}, [&] { ++unheard; });

    changes.on_changes_down();

    EXPECT_EQ(unheard, 1);
    EXPECT_EQ(caps, 0);
}

TEST_F(ChangesTest, TellSeveralOfOneKind) {
    int others = 0;
    changes.on("spend_limit", [&] { ++others; });

    changes.on_changed("spend_limit");

    EXPECT_EQ(caps, 1);
    EXPECT_EQ(others, 1);
}

}  // namespace
}  // namespace gatehouse::policy

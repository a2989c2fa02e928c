// SPDX-License-Identifier: Apache-2.0
#include "policy/mirror.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>

#include "policy/changes.h"
#include "tests/support/memory_records.h"
#include "tests/support/run_task.h"

namespace gatehouse::policy {
namespace {

using namespace std::chrono_literals;
using gatehouse::testing::MemoryRecords;

RecordWrite color(std::string id, std::string document) {
    return {.kind = "color", .id = std::move(id), .document = std::move(document), .expected = {}, .audit = {}};
}

struct MirrorTest : ::testing::Test {
    MirrorTest() {
        changes.on("color", [this] {
            if (!deaf) mirror.refresh();
        });
        records.add_listener(changes);
    }
    void write(RecordWrite one) {
        std::vector<RecordWrite> writes;
        writes.push_back(std::move(one));
        ASSERT_TRUE(gatehouse::testing::run(context, records.write(std::move(writes))));
    }
    void start() {
        boost::asio::co_spawn(context, mirror.run(), [this](std::exception_ptr thrown) { ended = !thrown; });
    }
    /// Lets the mirror work until that is so.
    bool reaches(const std::function<bool()>& goal) {
        context.restart();
        const auto end = std::chrono::steady_clock::now() + 30s;
        while (!goal() && std::chrono::steady_clock::now() < end)
            if (context.run_one_until(end) == 0) break;
        return goal();
    }

    boost::asio::io_context context{1};
    MemoryRecords records;
    Documents taken;
    int readings = 0;
    bool ended = false;
    bool deaf = false;  ///< changes do not get through
    Mirror mirror{context.get_executor(), records, "color",
                  [this](const Documents& documents) {
                      taken = documents;
                      ++readings;
                  },
                  1ms};
    Changes changes;
};

TEST_F(MirrorTest, ReadsAtStart) {
    write(color("a", "1"));

    ASSERT_TRUE(gatehouse::testing::run(context, mirror.load()));

    EXPECT_EQ(taken, (Documents{{"a", "1"}}));
}

TEST_F(MirrorTest, SaysThatItCouldNotReadAtStart) {
    records.set_down(true);

    const auto loaded = gatehouse::testing::run(context, mirror.load());

    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().reason, Reason::store_unreachable);
    EXPECT_EQ(readings, 0);
}

TEST_F(MirrorTest, FollowsEveryChange) {
    start();

    write(color("a", "1"));
    EXPECT_TRUE(reaches([&] { return taken == Documents{{"a", "1"}}; }));
    write(color("a", "2"));
    EXPECT_TRUE(reaches([&] { return taken == Documents{{"a", "2"}}; }));
}

TEST_F(MirrorTest, ReadsOnceForSeveralChangesAtOnce) {
    write(color("a", "1"));
    write(color("b", "1"));
    write(color("c", "1"));
    start();

    EXPECT_TRUE(reaches([&] { return taken.size() == 3; }));
    EXPECT_EQ(readings, 1);
}

TEST_F(MirrorTest, KeepsWhatItKnowsWhileTheStoreIsAwayAndCatchesUp) {
    write(color("a", "1"));
    start();
    ASSERT_TRUE(reaches([&] { return readings == 1; }));
    deaf = true;
    write(color("a", "2"));
    records.set_down(true);
    mirror.refresh();
    int turns = 0;
    ASSERT_TRUE(reaches([&] { return ++turns > 5; }));  // several attempts

    EXPECT_EQ(taken, (Documents{{"a", "1"}}));

    records.set_down(false);
    EXPECT_TRUE(reaches([&] { return taken == Documents{{"a", "2"}}; }));
}

TEST_F(MirrorTest, KeepsReadingWhileNobodyTellsItOfChanges) {
    start();
    deaf = true;
    mirror.go_blind();
    ASSERT_TRUE(reaches([&] { return readings > 3; }));

    write(color("a", "1"));

    EXPECT_TRUE(reaches([&] { return taken == Documents{{"a", "1"}}; }));
}

TEST_F(MirrorTest, WaitsAgainOnceChangesAreTold) {
    start();
    mirror.go_blind();
    ASSERT_TRUE(reaches([&] { return readings > 1; }));
    mirror.refresh();
    const int before = readings;
    ASSERT_TRUE(reaches([&] { return readings > before; }));
    context.poll();
    const int settled = readings;

    context.run_for(20ms);  // twenty pauses

    EXPECT_EQ(readings, settled);
}

TEST_F(MirrorTest, EndsWhenToldTo) {
    start();
    context.poll();  // now it waits
    mirror.stop();

    EXPECT_TRUE(reaches([&] { return ended; }));
}

}  // namespace
}  // namespace gatehouse::policy

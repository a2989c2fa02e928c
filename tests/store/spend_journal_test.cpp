// SPDX-License-Identifier: Apache-2.0
// What the spend journal keeps: over the end of a process, over full files, and in lines that can be read again.
#include "gateway/store/spend_journal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>

#include "gateway/store/number_set.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temporary_dir.h"

namespace gatehouse::store {
namespace {

namespace fs = std::filesystem;

policy::Charge charge_of(std::string id, std::int64_t nano) {
    policy::Charge charge;
    charge.request_id = std::move(id);
    charge.when = Instant{std::chrono::milliseconds{1'795'262'400'123}};
    charge.who = {.user = "a \"b\" ü",
                  .group = "g",
                  .model = "m",
                  .upstream = "u",
                  .upstream_model = "um",
                  .project = "p",
                  .service_key = "k",
                  .tier = policy::Tier::long_context};
    charge.session = "s";
    charge.agent = "a";
    charge.usage = {1, 2, 3, 4, 5, 6};
    charge.cost = Money::nano(nano);
    charge.estimated = true;
    charge.accounts = {"u:x", "g:y"};
    charge.principal = policy::Principal{"a \"b\" ü", "e", "n", {"g"}, true, charge.when};
    return charge;
}

TEST(ChargeLine, SaysEverythingOfAChargeAndCanBeReadAgain) {
    const policy::Charge charge = charge_of("r1", 9'007'199'254'740'993);
    const auto line = parse_line(settle_line(42, charge));
    ASSERT_TRUE(line && std::holds_alternative<SettleLine>(*line));
    const SettleLine& read = std::get<SettleLine>(*line);
    EXPECT_EQ(read.number, 42U);
    EXPECT_EQ(read.charge.request_id, "r1");
    EXPECT_EQ(read.charge.when, charge.when);
    EXPECT_EQ(read.charge.who, charge.who);
    EXPECT_EQ(read.charge.session, "s");
    EXPECT_EQ(read.charge.agent, "a");
    EXPECT_EQ(read.charge.usage, charge.usage);
    EXPECT_EQ(read.charge.cost, charge.cost);
    EXPECT_TRUE(read.charge.estimated);
    EXPECT_EQ(read.charge.accounts, charge.accounts);
    ASSERT_TRUE(read.charge.principal);
    EXPECT_EQ(read.charge.principal->id, charge.principal->id);
    EXPECT_EQ(read.charge.principal->groups, charge.principal->groups);
    EXPECT_TRUE(read.charge.principal->service);
    EXPECT_EQ(settle_line(42, read.charge), settle_line(42, charge));
}

TEST(ChargeLine, LeavesATornLineAlone) {
    const std::string whole = settle_line(1, charge_of("r", 1));
    for (std::size_t size = 0; size + 2 < whole.size(); ++size)
        EXPECT_FALSE(parse_line(whole.substr(0, size)));
    EXPECT_FALSE(parse_line(R"({"evt":"something else"})"));
}

TEST(NumberSet, IsASetOfNumbers) {
    NumberSet numbers;
    std::set<std::uint64_t> expected;
    std::mt19937 random(7);
    for (int step = 0; step < 20'000; ++step) {
        const std::uint64_t number = random() % 64;
        if (random() % 2 == 0) {
            numbers.insert(number);
            expected.insert(number);
        } else {
            numbers.erase(number);
            expected.erase(number);
        }
        ASSERT_EQ(numbers.count(), expected.size());
        ASSERT_EQ(numbers.empty(), expected.empty());
        if (!expected.empty()) ASSERT_EQ(numbers.least(), *expected.begin());
        for (std::uint64_t each = 0; each < 64; ++each)
            ASSERT_EQ(numbers.contains(each), expected.contains(each));
    }
}

class SpendJournalTest : public ::testing::Test {
  protected:
    std::unique_ptr<SpendJournal> open() {
        auto opened = SpendJournal::open({.dir = dir.file("journal"), .file_size = 4096, .keep = std::chrono::days(1)},
                                         clock, random, metrics);
        if (!opened) throw std::runtime_error(describe(opened.error()));
        return std::move(*opened);
    }
    /// As a process leaves it that ends without warning: everything but the lock and the destructor's last words.
    void crash(std::unique_ptr<SpendJournal> journal) {
        const fs::path copy = dir.file("copy");
        const fs::path original = *fs::directory_iterator(dir.file("journal"));
        fs::copy(original, copy, fs::copy_options::recursive);
        journal.reset();
        fs::remove_all(original);
        fs::rename(copy, original);
    }

    testing::TemporaryDir dir;
    testing::ManualClock clock;
    SystemRandom random;
    observe::Metrics metrics;
};

TEST_F(SpendJournalTest, GivesBackWhatTheStoreDidNotTakeFileByFile) {
    auto journal = open();
    std::set<std::uint64_t> missing;
    for (int count = 0; count < 100; ++count) {
        std::string record;
        const auto number = journal->settled(charge_of("r" + std::to_string(count), count), record);
        if (count % 3 == 0) {
            journal->not_posted(number);
            missing.insert(number);
        } else {
            journal->posted(number, journal->doubts());
        }
    }
    while (journal->has_failed()) {
        const auto lines = journal->failed();
        ASSERT_FALSE(lines.empty());
        for (const SettleLine& line : lines) {
            EXPECT_EQ(missing.erase(line.number), 1U);
            EXPECT_EQ(line.charge.cost, Money::nano(static_cast<std::int64_t>(line.number)));
            journal->posted(line.number, journal->doubts());
        }
    }
    EXPECT_TRUE(missing.empty());
}

TEST_F(SpendJournalTest, GivesBackWhatTheStoreTookLatelyWhenItIsDoubted) {
    auto journal = open();
    std::string record;
    const auto old = journal->settled(charge_of("r1", 1), record);
    const auto late = journal->settled(charge_of("r2", 2), record);
    journal->settled(charge_of("r3", 3), record);
    journal->posted(old, journal->doubts());
    journal->trust(std::chrono::hours(1));
    journal->trust(std::chrono::seconds(0));
    journal->posted(late, journal->doubts());
    EXPECT_FALSE(journal->has_failed());

    journal->doubt();

    const auto lines = journal->failed();
    ASSERT_EQ(lines.size(), 1U) << "r1 is trusted, r3 is on its way";
    EXPECT_EQ(lines[0].charge.request_id, "r2");
    journal->posted(late, journal->doubts());
    EXPECT_FALSE(journal->has_failed());
}

TEST_F(SpendJournalTest, GivesBackWhatTheStoreTookWhileItWasDoubted) {
    auto journal = open();
    std::string record;
    const auto number = journal->settled(charge_of("r1", 1), record);
    const auto doubts = journal->doubts();
    journal->doubt();

    journal->posted(number, doubts);

    const auto lines = journal->failed();
    ASSERT_EQ(lines.size(), 1U) << "the store that said so may be the one that is gone";
    EXPECT_EQ(lines[0].charge.request_id, "r1");
    journal->posted(number, journal->doubts());
    EXPECT_FALSE(journal->has_failed());
}

TEST_F(SpendJournalTest, HasTheNextRunPostWhatTheStoreTookJustBeforeACrash) {
    auto dead = open();
    std::string record;
    dead->posted(dead->settled(charge_of("r1", 11), record), 0);
    crash(std::move(dead));

    const auto runs = open()->adopt();

    ASSERT_EQ(runs.size(), 1U);
    EXPECT_EQ(SpendJournal::settlements(runs[0].files.at(0), runs[0].checkpoint).size(), 1U);
}

TEST_F(SpendJournalTest, LetsTheNextRunTakeOverWhatADeadOneLeft) {
    auto dead = open();
    const std::string epoch = dead->epoch();
    dead->started({"r1", "ada", "m", "s1", {}});
    dead->started({"r2", "bob", "m", "s2", Money::nano(5)});
    dead->started({"r3", "eve", "m", "", {}});
    std::string record;
    dead->settled(charge_of("r1", 11), record);
    dead->released("r3", "nothing consumed");
    crash(std::move(dead));

    auto next = open();
    const auto runs = next->adopt();

    ASSERT_EQ(runs.size(), 1U);
    EXPECT_EQ(runs[0].epoch, epoch);
    ASSERT_EQ(runs[0].unfinished.size(), 1U);
    EXPECT_EQ(runs[0].unfinished[0].request_id, "r2");
    EXPECT_EQ(runs[0].unfinished[0].user, "bob");
    EXPECT_EQ(runs[0].unfinished[0].session, "s2");
    EXPECT_EQ(runs[0].unfinished[0].reserved, Money::nano(5));
    const auto lines = SpendJournal::settlements(runs[0].files.at(0), runs[0].checkpoint);
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0].charge.cost, Money::nano(11));
    next->finish(runs[0]);
    next.reset();
    EXPECT_TRUE(open()->adopt().empty());
}

TEST_F(SpendJournalTest, IsNotTakenFromARunThatLives) {
    auto alive = open();
    auto other = open();
    EXPECT_TRUE(other->adopt().empty());
    EXPECT_NE(alive->epoch(), other->epoch());
}

TEST_F(SpendJournalTest, LeavesNothingToTakeOverWhenEverythingIsInTheStore) {
    auto journal = open();
    std::string record;
    journal->posted(journal->settled(charge_of("r1", 1), record), journal->doubts());
    journal.reset();
    EXPECT_TRUE(open()->adopt().empty());
}

TEST_F(SpendJournalTest, KeepsWhatWaitsOverAnOrderlyEnd) {
    auto journal = open();
    std::string record;
    journal->posted(journal->settled(charge_of("r1", 1), record), journal->doubts());
    journal->not_posted(journal->settled(charge_of("r2", 2), record));
    journal.reset();

    const auto runs = open()->adopt();

    ASSERT_EQ(runs.size(), 1U);
    EXPECT_EQ(runs[0].checkpoint, 1U);
    EXPECT_EQ(SpendJournal::settlements(runs[0].files.at(0), 1).size(), 1U);
}

TEST_F(SpendJournalTest, ForgetsFinishedRunsThatAreOld) {
    open().reset();
    const fs::path journal = dir.file("journal");
    for (const auto& entry : fs::directory_iterator(journal))
        fs::last_write_time(entry.path() / "done", fs::file_time_type::clock::now() - std::chrono::days(2));
    auto next = open();
    next->sweep();
    EXPECT_EQ(std::distance(fs::directory_iterator(journal), fs::directory_iterator{}), 1);
}

TEST_F(SpendJournalTest, SaysWhichDirectoryItCannotUse) {
    std::ofstream(dir.file("journal")) << "a file";
    const auto opened = SpendJournal::open({.dir = dir.file("journal")}, clock, random, metrics);
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().detail.find(dir.file("journal")), std::string::npos);
}

}  // namespace
}  // namespace gatehouse::store

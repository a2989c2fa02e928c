// SPDX-License-Identifier: Apache-2.0
// The records' contract on memory and on a real Redis.
#include <gtest/gtest.h>

#include "gateway/store/redis_records.h"
#include "gateway/store/revocation_feed.h"
#include "tests/contract/records_contract.h"
#include "tests/store/redis_fixture.h"
#include "tests/support/memory_records.h"

namespace gatehouse::testing {
namespace {

class RecordingChanges final : public policy::ChangeListener {
  public:
    void on_changed(std::string_view kind) override { kinds.emplace_back(kind); }
    void on_changes_up() override { up = true; }
    void on_changes_down() override { up = false; }
    std::vector<std::string> kinds;
    bool up = false;
};

class DeafListener final : public auth::RevocationListener {
  public:
    void on_revoked(std::string_view) override {}
    void on_feed_up() override {}
    void on_feed_down() override {}
};

class MemorySetup final : public RecordsSetup {
  public:
    MemorySetup() { records_.add_listener(changes_); }
    boost::asio::io_context& context() override { return context_; }
    policy::Records& records() override { return records_; }
    std::vector<std::string> told() override { return changes_.kinds; }

  private:
    boost::asio::io_context context_{1};
    RecordingChanges changes_;
    MemoryRecords records_;
};

class RedisSetup final : public RecordsSetup {
  public:
    RedisSetup() {
        if (!run_until(context(), [this] { return changes_.up; })) throw std::runtime_error("the feed stays down");
    }
    boost::asio::io_context& context() override { return shard_.context; }
    policy::Records& records() override { return records_; }
    std::vector<std::string> told() override {
        shard_.ask({"PUBLISH", std::string(store::changes_channel), "(end)"});
        if (!run_until(context(), [this] { return !changes_.kinds.empty() && changes_.kinds.back() == "(end)"; }))
            throw std::runtime_error("not told");
        changes_.kinds.pop_back();
        return changes_.kinds;
    }

  private:
    Shard shard_;
    DeafListener deaf_;
    RecordingChanges changes_;
    store::RedisRecords records_{shard_.redis};
    store::RevocationFeed feed_{shard_.context.get_executor(), shared_redis().settings(), deaf_, &changes_};
};

template <class Setup>
std::unique_ptr<RecordsSetup> make() {
    return std::make_unique<Setup>();
}

INSTANTIATE_TEST_SUITE_P(Memory, RecordsContract, ::testing::Values(RecordsMaker{"memory", make<MemorySetup>}));
INSTANTIATE_TEST_SUITE_P(Redis, RecordsContract, ::testing::Values(RecordsMaker{"redis", make<RedisSetup>}));

}  // namespace
}  // namespace gatehouse::testing

// SPDX-License-Identifier: Apache-2.0
// The ledger's contract on memory and on a real Redis.
#include <gtest/gtest.h>

#include "gateway/store/redis_ledger.h"
#include "tests/contract/ledger_contract.h"
#include "tests/store/redis_fixture.h"
#include "tests/support/memory_ledger.h"

namespace gatehouse::testing {
namespace {

class MemorySetup final : public LedgerSetup {
  public:
    boost::asio::io_context& context() override { return context_; }
    policy::Ledger& ledger() override { return ledger_; }

  private:
    boost::asio::io_context context_{1};
    MemoryLedger ledger_;
};

class RedisSetup final : public LedgerSetup {
  public:
    boost::asio::io_context& context() override { return shard_.context; }
    policy::Ledger& ledger() override { return ledger_; }

  private:
    Shard shard_;
    store::RedisLedger ledger_{shard_.redis};
};

template <class Setup>
std::unique_ptr<LedgerSetup> make() {
    return std::make_unique<Setup>();
}

INSTANTIATE_TEST_SUITE_P(Memory, LedgerContract, ::testing::Values(LedgerMaker{"memory", make<MemorySetup>}));
INSTANTIATE_TEST_SUITE_P(Redis, LedgerContract, ::testing::Values(LedgerMaker{"redis", make<RedisSetup>}));

TEST(RedisLedger, KeepsADayForFourHundredDaysUnderAKeyThatNamesNobody) {
    Shard shard;
    store::RedisLedger ledger(shard.redis);

    ASSERT_TRUE(run(shard.context, ledger.record({"ada", "m", Instant{}, {.input = 1}})));

    const auto names = shard.ask({"KEYS", "*"}).items;
    ASSERT_EQ(names.size(), 1U);
    EXPECT_EQ(names[0].text.find("ada"), std::string::npos);
    EXPECT_TRUE(names[0].text.ends_with(":19700101")) << names[0].text;
    const auto left = shard.ask({"TTL", names[0].text}).integer;
    EXPECT_GT(left, 399 * 86'400);
    EXPECT_LE(left, 400 * 86'400);
}

}  // namespace
}  // namespace gatehouse::testing

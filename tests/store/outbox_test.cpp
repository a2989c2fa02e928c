// SPDX-License-Identifier: Apache-2.0
// The outbox's contract on memory and on a real Redis, where the ledger's settlements touch the accounts.
#include <gtest/gtest.h>

#include "gateway/store/redis_ledger.h"
#include "gateway/store/redis_outbox.h"
#include "tests/contract/outbox_contract.h"
#include "tests/store/redis_fixture.h"
#include "tests/support/memory_outbox.h"

namespace gatehouse::testing {
namespace {

class MemorySetup final : public OutboxSetup {
  public:
    boost::asio::io_context& context() override { return context_; }
    policy::Outbox& outbox() override { return outbox_; }
    void charge(const std::string& user, Money cost, Instant when) override {
        const std::string account = policy::user_account(user);
        outbox_.touch(account, when);
        const auto back = (noon - when) / std::chrono::days(1);
        if (back < 1) return;
        auto& days = outbox_.days[account];
        days.resize(std::max(days.size(), static_cast<std::size_t>(back)));
        days[static_cast<std::size_t>(back - 1)] += cost;
    }

  private:
    static constexpr Instant noon{std::chrono::milliseconds{1'795'262'400'000}};
    boost::asio::io_context context_{1};
    MemoryOutbox outbox_;
};

class RedisSetup final : public OutboxSetup {
  public:
    boost::asio::io_context& context() override { return shard_.context; }
    policy::Outbox& outbox() override { return outbox_; }
    void charge(const std::string& user, Money cost, Instant when) override {
        policy::Charge one;
        one.request_id = "r" + std::to_string(number_);
        one.when = when;
        one.who = {.user = user, .model = "m", .upstream = "u", .upstream_model = "m"};
        one.cost = cost;
        one.accounts = {policy::user_account(user)};
        ASSERT_TRUE(run(shard_.context, ledger_.post("e1", {{number_++, std::move(one), "{}", std::nullopt}})));
    }

  private:
    Shard shard_;
    std::uint64_t number_ = 0;
    store::RedisLedger ledger_{shard_.redis, [] { return store::Retention{.notes_touched = true}; }};
    store::RedisOutbox outbox_{shard_.redis};
};

template <class Setup>
std::unique_ptr<OutboxSetup> make() {
    return std::make_unique<Setup>();
}

INSTANTIATE_TEST_SUITE_P(Memory, OutboxContract, ::testing::Values(OutboxMaker{"memory", make<MemorySetup>}));
INSTANTIATE_TEST_SUITE_P(Redis, OutboxContract, ::testing::Values(OutboxMaker{"redis", make<RedisSetup>}));

}  // namespace
}  // namespace gatehouse::testing

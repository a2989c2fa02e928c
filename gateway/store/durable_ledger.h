// SPDX-License-Identifier: Apache-2.0
// DurableLedger: policy::Ledger on Redis with the spend journal before it. A settlement is on disk before it is posted;
// what the store did not take is posted again when it is back, by this process or, after a crash, by the next; so is
// what it took in the seconds before a connection was lost, for a Redis that ends without warning, or is replaced by
// its replica, loses its last writes. Its number makes that happen once. Reservations that come together are decided in
// one call, and settlements posted in one. One per shard; `recover` runs on one shard of
// the process.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/blocking.h"
#include "gateway/base/clock.h"
#include "gateway/store/gathering.h"
#include "gateway/store/redis_ledger.h"
#include "gateway/store/spend_journal.h"
#include "policy/ledger.h"

namespace gatehouse::store {

class DurableLedger final : public policy::Ledger {
  public:
    /// More than a Redis that syncs its append-only file every second can lose (two seconds), and than a replica lags
    /// behind.
    static constexpr std::chrono::seconds usual_losable{10};

    /// Nobody waits for a settlement, which is on disk: this much later, a busy gateway has company for it, and the
    /// next request does not wait behind it.
    static constexpr std::chrono::milliseconds usual_linger{5};

    /// All outlive the ledger. What the store took `losable` ago it keeps; settlements wait for others to `linger`.
    DurableLedger(RedisClient& redis, RedisLedger& ledger, SpendJournal& journal, BlockingPool& pool,
                  std::chrono::seconds losable = usual_losable, std::chrono::milliseconds linger = usual_linger);

    void begin(const policy::Begun& begun) override;
    Task<policy::Held> reserve(policy::Hold hold) override;
    Task<> extend(std::string id, std::vector<std::string> accounts, std::vector<policy::Gauge> gauges, Money amount,
                  Instant now, std::chrono::seconds lifetime) override;
    Task<> release(std::string id) override;
    Task<> settle(policy::Charge charge, std::optional<policy::Finish> finish) override;
    Task<> finish(policy::Finish finish) override;
    Task<std::vector<policy::Standing>> standings(std::vector<policy::Limit> limits, Instant now) override;
    Task<std::vector<policy::Reading>> readings(std::vector<policy::Gauge> gauges, Instant now) override;

    /// Posts what dead runs left, then, until `stop`, whatever the store did not take.
    boost::asio::awaitable<void> recover();
    void stop() { stopped_ = true; }

  private:
    /// A dead run whose settlements were posted, until it is known that they stay.
    struct Adopted {
        DeadRun run;
        std::uint64_t doubts;  ///< of the journal, before they were posted
        std::chrono::steady_clock::time_point posted_at;
    };

    void look_for_loss();
    boost::asio::awaitable<void> trust_what_stands();
    boost::asio::awaitable<void> adopt_runs();
    boost::asio::awaitable<void> post_doubted_runs();
    boost::asio::awaitable<std::optional<std::size_t>> post_run(const DeadRun& run);
    boost::asio::awaitable<bool> post_all(std::vector<SettleLine> lines, std::string epoch);

    RedisClient& redis_;
    RedisLedger& ledger_;
    SpendJournal& journal_;
    BlockingPool& pool_;
    std::chrono::seconds losable_;
    std::vector<Adopted> adopted_;
    std::uint64_t connections_ = 0;  ///< of `redis_`, when last looked at
    Gathering<policy::Hold, std::vector<Result<policy::Held>>> reserving_;
    Gathering<Settlement, Result<std::vector<std::uint64_t>>> posting_;
    bool stopped_ = false;
};

}  // namespace gatehouse::store

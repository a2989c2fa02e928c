// SPDX-License-Identifier: Apache-2.0
#include "gateway/store/durable_ledger.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <utility>

#include "gateway/base/log.h"

namespace gatehouse::store {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// Between looks for what the store did not take: an outage is over for the ledger this much after it is over.
constexpr auto look_every = 100ms;
/// After it took one and not the next.
constexpr auto refused_pause = 1s;

/// More than a Redis that syncs its append-only file every second can lose (two seconds), and than a replica lags
/// behind.
constexpr auto losable = 10s;

asio::awaitable<void> pause(std::chrono::milliseconds length) {
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, length);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

}  // namespace

void DurableLedger::begin(const policy::Begun& begun) {
    journal_.started(begun);
}

Task<policy::Held> DurableLedger::reserve(policy::Hold hold) {
    return ledger_.reserve(std::move(hold));
}

Task<> DurableLedger::extend(std::string id, std::vector<std::string> accounts, std::vector<policy::Gauge> gauges,
                             Money amount, Instant now, std::chrono::seconds lifetime) {
    return ledger_.hold(std::move(id), std::move(accounts), std::move(gauges), amount, now + lifetime);
}

Task<> DurableLedger::finish(policy::Finish finish) {
    return ledger_.finish(std::move(finish));
}

Task<> DurableLedger::release(std::string id) {
    journal_.released(id, "nothing consumed");
    return ledger_.release(std::move(id));
}

Task<> DurableLedger::settle(policy::Charge charge, std::optional<policy::Finish> finish) {
    std::string record;
    const std::uint64_t number = journal_.settled(charge, record);
    const auto posted =
        co_await ledger_.post(std::move(charge), {journal_.epoch(), number}, std::move(record), std::move(finish));
    look_for_loss();
    if (posted)
        journal_.posted(number);
    else
        journal_.not_posted(number);
    co_return Result<>{};
}

/// On every shard: a connection that nothing is sent on does not notice for long that the other end is gone.
void DurableLedger::look_for_loss() {
    if (std::exchange(connections_, redis_.connections()) != redis_.connections()) journal_.doubt();
}

Task<std::vector<policy::Standing>> DurableLedger::standings(std::vector<policy::Limit> limits, Instant now) {
    return ledger_.standings(std::move(limits), now);
}

/// True when all are in the store; false at the first that it did not take.
asio::awaitable<bool> DurableLedger::post_all(std::vector<SettleLine> lines, std::string epoch) {
    for (SettleLine& line : lines) {
        std::string record = settle_line(line.number, line.charge);
        const auto posted = co_await ledger_.post(std::move(line.charge), {epoch, line.number}, std::move(record), {});
        if (!posted || stopped_) co_return false;
        if (epoch == journal_.epoch()) journal_.posted(line.number);
    }
    co_return true;
}

asio::awaitable<void> DurableLedger::recover_run(DeadRun run) {
    for (const StartLine& start : run.unfinished)
        log::warn("a request was under way when a gateway ended: what it cost is not known",
                  {{"request_id", start.request_id}, {"sub", start.user}, {"session_id", start.session}});
    std::size_t settlements = 0;
    for (const std::string& file : run.files) {
        bool done = false;
        while (!done && !stopped_) {
            const std::uint64_t from = run.checkpoint;
            const std::function<std::vector<SettleLine>()> read = [file, from] {
                return SpendJournal::settlements(file, from);
            };
            auto lines = co_await run_blocking(pool_, read);
            const std::size_t count = lines.size();
            done = co_await post_all(std::move(lines), run.epoch);
            if (done) settlements += count;
            if (!done) co_await pause(look_every);
        }
    }
    if (stopped_) co_return;
    journal_.finish(run);
    log::info("took over the journal of a gateway that ended",
              {{"directory", run.directory}, {"settlements", settlements}, {"unfinished", run.unfinished.size()}});
}

asio::awaitable<void> DurableLedger::recover() {
    SpendJournal* journal = &journal_;
    const std::function<std::vector<DeadRun>()> adopt = [journal] { return journal->adopt(); };
    auto runs = co_await run_blocking(pool_, adopt);
    for (DeadRun& run : runs)
        co_await recover_run(std::move(run));
    const std::function<std::vector<SettleLine>()> failed = [journal] { return journal->failed(); };
    while (!stopped_) {
        co_await pause(look_every);
        if (stopped_ || !redis_.is_up()) continue;
        look_for_loss();
        journal_.trust(losable);
        if (!journal_.has_failed()) continue;
        auto lines = co_await run_blocking(pool_, failed);
        const bool done = co_await post_all(std::move(lines), journal_.epoch());
        if (!done) co_await pause(refused_pause);
    }
}

}  // namespace gatehouse::store

// SPDX-License-Identifier: Apache-2.0
#include "gateway/store/durable_ledger.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <span>
#include <utility>

#include "gateway/base/log.h"

namespace gatehouse::store {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

/// Between looks for what the store did not take: an outage is over for the ledger this much after it is over.
constexpr auto look_every = 100ms;
/// After it took some and not the next.
constexpr auto refused_pause = 1s;

asio::awaitable<void> pause(std::chrono::milliseconds length) {
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, length);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

bool was_taken(std::uint64_t number, const Result<std::vector<std::uint64_t>>& refused) {
    return refused && std::ranges::find(*refused, number) == refused->end();
}

}  // namespace

DurableLedger::DurableLedger(RedisClient& redis, RedisLedger& ledger, SpendJournal& journal, BlockingPool& pool,
                             std::chrono::seconds losable, std::chrono::milliseconds linger)
    : redis_(redis),
      ledger_(ledger),
      journal_(journal),
      pool_(pool),
      losable_(losable),
      reserving_(RedisLedger::most_at_once,
                 [this](std::vector<policy::Hold> holds) { return ledger_.reserve(std::move(holds)); }),
      posting_(
          RedisLedger::most_at_once,
          [this](std::vector<Settlement> settlements) {
              return ledger_.post(journal_.epoch(), std::move(settlements));
          },
          linger) {}

void DurableLedger::begin(const policy::Begun& begun) {
    journal_.started(begun);
}

Task<policy::Held> DurableLedger::reserve(policy::Hold hold) {
    const auto [answer, place] = co_await reserving_.ask(std::move(hold));
    co_return std::move(answer->at(place));
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
    look_for_loss();
    std::string record;
    const std::uint64_t number = journal_.settled(charge, record);
    const std::uint64_t doubts = journal_.doubts();
    const auto posted = co_await posting_.ask({number, std::move(charge), std::move(record), std::move(finish)});
    if (was_taken(number, *posted.answer))
        journal_.posted(number, doubts);
    else
        journal_.not_posted(number);
    co_return Result<>{};
}

/// On every shard: each has a connection of its own, and notices at another time that the other end is gone.
void DurableLedger::look_for_loss() {
    if (std::exchange(connections_, redis_.connections()) != redis_.connections()) journal_.doubt();
}

/// What was posted long enough ago is there for good, unless the store was lost since; a connection that nothing is
/// sent on does not tell.
asio::awaitable<void> DurableLedger::trust_what_stands() {
    const auto stands = [&](const Adopted& adopted) {
        return adopted.doubts == journal_.doubts() && adopted.posted_at + losable_ <= SteadyClock::now();
    };
    if (!journal_.has_taken(losable_) && std::ranges::none_of(adopted_, stands)) co_return;
    const auto answer = co_await redis_.send({"PING"});
    // An operator's ACL may forbid it: that is an answer too.
    const bool there = answer || answer.error().reason == Reason::store_refused;
    if (!there || redis_.connections() != connections_) co_return;
    journal_.trust(losable_);
    std::erase_if(adopted_, [&](const Adopted& adopted) {
        if (!stands(adopted)) return false;
        journal_.finish(adopted.run);
        return true;
    });
}

Task<std::vector<policy::Standing>> DurableLedger::standings(std::vector<policy::Limit> limits, Instant now) {
    return ledger_.standings(std::move(limits), now);
}

Task<std::vector<policy::Reading>> DurableLedger::readings(std::vector<policy::Gauge> gauges, Instant now) {
    return ledger_.readings(std::move(gauges), now);
}

/// True when all are in the store.
asio::awaitable<bool> DurableLedger::post_all(std::vector<SettleLine> lines, std::string epoch) {
    bool done = true;
    for (std::size_t first = 0; first < lines.size(); first += RedisLedger::most_at_once) {
        const auto some = std::span(lines).subspan(first, std::min(RedisLedger::most_at_once, lines.size() - first));
        const std::uint64_t doubts = journal_.doubts();
        std::vector<Settlement> settlements;
        for (SettleLine& line : some) {
            std::string record = settle_line(line.number, line.charge);
            settlements.push_back({line.number, std::move(line.charge), std::move(record), std::nullopt});
        }
        const auto posted = co_await ledger_.post(epoch, std::move(settlements));
        if (!posted || stopped_) co_return false;
        done = done && posted->empty();
        if (epoch != journal_.epoch()) continue;
        for (const SettleLine& line : some)
            if (was_taken(line.number, posted)) journal_.posted(line.number, doubts);
    }
    co_return done;
}

/// How many settlements there were; nothing when we are stopped before all are in the store.
asio::awaitable<std::optional<std::size_t>> DurableLedger::post_run(const DeadRun& run) {
    std::size_t settlements = 0;
    for (const std::string& file : run.files) {
        bool done = false;
        while (!done) {
            if (stopped_) co_return std::nullopt;
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
    co_return settlements;
}

asio::awaitable<void> DurableLedger::adopt_runs() {
    SpendJournal* journal = &journal_;
    const std::function<std::vector<DeadRun>()> adopt = [journal] { return journal->adopt(); };
    for (DeadRun& run : co_await run_blocking(pool_, adopt)) {
        for (const StartLine& start : run.unfinished)
            log::warn("a request was under way when a gateway ended: what it cost is not known",
                      {{"request_id", start.request_id}, {"sub", start.user}, {"session_id", start.session}});
        const std::uint64_t doubts = journal_.doubts();
        const auto settlements = co_await post_run(run);
        if (!settlements) co_return;
        log::info("took over the journal of a gateway that ended",
                  {{"directory", run.directory}, {"settlements", *settlements}, {"unfinished", run.unfinished.size()}});
        adopted_.push_back({std::move(run), doubts, SteadyClock::now()});
    }
}

/// What the store may have lost of dead runs since it took it.
asio::awaitable<void> DurableLedger::post_doubted_runs() {
    for (Adopted& adopted : adopted_) {
        const std::uint64_t doubts = journal_.doubts();
        if (adopted.doubts == doubts) continue;
        if (!co_await post_run(adopted.run)) co_return;
        adopted.doubts = doubts;
        adopted.posted_at = SteadyClock::now();
    }
}

asio::awaitable<void> DurableLedger::recover() {
    co_await adopt_runs();
    SpendJournal* journal = &journal_;
    const std::function<std::vector<SettleLine>()> failed = [journal] { return journal->failed(); };
    while (!stopped_) {
        co_await pause(look_every);
        if (stopped_ || !redis_.is_up()) continue;
        look_for_loss();
        co_await trust_what_stands();
        co_await post_doubted_runs();
        if (!journal_.has_failed()) continue;
        auto lines = co_await run_blocking(pool_, failed);
        const bool done = co_await post_all(std::move(lines), journal_.epoch());
        if (!done) co_await pause(refused_pause);
    }
}

}  // namespace gatehouse::store

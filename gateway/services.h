// SPDX-License-Identifier: Apache-2.0
// Services: everything one shard owns, built in dependency order, and its route list. What is shared between shards is
// in Shared: thread-safe things and snapshots only.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>

#include "gateway/admin/operations.h"
#include "gateway/base/blocking.h"
#include "gateway/base/clock.h"
#include "gateway/base/crypto.h"
#include "gateway/http/router.h"
#include "gateway/live.h"
#include "gateway/net/proxy.h"
#include "gateway/net/shard.h"
#include "gateway/observe/activity.h"
#include "gateway/observe/journal.h"
#include "gateway/observe/metrics.h"
#include "gateway/store/settings.h"
#include "gateway/store/spend_journal.h"
#include "policy/ledger.h"
#include "policy/price.h"
#include "policy/records.h"
#include "policy/rules.h"

namespace gatehouse {

/// Starts a coroutine that nobody awaits, on a shard's executor.
using Spawn = std::function<void(const boost::asio::any_io_executor&, boost::asio::awaitable<void>)>;

struct Shared {
    LiveState& live;
    store::RedisSettings redis;
    net::ProxySettings proxy;
    observe::Metrics& metrics;
    observe::Activity& activity;
    admin::Replica replica;
    observe::Journal& journal;
    store::SpendJournal& spend_journal;
    const Clock& clock;
    Random& random;
    BlockingPool& pool;
    const std::atomic<bool>& draining;
    const std::atomic<bool>& sample;  ///< the store holds sample data, of which the console tells
    Spawn spawn;
};

/// What a start may fill before anything listens.
struct Stores {
    policy::Ledger& ledger;
    policy::Records& records;
    const policy::Rules& rules;
    const policy::PriceBook& prices;
    const Clock& clock;
    Random& random;
};
/// Says whether what is stored is a sample in part.
using Prepare = std::function<Task<bool>(Stores)>;

class Services {
  public:
    /// Fails when a CA certificate cannot be read. `shared` and `shard` outlive it. Build it before the shard starts.
    static Result<std::unique_ptr<Services>> make(net::Shard& shard, Shared& shared);
    Services(const Services&) = delete;
    Services& operator=(const Services&) = delete;
    ~Services();

    /// Every route of the gateway.
    const http::Router& router() const;
    /// /metrics and the probes alone, for a listener of their own.
    const http::Router& operator_router() const;
    /// Fills the stores. Once, on one shard, before `prime`.
    Task<bool> prepare(Prepare prepare);
    /// What must work before anything listens: the store answers, the identity provider is found.
    Task<> prime();
    /// What goes on beside the requests (forwarding telemetry, following the caps, chores), until `stop`. Spawn it
    /// once.
    boost::asio::awaitable<void> run();
    /// Brings into the store what it did not take, also from gateways that are dead, until `stop`. Spawn it on one
    /// shard.
    boost::asio::awaitable<void> recover();
    /// Takes over what the new snapshot changes and is not read from it per request. On the shard's thread.
    void reload();
    /// Answered requests whose usage is still being written down. On the shard's thread.
    std::size_t unsettled() const;
    /// Stops loops and connections. On the shard's thread.
    void stop();

  private:
    struct State;
    explicit Services(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace gatehouse

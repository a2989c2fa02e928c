// SPDX-License-Identifier: Apache-2.0
// PolicyFollower: keeps the policies of this process at the store's newest version while `managed.source` is `store`.
// The feed wakes it; it reads the number, and the shard that claims that version reads it and puts it in force. While
// the store does not answer it asks again. One per shard.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "gateway/admin/policy_versions.h"
#include "gateway/base/task.h"
#include "gateway/live.h"
#include "gateway/store/backoff.h"
#include "gateway/store/loop.h"

namespace gatehouse {

class PolicyFollower {
  public:
    /// All outlive it.
    PolicyFollower(boost::asio::any_io_executor executor, admin::PolicyVersions& versions, LiveState& live);

    /// Puts the stored version in force, the file's policies becoming the first when there is none, and follows from
    /// then on. Nothing while the file holds the policies. Faults: those of the store, configuration_invalid.
    Task<> prime();
    /// The policies may have changed: reads them, after what it is doing. On the shard's thread.
    void refresh();
    void stop();

  private:
    boost::asio::awaitable<void> follow();
    Task<> read();

    admin::PolicyVersions& versions_;
    LiveState& live_;
    boost::asio::steady_timer timer_;
    store::Backoff backoff_;
    store::Loop loop_;
    bool following_ = false;
    bool woken_ = false;
};

}  // namespace gatehouse

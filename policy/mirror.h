// SPDX-License-Identifier: Apache-2.0
// Mirror: keeps what a shard knows of one kind of record up to date. It reads all of them at start and after each
// refresh(), one reading at a time, and hands them to `take`; while the store is away what was taken last stays, and
// the reading is tried again until it succeeds. One per kind and shard; not thread-safe.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <string>

#include "policy/records.h"

namespace gatehouse::policy {

class Mirror {
  public:
    using Take = std::function<void(const Documents&)>;

    /// `records` outlives it. `pause` is between readings while the store does not answer, or
    /// while blind.
    Mirror(const boost::asio::any_io_executor& executor, Records& records, std::string kind, Take take,
           std::chrono::milliseconds pause = std::chrono::seconds(1));
    Mirror(const Mirror&) = delete;
    Mirror& operator=(const Mirror&) = delete;

    /// Reads once, before run().
    Task<> load();
    /// What is known may be old. Returns at once; run() reads it anew.
    void refresh();
    /// Nobody tells of changes any more: run() reads anew every `pause`, until the next refresh(). For what must not
    /// outlive its revocation.
    void go_blind();
    /// Until stop().
    boost::asio::awaitable<void> run();
    void stop();

  private:
    Records& records_;
    std::string kind_;
    Take take_;
    std::chrono::milliseconds pause_;
    boost::asio::steady_timer wake_;
    bool stale_ = false;
    bool blind_ = false;
    bool stopping_ = false;
};

}  // namespace gatehouse::policy

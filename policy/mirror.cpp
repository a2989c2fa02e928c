// SPDX-License-Identifier: Apache-2.0
#include "policy/mirror.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "gateway/base/log.h"

namespace gatehouse::policy {
namespace {

constexpr auto as_result = boost::asio::as_tuple(boost::asio::use_awaitable);

}  // namespace

Mirror::Mirror(const boost::asio::any_io_executor& executor, Records& records, std::string kind, Take take,
               std::chrono::milliseconds pause)
    : records_(records), kind_(std::move(kind)), take_(std::move(take)), pause_(pause), wake_(executor) {}

Task<> Mirror::load() {
    const auto documents = co_await records_.all(kind_);
    if (!documents) co_return fail(documents.error());
    take_(*documents);
    co_return Result<>{};
}

void Mirror::refresh() {
    blind_ = false;
    stale_ = true;
    wake_.cancel();
}

void Mirror::go_blind() {
    blind_ = true;
    stale_ = true;
    wake_.cancel();
}

boost::asio::awaitable<void> Mirror::run() {
    bool told_of_failure = false;
    while (!stopping_) {
        if (!stale_) {
            using Time = boost::asio::steady_timer::time_point;
            wake_.expires_at(blind_ ? std::chrono::steady_clock::now() + pause_ : Time::max());
            co_await wake_.async_wait(as_result);
            stale_ = stale_ || blind_;
            continue;
        }
        stale_ = false;  // before the reading: what changes during it needs another one
        const auto loaded = co_await load();
        if (loaded) {
            told_of_failure = false;
            continue;
        }
        stale_ = true;
        if (stopping_) break;
        if (!std::exchange(told_of_failure, true))
            log::warn("records cannot be read: what was known stays in force",
                      {{"kind", kind_}, {"detail", describe(loaded.error())}});
        wake_.expires_after(pause_);
        co_await wake_.async_wait(as_result);
    }
}

void Mirror::stop() {
    stopping_ = true;
    wake_.cancel();
}

}  // namespace gatehouse::policy

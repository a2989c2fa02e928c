// SPDX-License-Identifier: Apache-2.0
#include "gateway/base/chores.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "gateway/base/log.h"

namespace gatehouse {
namespace {

constexpr auto as_result = boost::asio::as_tuple(boost::asio::use_awaitable);

}  // namespace

void Chores::add(Chore chore) {
    const SteadyTime due = std::chrono::steady_clock::now() + chore.every;
    planned_.push_back({std::move(chore), due});
}

boost::asio::awaitable<void> Chores::run() {
    while (!stopping_ && !planned_.empty()) {
        Planned& next = *std::ranges::min_element(planned_, {}, &Planned::due);
        if (next.due > std::chrono::steady_clock::now()) {
            timer_.expires_at(next.due);
            co_await timer_.async_wait(as_result);
            continue;
        }
        const auto done = co_await next.chore.work();
        if (!done) log::warn("a chore failed", {{"chore", next.chore.name}, {"detail", describe(done.error())}});
        next.due = std::chrono::steady_clock::now() + next.chore.every;
    }
}

void Chores::stop() {
    stopping_ = true;
    timer_.cancel();
}

}  // namespace gatehouse

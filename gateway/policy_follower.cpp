// SPDX-License-Identifier: Apache-2.0
#include "gateway/policy_follower.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <utility>

#include "gateway/base/log.h"
#include "policy/policy_document.h"

namespace gatehouse {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

}  // namespace

PolicyFollower::PolicyFollower(asio::any_io_executor executor, admin::PolicyVersions& versions, LiveState& live)
    : versions_(versions), live_(live), timer_(executor), backoff_(50ms, 1s), loop_(executor) {}

Task<> PolicyFollower::prime() {
    const LivePtr live = live_.load();
    if (live->settings.policy_source == policy::PolicySource::file) co_return Result<>{};
    auto version = co_await versions_.current_or_first(policy::to_document(live->settings.rules_spec.policies));
    if (!version) co_return fail(version.error());
    if (live_.claim((*version)->number)) {
        const auto taken = live_.take(std::move(*version));
        if (!taken) co_return taken;
    }
    if (!std::exchange(following_, true)) loop_.start(follow());
    co_return Result<>{};
}

void PolicyFollower::refresh() {
    woken_ = true;
    timer_.cancel();
}

void PolicyFollower::stop() {
    loop_.stop();
}

asio::awaitable<void> PolicyFollower::follow() {
    for (;;) {
        if (!woken_) {
            timer_.expires_at(asio::steady_timer::time_point::max());
            co_await timer_.async_wait(as_result);
        }
        woken_ = false;
        const auto done = co_await read();
        if (done) {
            backoff_.reset();
            continue;
        }
        log::warn("the policies cannot be read, trying again", {{"error", describe(done.error())}});
        timer_.expires_after(backoff_.next());
        co_await timer_.async_wait(as_result);
        woken_ = true;
    }
}

/// A version that does not fit is no reason to ask again: the next one, or the next reload, is.
Task<> PolicyFollower::read() {
    const auto newest = co_await versions_.newest();
    if (!newest) co_return fail(newest.error());
    if (!live_.claim(*newest)) co_return Result<>{};
    auto version = co_await versions_.find(*newest);
    if (version && *version != nullptr) {
        [[maybe_unused]] const auto taken = live_.take(std::move(*version));
        co_return Result<>{};
    }
    live_.give_up(*newest);
    if (!version) co_return fail(version.error());
    co_return fail(Error::internal("the present policy version is missing in the store"));
}

}  // namespace gatehouse

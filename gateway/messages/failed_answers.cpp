// SPDX-License-Identifier: Apache-2.0
#include "gateway/messages/failed_answers.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace gatehouse::messages {
namespace {

namespace asio = boost::asio;

/// 0: never given to the client.
int rank(int status) {
    switch (status) {
        case 429:
            return 5;
        case 401:
        case 403:
            return 4;
        case 404:
            return 3;
        case 501:
            return 2;
        case 529:
            return 1;
        default:
            return 0;
    }
}

}  // namespace

bool FailedAnswers::prefers(int status) const {
    return rank(status) > 0 && (!kept_ || rank(status) >= rank(kept_->status));
}

Task<std::string> read_within(http::Source& source, std::size_t limit, std::chrono::milliseconds patience) {
    using asio::experimental::awaitable_operators::operator||;
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, patience);
    auto first = co_await (http::read_all(source, limit) || timer.async_wait(asio::as_tuple(asio::use_awaitable)));
    if (auto* text = std::get_if<0>(&first)) co_return std::move(*text);
    co_return fail(Error::timed_out(Reason::upstream_timeout, "the upstream's error body did not end in time"));
}

}  // namespace gatehouse::messages

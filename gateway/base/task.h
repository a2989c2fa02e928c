// SPDX-License-Identifier: Apache-2.0
// Task<T>: what every coroutine above net/ and store/ returns. `co_await` it and look at the Result.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "gateway/base/result.h"

namespace gatehouse {

template <class T = void>
using Task = boost::asio::awaitable<Result<T>>;

}  // namespace gatehouse

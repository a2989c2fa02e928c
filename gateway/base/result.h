// SPDX-License-Identifier: Apache-2.0
// Result<T>: a value or an Error. Truthy means success. Propagate with one plain line: `if (!x) return
// fail(x.error());`.
#pragma once

#include <expected>
#include <utility>

#include "gateway/base/error.h"

namespace gatehouse {

template <class T = void>
using Result = std::expected<T, Error>;

/// Turns an Error into the failed side of any Result.
inline std::unexpected<Error> fail(Error error) {
    return std::unexpected<Error>(std::move(error));
}

}  // namespace gatehouse

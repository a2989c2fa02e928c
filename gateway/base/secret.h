// SPDX-License-Identifier: Apache-2.0
// Secret: a string that cannot be printed by accident and is compared in constant time. `reveal()` is the only way out
// and is easy to grep.
#pragma once

#include <string>
#include <utility>

#include "gateway/base/crypto.h"

namespace gatehouse {

class Secret {
  public:
    Secret() = default;
    explicit Secret(std::string value) : value_(std::move(value)) {}
    const std::string& reveal() const { return value_; }
    bool empty() const { return value_.empty(); }
    bool equals(std::string_view other) const { return constant_time_equal(value_, other); }
    friend bool operator==(const Secret& left, const Secret& right) { return left.equals(right.value_); }

  private:
    std::string value_;
};

}  // namespace gatehouse

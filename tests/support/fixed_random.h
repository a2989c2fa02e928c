// SPDX-License-Identifier: Apache-2.0
// Random bytes that are the same in every run: a counter, hashed.
#pragma once

#include <cstdint>
#include <string>

#include "gateway/base/crypto.h"

namespace gatehouse::testing {

class FixedRandom final : public Random {
  public:
    std::string bytes(std::size_t count) override {
        std::string result;
        while (result.size() < count)
            result += sha256("fixed" + std::to_string(next_++));
        result.resize(count);
        return result;
    }

  private:
    std::uint64_t next_ = 0;
};

}  // namespace gatehouse::testing

// SPDX-License-Identifier: Apache-2.0
// NumberSet: a set of numbers as ranges. Settlements that wait for the store are mostly consecutive, so that a million
// of them cost as much memory as one. Pure.
#pragma once

#include <cstdint>
#include <iterator>
#include <map>
#include <optional>

namespace gatehouse::store {

class NumberSet {
  public:
    bool empty() const { return ranges_.empty(); }
    std::uint64_t count() const {
        std::uint64_t sum = 0;
        for (const auto& [first, end] : ranges_)
            sum += end - first;
        return sum;
    }
    std::optional<std::uint64_t> least() const {
        if (ranges_.empty()) return std::nullopt;
        return ranges_.begin()->first;
    }
    bool contains(std::uint64_t number) const {
        const auto after = ranges_.upper_bound(number);
        return after != ranges_.begin() && std::prev(after)->second > number;
    }
    void insert(std::uint64_t number) {
        if (contains(number)) return;
        std::uint64_t first = number;
        std::uint64_t end = number + 1;
        const auto after = ranges_.upper_bound(number);
        if (after != ranges_.begin() && std::prev(after)->second == number) first = std::prev(after)->first;
        if (after != ranges_.end() && after->first == end) {
            end = after->second;
            ranges_.erase(after);
        }
        ranges_[first] = end;
    }
    void erase(std::uint64_t number) {
        if (!contains(number)) return;
        const auto range = std::prev(ranges_.upper_bound(number));
        const std::uint64_t end = range->second;
        if (range->first == number)
            ranges_.erase(range);
        else
            range->second = number;
        if (number + 1 < end) ranges_[number + 1] = end;
    }

  private:
    std::map<std::uint64_t, std::uint64_t> ranges_;  ///< first → one past the last; never touching
};

}  // namespace gatehouse::store

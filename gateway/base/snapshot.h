// SPDX-License-Identifier: Apache-2.0
// Snapshot<T>: the one way to share state between shards. Readers take an immutable value and keep it for the whole
// request (so a reload is never seen half-way); a reload stores a new one.
#pragma once

#include <atomic>
#include <memory>
#include <utility>

namespace gatehouse {

template <class T>
class Snapshot {
  public:
    explicit Snapshot(std::shared_ptr<const T> value) : value_(std::move(value)) {}
    std::shared_ptr<const T> load() const { return value_.load(std::memory_order_acquire); }
    void store(std::shared_ptr<const T> value) { value_.store(std::move(value), std::memory_order_release); }

  private:
    std::atomic<std::shared_ptr<const T>> value_;
};

}  // namespace gatehouse

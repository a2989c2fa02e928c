// SPDX-License-Identifier: Apache-2.0
// Snapshot<T>: the one way to share state between shards. Readers take an immutable value and keep it for the whole
// request (so a reload is never seen half-way); a reload stores a new one. A mutex rather than std::atomic<shared_ptr>:
// that of libstdc++ 12 takes a lock too, and load() gives it back with relaxed order, which does not keep its read of
// the pointer before the next store (the thread sanitizer reports it, and ARM may do it).
#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace gatehouse {

template <class T>
class Snapshot {
  public:
    explicit Snapshot(std::shared_ptr<const T> value) : value_(std::move(value)) {}
    std::shared_ptr<const T> load() const {
        const std::scoped_lock lock(mutex_);
        return value_;
    }
    /// The old value, if this was its last owner, ends outside the lock.
    void store(std::shared_ptr<const T> value) {
        const std::scoped_lock lock(mutex_);
        value_.swap(value);
    }

  private:
    mutable std::mutex mutex_;
    std::shared_ptr<const T> value_;
};

}  // namespace gatehouse

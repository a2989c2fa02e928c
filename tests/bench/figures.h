// SPDX-License-Identifier: Apache-2.0
// What a run of the load generator counts and prints: durations with exact quantiles, failures by their words, one
// JSON object. Written by round_trips and streams, read by run.py.
#pragma once

#include <sys/resource.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/bench/wire.h"

namespace gatehouse::bench {

/// Every duration is kept: a run has at most a few million, and a sorted vector has no error to explain.
class Durations {
  public:
    void add(std::int64_t ns) { values_.push_back(ns); }
    std::size_t count() const { return values_.size(); }

    /// `{"p50":…,"p99":…,"max":…}` in milliseconds, null when nothing was measured.
    std::string json() {
        if (values_.empty()) return "null";
        std::ranges::sort(values_);
        return text(R"({"p50":)", decimal(at(0.50), 4), R"(,"p99":)", decimal(at(0.99), 4), R"(,"max":)",
                    decimal(at(1.0), 4), "}");
    }

  private:
    double at(double quantile) const {
        const auto last = static_cast<double>(values_.size() - 1);
        return static_cast<double>(values_[static_cast<std::size_t>(quantile * last)]) / 1e6;
    }
    std::vector<std::int64_t> values_;
};

/// How often what went wrong.
class Failures {
  public:
    void add(const std::string& trouble) {
        ++count_;
        if (by_trouble_.size() < 20 || by_trouble_.contains(trouble)) ++by_trouble_[trouble];
    }
    std::int64_t count() const { return count_; }

    /// An object of counts by trouble. The words are our own, but for strerror's: no character needs escaping.
    std::string json() const {
        std::string out = "{";
        for (const auto& [trouble, count] : by_trouble_)
            out += text(out.size() > 1 ? "," : "", "\"", trouble, "\":", count);
        return out + "}";
    }

  private:
    std::int64_t count_ = 0;
    std::map<std::string, std::int64_t> by_trouble_;
};

/// CPU seconds of this process: near the wall time, the generator is what was measured.
inline double own_cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace gatehouse::bench

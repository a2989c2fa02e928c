// SPDX-License-Identifier: Apache-2.0
// Activity: what this process does right now, for operators: the requests under way, the last ones that ended, and how
// each upstream answered in the last minutes. In memory only and bounded; never holds a prompt or a completion. One
// part per shard behind a lock of its own that nobody but a reader contends for (docs/performance.md has what it
// costs); a reader goes from part to part. Another process has an Activity of its own.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/observe/journal.h"

namespace gatehouse::observe {

/// How far a request is.
enum class Stage : std::uint8_t {
    waiting,    ///< for the upstream's first byte
    streaming,  ///< the answer is on its way
    ended,
};

/// One request, as far as it is known. What the entry has no use for while the request is under way is empty.
struct RequestSeen {
    Instant started_at{};
    Stage stage = Stage::ended;
    Entry entry{};
};

/// Durations, in steps of a fifth from 5 ms on: a quantile is right to about a tenth.
class Durations {
  public:
    void add(std::chrono::milliseconds took);
    void add(const Durations& other);
    /// Nothing without a duration.
    std::optional<std::chrono::milliseconds> quantile(double share) const;

  private:
    static constexpr std::size_t steps = 64;  // up to eight minutes
    std::array<std::uint32_t, steps> counts_{};
    std::uint64_t total_ = 0;
};

struct UpstreamFailure {
    Instant at{};
    int status = 0;      ///< 0: no answer
    std::string reason;  ///< slug: why there was none, or that it broke off; empty when the status says it
};

struct UpstreamMinute {
    std::int64_t requests = 0;
    std::int64_t failures = 0;
    Durations first_byte;  ///< from asking to the head of a good answer
    Durations whole;       ///< to the end of one that came whole

    void add(const UpstreamMinute& other);
};

struct UpstreamSeen {
    std::vector<UpstreamMinute> minutes;  ///< oldest first; the last one is the present one
    std::optional<UpstreamFailure> last_failure;
    std::optional<Instant> last_success;

    UpstreamMinute sum() const;
};

/// One shard's part. Its methods are for that shard alone.
class ShardActivity {
  public:
    /// A request under way; ends when destroyed.
    class Live {
      public:
        Live(ShardActivity& home, RequestSeen seen);
        Live(const Live&) = delete;
        Live& operator=(const Live&) = delete;
        ~Live();

        void sent_to(std::string_view upstream, std::string_view model);
        void answered(std::int64_t first_byte_milliseconds);
        /// Every few bytes: takes no lock.
        void wrote(std::int64_t output_tokens) { output_tokens_.store(output_tokens, std::memory_order_relaxed); }

      private:
        friend class Activity;
        ShardActivity& home_;
        RequestSeen seen_;
        std::atomic<std::int64_t> output_tokens_{0};
        std::list<Live*>::iterator place_;
    };

    std::unique_ptr<Live> begin(RequestSeen seen) { return std::make_unique<Live>(*this, std::move(seen)); }
    /// Keeps it, in the place of the oldest.
    void ended(RequestSeen seen);

    void upstream_answered(const std::string& upstream, Instant now, std::chrono::milliseconds first_byte);
    void upstream_finished(const std::string& upstream, Instant now, std::chrono::milliseconds whole);
    void upstream_failed(const std::string& upstream, UpstreamFailure failure);
    /// An answer that had begun and broke off: the request is counted already.
    void upstream_broke_off(const std::string& upstream, UpstreamFailure failure);

  private:
    friend class Activity;
    struct Tally {
        std::array<UpstreamMinute, 15> minutes;  ///< by minute modulo their count
        std::int64_t newest = 0;                 ///< minutes since 1970
        std::optional<UpstreamFailure> last_failure;
        std::optional<Instant> last_success;

        /// That minute; those between the newest so far and it are empty.
        UpstreamMinute& at(Instant now);
    };

    std::mutex mutex_;
    std::list<Live*> live_;
    std::vector<RequestSeen> ended_;  ///< a ring
    std::size_t next_ = 0;
    std::map<std::string, Tally, std::less<>> upstreams_;
};

/// What somebody looks for among requests; what is empty is not looked at.
struct RequestFilter {
    std::string user;  ///< subject or e-mail address
    std::string model;
    std::string upstream;
    std::vector<std::string> statuses;  ///< as status_of gives it
    std::size_t limit = 100;
};

struct RequestsSeen {
    std::vector<RequestSeen> requests;  ///< under way first, each newest first
    std::size_t under_way = 0;          ///< whatever the filter
};

/// Thread-safe but for `shard`.
class Activity {
  public:
    static constexpr std::size_t kept_per_shard = 250;
    static constexpr std::chrono::minutes window{15};

    explicit Activity(std::size_t shards) : shards_(shards) {}

    ShardActivity& shard(std::size_t index) { return shards_.at(index); }
    RequestsSeen requests(const RequestFilter& filter, Instant now);
    UpstreamSeen upstream(std::string_view name, Instant now);

  private:
    std::vector<ShardActivity> shards_;
};

/// `waiting`, `streaming`, `succeeded`, `canceled` (the client left), `refused` (by us, and no upstream was asked) or
/// `failed`.
std::string_view status_of(const RequestSeen& seen);

}  // namespace gatehouse::observe

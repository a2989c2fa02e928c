// SPDX-License-Identifier: Apache-2.0
// Forwarder: hands telemetry batches on to the operator's collectors, behind the client's back: each destination has
// its own bounded queue and its own loop, so that one that is slow or down harms neither developers nor the others. One
// per shard; not thread-safe. Tries each batch once; when a queue is full its oldest batch goes, for recent telemetry
// is worth more. What is lost is counted, never logged with its content.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/http/client.h"
#include "gateway/http/message.h"
#include "gateway/observe/metrics.h"
#include "gateway/otlp/settings.h"

namespace gatehouse::otlp {

enum class Signal : std::uint8_t { metrics, logs, traces };

/// "metrics", as in the path "/v1/metrics".
std::string_view to_slug(Signal signal);

/// One export of one client. The body is shared by the queues it stands in.
struct Batch {
    Signal signal = Signal::metrics;
    std::string content_type;
    std::string content_encoding;  ///< empty: none
    std::shared_ptr<const http::Body> body;
};

/// Of one destination's queue and one attempt.
struct ForwardLimits {
    std::size_t batches = 256;
    std::size_t bytes = std::size_t{32} << 20U;
    std::chrono::milliseconds patience{10'000};
};

class Forwarder {
  public:
    /// `client` and `metrics` outlive it, and it outlives `run`.
    Forwarder(const boost::asio::any_io_executor& executor, const TelemetrySettings& settings, http::Client& client,
              observe::Metrics& metrics, ForwardLimits limits = {});
    Forwarder(const Forwarder&) = delete;
    Forwarder& operator=(const Forwarder&) = delete;
    ~Forwarder();

    /// Queues it for every destination that takes the signal; with none it is discarded. Never waits.
    void offer(const Batch& batch);
    /// Forwards until `stop`. Spawn it once.
    boost::asio::awaitable<void> run();
    /// Lets the exchanges under way end; what still waits is dropped and counted.
    void stop();

  private:
    class Channel;
    boost::asio::awaitable<void> run_from(std::size_t first);

    std::vector<std::unique_ptr<Channel>> channels_;
};

}  // namespace gatehouse::otlp

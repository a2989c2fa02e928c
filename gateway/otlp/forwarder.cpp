// SPDX-License-Identifier: Apache-2.0
#include "gateway/otlp/forwarder.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <utility>

#include "gateway/base/log.h"

namespace gatehouse::otlp {
namespace {

namespace asio = boost::asio;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t largest_answer = std::size_t{64} << 10U;

bool takes(const Destination& destination, Signal signal) {
    switch (signal) {
        case Signal::metrics:
            return destination.metrics;
        case Signal::logs:
            return destination.logs;
        case Signal::traces:
            return destination.traces;
    }
    return false;
}

}  // namespace

std::string_view to_slug(Signal signal) {
    switch (signal) {
        case Signal::metrics:
            return "metrics";
        case Signal::logs:
            return "logs";
        case Signal::traces:
            return "traces";
    }
    return "unknown";
}

/// One destination: its queue and the loop that empties it.
class Forwarder::Channel {
  public:
    Channel(const asio::any_io_executor& executor, Destination destination, http::Client& client,
            observe::Metrics& metrics, ForwardLimits limits)
        : destination_(std::move(destination)),
          name_(destination_.url.origin()),
          client_(client),
          metrics_(metrics),
          limits_(limits),
          wake_(executor, asio::steady_timer::time_point::max()) {
        while (destination_.url.path.ends_with('/'))
            destination_.url.path.pop_back();
    }

    void offer(const Batch& batch) {
        if (!takes(destination_, batch.signal)) return;
        if (stopping_ || batch.body->size() > limits_.bytes) return metrics_.otlp_batch(name_, "dropped");
        waiting_.push_back(batch);
        bytes_ += batch.body->size();
        while (waiting_.size() > limits_.batches || bytes_ > limits_.bytes)
            drop_oldest();
        wake_.cancel();
    }

    asio::awaitable<void> run() {
        while (!stopping_) {
            if (waiting_.empty()) {
                co_await wake_.async_wait(as_result);
                continue;
            }
            const Batch batch = std::move(waiting_.front());
            waiting_.pop_front();
            bytes_ -= batch.body->size();
            co_await deliver(batch);
        }
        while (!waiting_.empty())
            drop_oldest();
    }

    void stop() {
        stopping_ = true;
        wake_.cancel();
    }

  private:
    void drop_oldest() {
        bytes_ -= waiting_.front().body->size();
        waiting_.pop_front();
        metrics_.otlp_batch(name_, "dropped");
    }

    http::Outbound outbound_for(const Batch& batch) const {
        http::Outbound outbound;
        outbound.url = destination_.url;
        outbound.method = "POST";
        outbound.target = destination_.url.path + "/v1/" + std::string(to_slug(batch.signal));
        if (!destination_.url.query.empty()) outbound.target.append("?").append(destination_.url.query);
        if (!batch.content_type.empty()) outbound.headers.add("content-type", batch.content_type);
        if (!batch.content_encoding.empty()) outbound.headers.add("content-encoding", batch.content_encoding);
        for (const auto& [name, value] : destination_.headers)
            outbound.headers.set(name, value);
        outbound.body = {batch.body->view()};
        outbound.head_timeout = limits_.patience;
        outbound.idle_timeout = limits_.patience;
        return outbound;
    }

    /// One attempt. Whatever comes of it is only counted: the client was told 200 long ago.
    asio::awaitable<void> deliver(const Batch& batch) {
        using asio::experimental::awaitable_operators::operator||;
        const http::Outbound outbound = outbound_for(batch);
        asio::steady_timer timer(wake_.get_executor(), limits_.patience);
        const auto first = co_await (exchange(outbound) || timer.async_wait(as_result));
        const auto* result = std::get_if<0>(&first);
        metrics_.otlp_batch(name_, result != nullptr ? *result : "timed_out");
    }

    asio::awaitable<std::string_view> exchange(const http::Outbound& outbound) {
        const auto reply = co_await client_.send(outbound);
        if (!reply) {
            log::debug("telemetry not forwarded", {{"destination", name_}, {"error", describe(reply.error())}});
            co_return "failed";
        }
        const bool accepted = reply->status >= 200 && reply->status < 300;
        if (!accepted)
            log::debug("telemetry refused by its destination", {{"destination", name_}, {"status", reply->status}});
        // Read to its end the connection can carry the next batch.
        [[maybe_unused]] const auto rest = co_await http::read_all(*reply->body, largest_answer);
        co_return accepted ? "sent" : "refused";
    }

    Destination destination_;
    std::string name_;
    http::Client& client_;
    observe::Metrics& metrics_;
    ForwardLimits limits_;
    asio::steady_timer wake_;
    std::deque<Batch> waiting_;
    std::size_t bytes_ = 0;
    bool stopping_ = false;
};

Forwarder::Forwarder(const asio::any_io_executor& executor, const TelemetrySettings& settings, http::Client& client,
                     observe::Metrics& metrics, ForwardLimits limits) {
    for (const Destination& destination : settings.forward_to)
        channels_.push_back(std::make_unique<Channel>(executor, destination, client, metrics, limits));
}

Forwarder::~Forwarder() = default;

void Forwarder::offer(const Batch& batch) {
    for (const auto& channel : channels_)
        channel->offer(batch);
}

asio::awaitable<void> Forwarder::run() {
    if (!channels_.empty()) co_await run_from(0);
}

asio::awaitable<void> Forwarder::run_from(std::size_t first) {
    using asio::experimental::awaitable_operators::operator&&;
    if (first + 1 == channels_.size()) {
        co_await channels_[first]->run();
    } else {
        co_await (channels_[first]->run() && run_from(first + 1));
    }
}

void Forwarder::stop() {
    for (const auto& channel : channels_)
        channel->stop();
}

}  // namespace gatehouse::otlp

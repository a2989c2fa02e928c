// SPDX-License-Identifier: Apache-2.0
#include "gateway/observe/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <functional>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <utility>

namespace gatehouse::observe {
namespace {

const prometheus::Histogram::BucketBoundaries latency_buckets{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                                              0.5,   1,      2.5,   5,    10,    30,   60,  120};

/// Children of one family by their label values. Family::Add hashes labels under a mutex (127 ns); a shared
/// lock and one map look-up are enough on the request path.
template <class T>
class Children {
  public:
    using Labels = std::array<std::string, 2>;
    using Make = std::function<T&(const Labels&)>;
    explicit Children(Make make) : make_(std::move(make)) {}

    T& at(std::string_view first, std::string_view second = {}) {
        const std::pair<std::string_view, std::string_view> key{first, second};
        {
            const std::shared_lock lock(mutex_);
            if (const auto found = children_.find(key); found != children_.end()) return *found->second;
        }
        const std::unique_lock lock(mutex_);
        const Labels labels{std::string(first), std::string(second)};
        return *children_.emplace(std::pair{labels[0], labels[1]}, &make_(labels)).first->second;
    }

  private:
    struct Less {
        using is_transparent = void;
        template <class A, class B>
        bool operator()(const A& left, const B& right) const {
            const std::string_view left_first(left.first);
            const std::string_view right_first(right.first);
            if (left_first != right_first) return left_first < right_first;
            return std::string_view(left.second) < std::string_view(right.second);
        }
    };
    Make make_;
    std::shared_mutex mutex_;
    std::map<std::pair<std::string, std::string>, T*, Less> children_;
};

double seconds(std::chrono::nanoseconds span) {
    return std::chrono::duration<double>(span).count();
}

}  // namespace

struct Metrics::State {
    prometheus::Registry registry;

    prometheus::Family<prometheus::Counter>& counters(const char* name, const char* help) {
        return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
    }
    Children<prometheus::Counter> labelled(const char* name, const char* help, const char* first,
                                           const char* second = nullptr) {
        auto& family = counters(name, help);
        return Children<prometheus::Counter>([&family, first, second](const auto& values) -> prometheus::Counter& {
            prometheus::Labels labels{{first, values[0]}};
            if (second != nullptr) labels.emplace(second, values[1]);
            return family.Add(labels);
        });
    }
    Children<prometheus::Histogram> histogram(const char* name, const char* help, const char* label) {
        auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
        return Children<prometheus::Histogram>([&family, label](const auto& values) -> prometheus::Histogram& {
            return family.Add({{label, values[0]}}, latency_buckets);
        });
    }
    prometheus::Gauge& gauge(const char* name, const char* help) {
        return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
    }

    Children<prometheus::Counter> requests =
        labelled("gatehouse_http_requests_total", "Requests answered.", "route", "status");
    Children<prometheus::Histogram> request_seconds =
        histogram("gatehouse_http_request_seconds", "From the request's head to the end of its response.", "route");
    Children<prometheus::Counter> refusals =
        labelled("gatehouse_refusals_total", "Requests refused or failed, by reason.", "reason");
    prometheus::Gauge& connections = gauge("gatehouse_connections", "Open client connections.");
    prometheus::Counter& connections_total =
        counters("gatehouse_connections_total", "Client connections accepted.").Add({});
    prometheus::Counter& connections_refused =
        counters("gatehouse_connections_refused_total", "Client connections closed at the cap.").Add({});
    prometheus::Gauge& streams = gauge("gatehouse_streams", "Streamed responses under way.");
    Children<prometheus::Counter> upstream = labelled(
        "gatehouse_upstream_requests_total", "Upstream exchanges; status 0 is no answer.", "upstream", "status");
    Children<prometheus::Histogram> first_byte =
        histogram("gatehouse_upstream_first_byte_seconds", "Until the upstream's response head.", "upstream");
    Children<prometheus::Counter> tokens =
        labelled("gatehouse_tokens_total", "Tokens as the provider reported them.", "model", "kind");
    Children<prometheus::Counter> store_errors =
        labelled("gatehouse_store_errors_total", "Failed store operations.", "reason");
    prometheus::Gauge& store_up = gauge("gatehouse_store_up", "1 while the store answers.");
    Children<prometheus::Counter> sign_ins =
        labelled("gatehouse_sign_ins_total", "Sign-ins and refreshes.", "kind", "result");
    Children<prometheus::Counter> otlp =
        labelled("gatehouse_otlp_batches_total", "Telemetry batches forwarded.", "destination", "result");
    Children<prometheus::Counter> reloads =
        labelled("gatehouse_config_reloads_total", "Configuration reloads.", "result");
    Children<prometheus::Counter> policy_loads =
        labelled("gatehouse_policy_loads_total", "Stored policy versions taken over, or refused.", "result");
    Children<prometheus::Counter> webhooks =
        labelled("gatehouse_webhook_deliveries_total", "Attempts to tell a webhook of an alert.", "webhook", "result");
    prometheus::Gauge& webhooks_owed = gauge("gatehouse_webhook_deliveries_owed", "Alerts that wait for a webhook.");
    prometheus::Gauge& policy_version = gauge("gatehouse_policy_version", "The stored policy version in force.");
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

void Metrics::request_finished(std::string_view route, int status, std::chrono::nanoseconds took) {
    state_->requests.at(route, std::to_string(status)).Increment();
    state_->request_seconds.at(route).Observe(seconds(took));
}
void Metrics::refused(std::string_view reason) {
    state_->refusals.at(reason).Increment();
}
void Metrics::connection_opened() {
    state_->connections_total.Increment();
    state_->connections.Increment();
}
void Metrics::connection_closed() {
    state_->connections.Decrement();
}
void Metrics::connection_refused() {
    state_->connections_refused.Increment();
}
void Metrics::stream_opened() {
    state_->streams.Increment();
}
void Metrics::stream_closed() {
    state_->streams.Decrement();
}
void Metrics::upstream_finished(std::string_view upstream, int status) {
    state_->upstream.at(upstream, std::to_string(status)).Increment();
}
void Metrics::upstream_first_byte(std::string_view upstream, std::chrono::nanoseconds took) {
    state_->first_byte.at(upstream).Observe(seconds(took));
}
void Metrics::tokens(std::string_view model, std::string_view kind, std::int64_t count) {
    if (count > 0) state_->tokens.at(model, kind).Increment(static_cast<double>(count));
}
void Metrics::store_failed(std::string_view reason) {
    state_->store_errors.at(reason).Increment();
}
void Metrics::store_up(bool up) {
    state_->store_up.Set(up ? 1 : 0);
}
void Metrics::sign_in(std::string_view kind, std::string_view result) {
    state_->sign_ins.at(kind, result).Increment();
}
void Metrics::otlp_batch(std::string_view destination, std::string_view result) {
    state_->otlp.at(destination, result).Increment();
}
void Metrics::config_reloaded(bool good) {
    state_->reloads.at(good ? "applied" : "refused").Increment();
}

void Metrics::policies_loaded(bool good) {
    state_->policy_loads.at(good ? "applied" : "refused").Increment();
}
void Metrics::webhook(std::string_view name, std::string_view result) {
    state_->webhooks.at(name, result).Increment();
}
void Metrics::webhooks_owed(std::int64_t count) {
    state_->webhooks_owed.Set(static_cast<double>(count));
}
void Metrics::policy_version(std::int64_t version) {
    state_->policy_version.Set(static_cast<double>(version));
}

std::string Metrics::exposition() const {
    return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

}  // namespace gatehouse::observe

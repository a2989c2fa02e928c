// SPDX-License-Identifier: Apache-2.0
// Every metric of the process, declared once. Counters are cheap and thread-safe; the exposition text is made off the
// event loop (prometheus-cpp takes milliseconds for many histograms).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace gatehouse::observe {

class Metrics {
  public:
    Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;
    ~Metrics();

    /// gatehouse_http_requests_total{route,status}, gatehouse_http_request_seconds{route}
    void request_finished(std::string_view route, int status, std::chrono::nanoseconds took);
    /// gatehouse_refusals_total{reason}
    void refused(std::string_view reason);
    /// gatehouse_connections (gauge), gatehouse_connections_total, gatehouse_connections_refused_total
    void connection_opened();
    void connection_closed();
    void connection_refused();
    /// gatehouse_streams (gauge)
    void stream_opened();
    void stream_closed();
    /// gatehouse_upstream_requests_total{upstream,status}; status 0 is no answer
    void upstream_finished(std::string_view upstream, int status);
    /// gatehouse_upstream_first_byte_seconds{upstream}
    void upstream_first_byte(std::string_view upstream, std::chrono::nanoseconds took);
    /// gatehouse_tokens_total{model,kind}
    void tokens(std::string_view model, std::string_view kind, std::int64_t count);
    /// gatehouse_store_errors_total{reason}, gatehouse_store_up (gauge)
    void store_failed(std::string_view reason);
    void store_up(bool up);
    /// gatehouse_sign_ins_total{kind,result}
    void sign_in(std::string_view kind, std::string_view result);
    /// gatehouse_otlp_batches_total{destination,result}
    void otlp_batch(std::string_view destination, std::string_view result);
    /// gatehouse_config_reloads_total{result}
    void config_reloaded(bool good);
    /// gatehouse_policy_loads_total{result}, gatehouse_policy_version (gauge): 0 while the file holds the policies
    void policies_loaded(bool good);
    /// `result`: delivered, failed (and tried again), given_up.
    void webhook(std::string_view name, std::string_view result);
    void webhooks_owed(std::int64_t count);
    void policy_version(std::int64_t version);

    /// Prometheus text exposition format 0.0.4. Takes milliseconds: call it on the blocking pool.
    std::string exposition() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace gatehouse::observe

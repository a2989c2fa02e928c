// SPDX-License-Identifier: Apache-2.0
// What gateway.yaml's `listen`, `access_control`, `limits` and `timeouts` become.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gateway/base/cidr.h"

namespace gatehouse::net {

/// Fixed for the process's life.
struct ListenSettings {
    std::string host = "0.0.0.0";
    std::uint16_t port = 8080;  ///< 0: any free one
    std::string tls_cert;       ///< PEM path; empty: plain HTTP
    std::string tls_key;
};

/// May change on SIGHUP; a connection takes the snapshot of each request's start.
struct TrafficSettings {
    std::vector<Cidr> trusted_proxies;
    std::vector<Cidr> allow_cidrs;
    std::vector<Cidr> deny_cidrs;
    std::size_t max_request_bytes = std::size_t{32} << 20U;
    std::size_t max_header_bytes = std::size_t{256} << 10U;
    std::size_t max_header_lines = 150;
    std::size_t max_url_length = std::size_t{16} << 10U;
    std::size_t max_connections = 10'000;  ///< per process
    std::chrono::milliseconds header_timeout{10'000};
    /// The longest pause; the whole body may take 4 times as long plus 1 s per MiB.
    std::chrono::milliseconds body_timeout{30'000};
    std::chrono::milliseconds idle_timeout{75'000};
    std::chrono::milliseconds upstream_ttfb{120'000};
    std::chrono::milliseconds drain_grace{25'000};
};

}  // namespace gatehouse::net

// SPDX-License-Identifier: Apache-2.0
// The operator's endpoints: /healthz (the process runs), /readyz (it should get traffic), /metrics. No credential.
#pragma once

#include <atomic>

#include "auth/vault.h"
#include "gateway/base/blocking.h"
#include "gateway/http/router.h"
#include "gateway/observe/metrics.h"

namespace gatehouse {

/// References outlive the routes. One per shard.
class Health {
  public:
    Health(auth::Vault& vault, observe::Metrics& metrics, BlockingPool& pool, const std::atomic<bool>& draining)
        : vault_(vault), metrics_(metrics), pool_(pool), draining_(draining) {}

    void mount_probes(http::Router& router);
    void mount_metrics(http::Router& router);

  private:
    Task<http::Response> ready();
    Task<http::Response> metrics();

    auth::Vault& vault_;
    observe::Metrics& metrics_;
    BlockingPool& pool_;
    const std::atomic<bool>& draining_;
};

}  // namespace gatehouse

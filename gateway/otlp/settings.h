// SPDX-License-Identifier: Apache-2.0
// What gateway.yaml's `telemetry` becomes.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gateway/http/url.h"

namespace gatehouse::otlp {

struct Destination {
    http::Url url;  ///< base: "/v1/<signal>" is appended
    std::vector<std::pair<std::string, std::string>> headers;
    bool metrics = true;
    bool logs = false;
    bool traces = false;

    bool operator==(const Destination&) const = default;
};

struct TelemetrySettings {
    std::vector<Destination> forward_to;

    bool operator==(const TelemetrySettings&) const = default;
};

}  // namespace gatehouse::otlp

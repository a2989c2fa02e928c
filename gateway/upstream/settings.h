// SPDX-License-Identifier: Apache-2.0
// What one `upstreams` entry of gateway.yaml becomes.
#pragma once

#include <chrono>
#include <string>

#include "gateway/base/secret.h"
#include "gateway/http/url.h"

namespace gatehouse::upstream {

struct AnthropicSettings {
    std::string name = "anthropic";
    http::Url base_url;
    Secret api_key;      ///< sent as x-api-key; exactly one of the two is set
    Secret oauth_token;  ///< sent as Authorization: Bearer
    bool forward_user_identity = false;
};

}  // namespace gatehouse::upstream

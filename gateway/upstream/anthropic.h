// SPDX-License-Identifier: Apache-2.0
// Anthropic: the Provider for the Anthropic API and for proxies that speak it. Sends the organization's credential and
// nothing of the client's but what the Messages API itself needs; the answer's bytes are passed on as they are.
#pragma once

#include <memory>
#include <string>

#include "gateway/upstream/provider.h"
#include "gateway/upstream/settings.h"

namespace gatehouse::upstream {

class Anthropic final : public Provider {
  public:
    explicit Anthropic(AnthropicSettings settings);

    const std::string& name() const override { return settings_.name; }
    http::Outbound prepare(const Call& call) const override;
    std::unique_ptr<http::Source> decode(http::Reply& reply) const override;
    bool fails_over(int status) const override;

  private:
    std::string target_of(const Call& call) const;
    void add_credential(http::Headers& headers) const;
    void add_identity(http::Headers& headers, const Call& call) const;

    AnthropicSettings settings_;
    std::string authorization_;  ///< "Bearer …", empty with an API key
};

}  // namespace gatehouse::upstream

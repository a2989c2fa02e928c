// SPDX-License-Identifier: Apache-2.0
// Provider: what is particular about one upstream. A closed set (Anthropic now; Bedrock, Vertex and Foundry come behind
// the same three functions). No sockets: it turns a Call into an Outbound and a Reply's bytes into Anthropic's.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/result.h"
#include "gateway/http/client.h"
#include "gateway/http/headers.h"

namespace gatehouse::upstream {

/// One request on its way to one upstream. Views belong to the caller and outlive the exchange's head.
struct Call {
    std::string_view path;   ///< "/v1/messages" or "/v1/messages/count_tokens"
    std::string_view query;  ///< the client's, without the question mark
    std::string_view model;  ///< as this upstream calls it
    const http::Headers* client_headers = nullptr;
    std::vector<std::string_view> body;  ///< pieces, model already spliced
    bool drops_tags = false;             ///< request tags are not in `body`: their beta value goes too
    std::string_view subject;            ///< for forward_user_identity
    std::string_view email;
    std::chrono::milliseconds first_byte_timeout{120'000};
};

class Provider {
  public:
    virtual ~Provider() = default;
    virtual const std::string& name() const = 0;
    /// The outbound request with the organization's credential and none of the client's.
    virtual http::Outbound prepare(const Call& call) const = 0;
    /// The reply's body as Anthropic's bytes. Anthropic: the same source.
    virtual std::unique_ptr<http::Source> decode(http::Reply& reply) const = 0;
    /// Whether this status means "try the next upstream".
    virtual bool fails_over(int status) const = 0;
};

}  // namespace gatehouse::upstream

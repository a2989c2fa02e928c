// SPDX-License-Identifier: Apache-2.0
// What a client asks of a gateway's OAuth endpoints: its metadata, a device authorization, tokens, a revocation. Called
// by commands.cpp. Believes nothing: endpoints must be the gateway's own, and what will be shown in a terminal or
// printed as a token holds no control characters.
#pragma once

#include <chrono>
#include <string>
#include <variant>

#include "gateway/base/task.h"
#include "gateway/http/client.h"
#include "gateway/http/url.h"

namespace gatehouse::cli {

/// Absolute addresses below the gateway's origin (RFC 8414).
struct Endpoints {
    std::string device_authorization;
    std::string token;
    std::string revocation;  ///< empty: not offered
};

struct DeviceAuthorization {
    std::string device_code;
    std::string user_code;
    std::string verification_uri;
    std::string verification_uri_complete;  ///< may be empty
    std::string notice;                     ///< the gateway's `login_notice`, may be empty
    std::chrono::seconds expires_in{0};
    std::chrono::seconds interval{5};
};

struct Tokens {
    std::string access_token;
    std::string refresh_token;  ///< empty: none was given
    std::chrono::seconds expires_in{0};
};

/// The gateway said no, in OAuth's words (RFC 6749, section 5.2; RFC 8628, section 3.5).
struct Refused {
    std::string error;
    std::string why;  ///< may be empty
};

using TokenAnswer = std::variant<Tokens, Refused>;

/// The gateway's own address from what a person typed: https, or http to this machine; no path.
Result<http::Url> parse_gateway_url(std::string text);

/// One person's conversation with one gateway. Keeps a reference to the client.
class OauthClient {
  public:
    OauthClient(http::Client& client, std::string user_agent) : client_(client), user_agent_(std::move(user_agent)) {}

    Task<Endpoints> discover(http::Url gateway);
    Task<DeviceAuthorization> authorize_device(std::string endpoint);
    /// Errors are those of the network and of answers that make no sense; a no is a value.
    Task<TokenAnswer> poll(std::string endpoint, std::string device_code);
    Task<TokenAnswer> refresh(std::string endpoint, std::string refresh_token);
    Task<> revoke(std::string endpoint, std::string token);

  private:
    struct Answer;
    using Fields = std::vector<std::pair<std::string, std::string>>;
    Task<Answer> post(std::string endpoint, Fields fields);
    Task<Answer> exchange(const http::Outbound& outbound);
    Task<TokenAnswer> ask_for_tokens(std::string endpoint, Fields fields);

    http::Client& client_;
    std::string user_agent_;
};

}  // namespace gatehouse::cli

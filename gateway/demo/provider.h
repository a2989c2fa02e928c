// SPDX-License-Identifier: Apache-2.0
// DemoProvider: the routes of an Anthropic provider that answers by itself, for `gatehouse demo` and nothing else.
// demo_app.cpp serves it on its own loopback listener. It refuses every key but the one it was made with.
#pragma once

#include <chrono>
#include <string>

#include "gateway/base/secret.h"
#include "gateway/base/task.h"
#include "gateway/http/body.h"
#include "gateway/http/router.h"

namespace gatehouse::demo {

class DemoProvider {
  public:
    /// `pace` is the pause between two events of a stream.
    explicit DemoProvider(std::string api_key, std::chrono::milliseconds pace = std::chrono::milliseconds{15});

    /// Adds the routes and the fallback. The router must not outlive this.
    void mount(http::Router& router);

  private:
    Task<> messages(http::Request& request, http::BodyReader& reader, http::Responder& client);
    Task<> count_tokens(http::Request& request, http::BodyReader& reader, http::Responder& client);
    Task<http::Response> models(http::Request& request);
    Result<> admit(const http::Headers& headers) const;

    Secret api_key_;
    std::chrono::milliseconds pace_;
};

}  // namespace gatehouse::demo

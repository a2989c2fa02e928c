// SPDX-License-Identifier: Apache-2.0
// ModelsRoute: GET /v1/models and /v1/models/{id}, the catalogue as the caller's policy allows it, in the shape and
// with the pagination of Anthropic's Models API. Mounted by services.cpp, one per shard. Never redirects: Claude Code
// follows none.
#pragma once

#include <functional>
#include <string_view>

#include "auth/authenticator.h"
#include "gateway/base/task.h"
#include "gateway/http/router.h"
#include "gateway/observe/journal.h"
#include "policy/rules.h"

namespace gatehouse::messages {

/// References outlive the route.
struct ModelsParts {
    auth::Authenticator& authenticator;
    std::function<policy::RulesPtr()> rules;
    observe::Journal& journal;
};

class ModelsRoute {
  public:
    explicit ModelsRoute(ModelsParts parts) : parts_(std::move(parts)) {}
    ModelsRoute(const ModelsRoute&) = delete;
    ModelsRoute& operator=(const ModelsRoute&) = delete;

    /// Adds the two routes. The router keeps a reference to this.
    void mount(http::Router& router);

  private:
    Task<http::Response> handle(http::Request& request, const auth::IdentityPtr& identity);

    ModelsParts parts_;
};

/// One page for a caller under `policy` (null: none). Without `limit` it is the whole list, up to 1000: clients that
/// discover models read one page only. Faults: bad_request naming the parameter.
Result<http::Response> list_models(const policy::Rules& rules, const policy::Policy* policy, std::string_view query);

/// One model, by any spelling that a request could use. Faults: not_found, also for what the policy does not allow.
Result<http::Response> show_model(const policy::Rules& rules, const policy::Policy* policy,
                                  std::string_view encoded_id);

}  // namespace gatehouse::messages

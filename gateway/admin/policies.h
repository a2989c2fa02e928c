// SPDX-License-Identifier: Apache-2.0
// PoliciesRoute: /v1/organizations/policies, where admins read and change the policies, see what a change would do
// before it is made, and go back to an earlier version (docs/policies.md). Mounted by services.cpp, one per shard. When
// gateway.yaml holds the policies it shows them and changes nothing.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/admin/gate.h"
#include "gateway/admin/policy_versions.h"
#include "gateway/base/task.h"
#include "gateway/http/router.h"
#include "gateway/observe/journal.h"
#include "policy/policy_version.h"
#include "policy/principal.h"
#include "policy/rules.h"

namespace gatehouse::admin {

/// What this process decides by, as of one moment.
struct PolicyStanding {
    policy::PolicySource source = policy::PolicySource::file;
    std::shared_ptr<const policy::RulesSpec> file;  ///< what gateway.yaml says, its own policies included
    policy::RulesPtr rules;                         ///< those in force
    std::int64_t version = 0;                       ///< that they were made from; 0: from the file
};

/// Where this process has its policies. References outlive the route.
struct PoliciesHere {
    PolicyVersions& versions;
    std::function<PolicyStanding()> standing;
    /// Puts a version that was just written in force here, before its author is answered.
    std::function<void(policy::PolicyVersionPtr)> take;
};

struct PoliciesParts {
    Gate& gate;
    PoliciesHere here;
    /// Everybody who has been seen at work.
    std::function<Task<std::vector<policy::Principal>>()> people;
    observe::Journal& journal;
};

class PoliciesRoute {
  public:
    explicit PoliciesRoute(PoliciesParts parts) : parts_(std::move(parts)) {}
    PoliciesRoute(const PoliciesRoute&) = delete;
    PoliciesRoute& operator=(const PoliciesRoute&) = delete;

    /// Adds the routes. The router keeps a reference to this.
    void mount(http::Router& router);

  private:
    struct Change;

    void add(http::Router& router, std::string method, std::string path, http::Guarded handler, std::size_t max_body);
    Task<http::Response> show(http::Request& request);
    Task<http::Response> replace(http::Request& request, const Caller& caller);
    Task<http::Response> roll_back(http::Request& request, const Caller& caller);
    Task<http::Response> list(http::Request& request);
    Task<http::Response> below_versions(http::Request& request);
    Result<> check_editable() const;
    Task<http::Response> make(http::Request& request, Change change);
    Task<http::Response> dry_run(http::Request& request, Change change, policy::PolicyVersionPtr base,
                                 policy::RulesPtr rules);
    Task<policy::PolicyVersionPtr> find(std::int64_t number);
    Task<policy::PolicyVersionPtr> present();
    Task<http::Response> compare(http::Request& request, policy::PolicyVersionPtr version);

    PoliciesParts parts_;
};

}  // namespace gatehouse::admin

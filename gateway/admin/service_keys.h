// SPDX-License-Identifier: Apache-2.0
// ServiceKeysRoute: /v1/organizations/service_keys, where admins make, change, rotate and revoke the keys of programs.
// A secret is in the answer that made it and nowhere else: the records hold its hash, the audit trail not even that.
// Mounted by services.cpp, one per shard. What a key then is to requests is the Authenticator's.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "auth/service_key.h"
#include "auth/vault.h"
#include "gateway/admin/gate.h"
#include "gateway/admin/service_key_order.h"
#include "gateway/base/crypto.h"
#include "gateway/http/router.h"
#include "policy/records.h"
#include "policy/rules.h"

namespace gatehouse::admin {

/// References outlive the route.
struct ServiceKeysParts {
    Gate& gate;
    policy::Records& records;
    auth::Vault& vault;
    std::function<std::shared_ptr<const AdminSettings>()> settings;
    observe::Journal& journal;
    const Clock& clock;
    Random& random;
    std::function<policy::RulesPtr()> rules;
};

class ServiceKeysRoute {
  public:
    explicit ServiceKeysRoute(ServiceKeysParts parts) : parts_(std::move(parts)) {}
    ServiceKeysRoute(const ServiceKeysRoute&) = delete;
    ServiceKeysRoute& operator=(const ServiceKeysRoute&) = delete;

    /// Adds the routes. The router keeps a reference to this.
    void mount(http::Router& router);

  private:
    struct Change;
    void add(http::Router& router, std::string method, std::string path, http::Guarded handler);

    Task<http::Response> list(http::Request& request);
    Task<http::Response> create(http::Request& request, const Caller& caller);
    Task<http::Response> get(http::Request& request);
    Task<http::Response> post(http::Request& request, const Caller& caller);
    Task<http::Response> update(http::Request& request, Caller caller);
    Task<http::Response> rotate(http::Request& request, Caller caller, std::string id);
    Task<http::Response> revoke(http::Request& request, const Caller& caller);

    Task<std::vector<auth::ServiceKey>> everything();
    Task<auth::ServiceKey> find(std::string id);
    Task<auth::ServiceKey> change(Change change);
    Task<auth::ServiceKey> remove(std::string id, std::string actor);
    Task<> check_groups(const http::Request& request, Caller caller, ServiceKeyOrder order);
    Task<http::Response> answer(const http::Request& request, auth::ServiceKey key, std::string secret);
    void note(std::string_view event, const http::Request& request, const Caller& caller,
              const auth::ServiceKey& key) const;

    ServiceKeysParts parts_;
};

/// The change that stores a new key, with its audit row, which has no hash.
policy::RecordWrite key_creation(const auth::ServiceKey& key, std::string actor, std::string reason, Instant now);
/// A record as requests will meet it, for the Authenticator. What cannot be read is logged and left out.
std::vector<auth::ServiceKey> read_service_keys(const policy::Documents& documents);

}  // namespace gatehouse::admin

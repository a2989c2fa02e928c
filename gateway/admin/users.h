// SPDX-License-Identifier: Apache-2.0
// UsersRoute: /v1/organizations/users, for admins: who was seen here, what holds for them, and what they are signed in
// with. Ends single sessions and personal keys, or all of somebody's; the vault tells every replica. Whoever may sign
// in is the identity provider's to say: what is ended here can be begun anew there. Mounted by admin_api.cpp, one per
// shard.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/vault.h"
#include "gateway/admin/gate.h"
#include "gateway/http/router.h"
#include "policy/rollups.h"
#include "policy/rules.h"

namespace gatehouse::admin {

/// What stands behind /v1/organizations/users/.
struct UserPath {
    std::string user;
    std::string list;  ///< "sessions", "keys", "end_sessions" or empty
    std::string item;  ///< one of the list; or empty

    bool operator==(const UserPath&) const = default;
};
/// Ids come percent-encoded. Nothing when it is no path of this route.
std::optional<UserPath> parse_user_path(std::string_view path);

/// References outlive the route.
struct UsersParts {
    Gate& gate;
    policy::Rollups& rollups;
    policy::Records& records;
    auth::Vault& vault;
    std::function<policy::RulesPtr()> rules;
    std::function<std::shared_ptr<const AdminSettings>()> settings;
    observe::Journal& journal;
    const Clock& clock;
};

class UsersRoute {
  public:
    explicit UsersRoute(UsersParts parts) : parts_(std::move(parts)) {}
    UsersRoute(const UsersRoute&) = delete;
    UsersRoute& operator=(const UsersRoute&) = delete;

    /// Adds the routes. The router keeps a reference to this.
    void mount(http::Router& router);

  private:
    struct Ended;
    void add(http::Router& router, std::string method, std::string path, http::Guarded handler);

    Task<http::Response> list(http::Request& request);
    Task<http::Response> get(http::Request& request);
    Task<http::Response> post(http::Request& request, const Caller& caller);
    Task<http::Response> remove(http::Request& request, const Caller& caller);

    Task<http::Response> end_sessions(http::Request& request, Caller caller, std::string user);
    Task<> end_session(std::string user, std::string id, Ended& ended);
    Task<> revoke_key(std::string user, std::string id, Ended& ended);
    Task<> end_all(std::string user, bool keys_too, Ended& ended);

    Task<policy::Principal> find(std::string user);
    Task<boost::json::array> rows(std::vector<policy::Principal> people);
    Task<> note(const http::Request& request, const Caller& caller, policy::AuditEvent event, const Ended& ended);

    UsersParts parts_;
};

}  // namespace gatehouse::admin

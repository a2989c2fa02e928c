// SPDX-License-Identifier: Apache-2.0
// Gate: who administers. It stands before every endpoint of this room: `guard` puts its question around a handler, and
// what it makes is the only thing that a route takes. It writes down what it refuses. A caller shows an
// `x-api-key` of `admin.read_keys` or `admin.write_keys`, or the bearer credential or the browser session of a person
// in `admin.admin_groups` (everything) or `admin.finance_groups` (reading spend). A key that is shown and wrong is not
// rescued by a good token. A service key never administers, whatever its groups are.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/authenticator.h"
#include "gateway/admin/settings.h"
#include "gateway/base/clock.h"
#include "gateway/base/task.h"
#include "gateway/http/access.h"
#include "gateway/http/message.h"
#include "gateway/observe/journal.h"
#include "policy/records.h"

namespace gatehouse::admin {

/// What an endpoint needs, least first. Each includes those before it.
enum class Right : std::uint8_t {
    read_spend,     ///< figures of money and use, and the names they belong to
    read_settings,  ///< policies, keys, the audit trail
    write,
};

struct Caller {
    std::string actor;  ///< "admin-key:<id>" or "oidc:<sub>", as the audit trail names it
    Right right = Right::read_spend;
    auth::IdentityPtr identity;  ///< of a person; null for a key
};

struct GateParts {
    auth::Authenticator& authenticator;
    std::function<std::shared_ptr<const AdminSettings>()> settings;
    policy::Records& records;
    observe::Journal& journal;
    const Clock& clock;
    /// Whose browser session it is (auth::SignIn::identify_browser); none: cookies are not looked at.
    std::function<Task<auth::IdentityPtr>(const http::Request&)> browser = {};
};

/// `Endpoints` is the room's part that a step belongs to; most steps need not know who calls.
template <class Endpoints>
using Step = Task<http::Response> (Endpoints::*)(http::Request&);
template <class Endpoints>
using CallerStep = Task<http::Response> (Endpoints::*)(http::Request&, const Caller&);
template <class Endpoints>
using PersonStep = Task<http::Response> (Endpoints::*)(http::Request&, const auth::Identity&);

class Gate {
  public:
    explicit Gate(GateParts parts) : parts_(std::move(parts)) {}

    /// For who has that right. `scope`, a literal, completes the refusal: `requires write:<scope>`. Faults:
    /// unauthenticated (admin_credentials_invalid), forbidden (admin_right_missing; a refused attempt to write is in
    /// the audit trail as `<scope>.denied`).
    template <class Endpoints>
    http::Guarded guard(Right right, std::string_view scope, Endpoints* endpoints, Step<Endpoints> step) {
        return guard(right, scope, [=](http::Request& request, const Caller&) { return (endpoints->*step)(request); });
    }
    template <class Endpoints>
    http::Guarded guard(Right right, std::string_view scope, Endpoints* endpoints, CallerStep<Endpoints> step) {
        return guard(right, scope,
                     [=](http::Request& request, const Caller& caller) { return (endpoints->*step)(request, caller); });
    }
    http::Guarded guard_stream(Right right, std::string_view scope, http::StreamHandler handler);

    /// For whoever is signed in, for what is their own. `who` is signed_in, person or browser. A refusal is audited.
    template <class Endpoints>
    http::Guarded guard(http::Access who, Endpoints* endpoints, PersonStep<Endpoints> step) {
        return guard(who, [=](http::Request& request, const auth::Identity& identity) {
            return (endpoints->*step)(request, identity);
        });
    }

  private:
    using CallerHandler = std::function<Task<http::Response>(http::Request&, const Caller&)>;
    using PersonHandler = std::function<Task<http::Response>(http::Request&, const auth::Identity&)>;

    http::Guarded guard(Right right, std::string_view scope, CallerHandler handler);
    http::Guarded guard(http::Access who, PersonHandler handler);
    Task<http::Response> serve(http::Request& request, Right right, std::string_view scope,
                               const CallerHandler& handler);
    Task<http::Response> serve(http::Request& request, http::Access who, const PersonHandler& handler);
    Task<> stream(http::Request& request, http::BodyReader& body, http::Responder& client, Right right,
                  std::string_view scope, const http::StreamHandler& handler);
    Task<Caller> admit(const http::Request& request, Right right, std::string_view scope);
    Task<auth::IdentityPtr> person(const http::Request& request, http::Access who);
    Task<auth::IdentityPtr> look(const http::Request& request);
    Task<Caller> identify(const http::Request& request);

    GateParts parts_;
};

/// The right that membership of these groups gives, if any.
std::optional<Right> right_of(const AdminSettings& settings, const std::vector<std::string>& groups);
/// "admin", "finance" or "developer".
std::string_view role_of(const AdminSettings& settings, const std::vector<std::string>& groups);

}  // namespace gatehouse::admin

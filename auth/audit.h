// SPDX-License-Identifier: Apache-2.0
// The audit lines about credentials, in one shape: result, reason, who, from where, for which request. Called by every
// endpoint of this room and by the routes that want an Identity. Takes no secret and no detail text: the log has those.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/authenticator.h"
#include "auth/identity.h"
#include "gateway/base/error.h"
#include "gateway/http/access.h"
#include "gateway/http/message.h"
#include "gateway/observe/journal.h"

namespace gatehouse::auth {

using AuditFields = std::vector<std::pair<std::string_view, std::string>>;

/// `name` must be a literal: the event keeps a view of it.
void audit_success(observe::Journal& journal, std::string_view name, const http::Request& request, const Person& person,
                   AuditFields more = {});
/// `person` is empty where nobody is known yet.
void audit_failure(observe::Journal& journal, std::string_view name, const http::Request& request, const Error& error,
                   const Person& person = {}, AuditFields more = {});

using CredentialHandler = std::function<Task<http::Response>(http::Request&, const IdentityPtr&)>;

/// A route for whoever shows a valid credential; what is refused is audited. Both references outlive the route.
http::Guarded guard_credential(Authenticator& authenticator, observe::Journal& journal, CredentialHandler handler);

/// Who asks, with an `auth.denied` line when that is nobody. For the routes that write no line of their own.
Task<IdentityPtr> identify_audited(Authenticator& authenticator, observe::Journal& journal,
                                   const http::Request& request);

}  // namespace gatehouse::auth

// SPDX-License-Identifier: Apache-2.0
#include "auth/audit.h"

#include <iterator>

#include "gateway/base/text.h"

namespace gatehouse::auth {
namespace {

/// Unknown paths are audited too, and a stranger writes those.
constexpr std::size_t longest_path = 200;

void write(observe::Journal& journal, std::string_view name, const http::Request& request, const Person& person,
           AuditFields fields, AuditFields more) {
    fields.emplace_back("sub", person.subject);
    fields.emplace_back("email", person.email);
    fields.emplace_back("address", request.peer.address);
    fields.emplace_back("path", printable(request.path, longest_path));
    fields.emplace_back("request_id", request.id);
    std::move(more.begin(), more.end(), std::back_inserter(fields));
    journal.write(observe::SecurityEvent{name, std::move(fields)});
}

Task<http::Response> serve_identified(Authenticator& authenticator, observe::Journal& journal,
                                      const CredentialHandler& handler, http::Request& request) {
    const auto identity = co_await identify_audited(authenticator, journal, request);
    if (!identity) co_return fail(identity.error());
    auto response = co_await handler(request, *identity);
    co_return response;
}

}  // namespace

void audit_success(observe::Journal& journal, std::string_view name, const http::Request& request, const Person& person,
                   AuditFields more) {
    write(journal, name, request, person, {{"result", "success"}}, std::move(more));
}

void audit_failure(observe::Journal& journal, std::string_view name, const http::Request& request, const Error& error,
                   const Person& person, AuditFields more) {
    write(journal, name, request, person, {{"result", "fail"}, {"reason", std::string(to_slug(error.reason))}},
          std::move(more));
}

Task<IdentityPtr> identify_audited(Authenticator& authenticator, observe::Journal& journal,
                                   const http::Request& request) {
    auto identity = co_await authenticator.identify(request);
    if (!identity) audit_failure(journal, "auth.denied", request, identity.error());
    co_return identity;
}

http::Guarded guard_credential(Authenticator& authenticator, observe::Journal& journal, CredentialHandler handler) {
    http::ReplyHandler guarded = [&authenticator, &journal, handler = std::move(handler)](http::Request& request) {
        return serve_identified(authenticator, journal, handler, request);
    };
    return {http::Access::credential, std::move(guarded)};
}

}  // namespace gatehouse::auth

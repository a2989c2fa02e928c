// SPDX-License-Identifier: Apache-2.0
// Browser sessions: the cookie that /access and its forms work with. A fresh id and cookie at each sign-in, 8 hours
// idle, 24 hours in all. Called by login.cpp, access.cpp and keys.cpp. Never used for requests to the model: those
// carry a bearer credential.
#pragma once

#include <optional>
#include <string>

#include "auth/sign_in.h"
#include "auth/vault.h"
#include "gateway/http/message.h"

namespace gatehouse::auth {

class BrowserSessions {
  public:
    explicit BrowserSessions(const SignInParts& parts) : parts_(parts) {}

    /// Stores a new session, ends the one this browser had, and adds the cookie to `response`.
    Task<Session> begin(Person person, const http::Request& request, http::Response& response) const;
    /// The session of this request's cookie, if it still holds.
    Task<std::optional<Session>> find(const http::Request& request) const;
    /// What every form of a signed-in person begins with: our own page sent it, and the session holds. Faults:
    /// forbidden (cross_site), unauthenticated (session_revoked); both are audited as auth.denied.
    Task<Session> admit_form(const http::Request& request) const;
    /// The session of a call to the API that shows nothing but the cookie. Every such call carries the header
    /// `x-gatehouse-console`, which no form and no simple cross-site request can send; one that changes something must
    /// also come from our own page. Faults: as admit_form, and unauthenticated (token_missing) without a cookie or the
    /// header. Writes no audit line: who asks does.
    Task<Session> admit_call(const http::Request& request) const;
    /// Adds what makes the browser forget the cookie.
    void forget(http::Response& response) const;

  private:
    std::string cookie() const;
    const SignInParts& parts_;
};

/// Of whatever kind; false: there is none of that id, or it is not theirs.
Task<bool> end_session_of(Vault& vault, std::string subject, std::string id);
/// The same. Faults: not_found, in words for the person, when it is not theirs.
Task<> end_own_session(Vault& vault, std::string subject, std::string id);

/// What a program calls itself, fit for a record: printable ASCII, at most 200 bytes.
std::string client_name(const http::Headers& headers);

}  // namespace gatehouse::auth

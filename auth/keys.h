// SPDX-License-Identifier: Apache-2.0
// Personal keys, for tools that cannot sign in: POST /access/keys (create; the secret is in that one answer and nowhere
// else) and POST /access/keys/revoke. Mounted by sign_in.cpp; the list is on /access. Using a key is the
// Authenticator's.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "auth/session.h"
#include "auth/sign_in.h"
#include "gateway/http/message.h"

namespace gatehouse::auth {

struct KeyWish {
    std::string name;
    std::chrono::days lifetime{0};
};

/// A key that was just stored, and its secret, which nobody can find out again.
struct NewKey {
    PersonalKey key;
    std::string secret;
};

/// Faults: bad_request, in words for the person. `days` as it was typed.
Result<KeyWish> parse_key_wish(std::string_view name, std::string_view days);
/// Faults: conflict, when they have as many as anybody may.
Task<NewKey> create_key(Vault& vault, Random& random, Person person, KeyWish wish, Instant now);
/// Faults: not_found, in words for the person, when it is not theirs.
Task<> revoke_own_key(Vault& vault, std::string subject, std::string id);

class KeyEndpoints {
  public:
    KeyEndpoints(const SignInParts& parts, const BrowserSessions& sessions) : parts_(parts), sessions_(sessions) {}

    Task<http::Response> create(http::Request& request, const Session& mine) const;
    Task<http::Response> revoke(http::Request& request, const Session& mine) const;

  private:
    const SignInParts& parts_;
    const BrowserSessions& sessions_;
};

}  // namespace gatehouse::auth

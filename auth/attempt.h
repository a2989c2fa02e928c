// SPDX-License-Identifier: Apache-2.0
// The part that device and browser sign-in share: one browser sent to the identity provider and proven to be the same
// browser when it comes back. Called by device.cpp and login.cpp. Grants nothing.
#pragma once

#include <string>
#include <string_view>

#include "auth/sign_in.h"
#include "auth/vault.h"
#include "gateway/http/message.h"

namespace gatehouse::auth {

/// `gw_dev`, or `__Host-gw_dev` on https.
std::string attempt_cookie_name(const SignInSettings& settings);
/// Where the identity provider sends the browser back to.
std::string callback_url(const SignInSettings& settings);
/// What redeem must repeat of the authorization request.
AuthorizationRequest to_authorization(const Attempt& attempt, const SignInSettings& settings);

/// Stores a fresh attempt and redirects to the identity provider. Only `return_to` and `device_hash` of `purpose` are
/// kept.
Task<http::Response> send_to_provider(const SignInParts& parts, Attempt purpose);
/// Prove, then spend: the attempt that `state` names, once, and only for the browser that began it. Faults: forbidden
/// (state_mismatch), bad_request (attempt_unknown).
Task<Attempt> take_proven_attempt(const SignInParts& parts, const http::Request& request, std::string state);

/// Whether `text` is a path of this site that may follow a sign-in: no other host, however a browser reads it.
bool is_own_path(std::string_view text);

}  // namespace gatehouse::auth

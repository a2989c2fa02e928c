// SPDX-License-Identifier: Apache-2.0
// A personal key may do what its owner may. It never signs in itself, so that whenever the identity provider speaks
// about its owner (a sign-in, a refresh) the owner's keys take over what it says. Called by the callback and by
// refresh.
#pragma once

#include "auth/identity.h"
#include "auth/sign_in.h"
#include "gateway/base/error.h"
#include "gateway/http/message.h"

namespace gatehouse::auth {

/// Writes the person's present e-mail, name and groups into their keys. A store that fails is logged: the sign-in that
/// brought the news goes on. Other replicas follow within a minute (their cache asks the vault again).
boost::asio::awaitable<void> update_keys(const SignInParts& parts, Person person);

/// Revokes every key of somebody whom our own rules no longer admit (group, domain, unverified e-mail). Does nothing
/// for other reasons: an expired refresh token says nothing about the person.
boost::asio::awaitable<void> end_keys_of_refused(const SignInParts& parts, const http::Request& request, Person person,
                                                 Reason reason);

}  // namespace gatehouse::auth

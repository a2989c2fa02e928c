// SPDX-License-Identifier: Apache-2.0
// What an id_token's claims must say (OpenID Connect Core 1.0, section 3.1.3.7), who they are about, and whether that
// person may sign in. Pure; called by oidc.cpp. Says nothing about signatures: see id_token.h. Every refusal names its
// claim in `detail`, for the audit log; `message` is for the person.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/identity.h"
#include "auth/settings.h"
#include "gateway/base/clock.h"
#include "gateway/base/json.h"
#include "gateway/base/result.h"

namespace gatehouse::auth {

struct ExpectedClaims {
    std::string issuer;
    std::string client_id;
    std::vector<std::string> additional_authorized_parties;
    std::optional<std::string> nonce;    ///< as sent; nothing on refresh, where OpenID Connect asks for none
    std::optional<std::string> subject;  ///< on refresh: it must be the same person
    std::chrono::seconds clock_skew{0};
};

/// iss, sub, aud, azp, exp, nbf, iat, nonce, email_verified. Faults: forbidden with claims_invalid or
/// email_unverified.
Result<> check_claims(const json::bj::value& claims, const ExpectedClaims& expected, Instant now);

/// `at_hash` binds the access token (Core, section 3.1.3.6). Optional in the code flow; checked when present and the
/// algorithm is one of the 256-bit ones. For 384 and 512 it is not: the token came from the provider's own token
/// endpoint in the same answer, so the claim only repeats what TLS already proves.
Result<> check_access_token_hash(const json::bj::value& claims, std::string_view alg, std::string_view access_token);

/// Claims that are missing, of another type or unreasonably long are left empty. The subject is taken as checked.
Person person_of(const json::bj::value& claims, const OidcSettings& settings);

/// Completes what the id_token left empty; what it said stays. The answer must be about the same subject.
Result<> fill_gaps(Person& person, const json::bj::value& userinfo, const OidcSettings& settings);

/// Whether this person may sign in: allowed_email_domains, allowed_groups. Faults: forbidden with domain_not_allowed or
/// group_not_allowed.
Result<> admit(const Person& person, const OidcSettings& settings);

}  // namespace gatehouse::auth

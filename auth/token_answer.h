// SPDX-License-Identifier: Apache-2.0
// What a token endpoint's answer means (RFC 6749, sections 5.1 and 5.2). Pure; called by oidc.cpp.
#pragma once

#include <string>

#include "auth/provider.h"
#include "gateway/base/result.h"

namespace gatehouse::auth {

struct TokenAnswer {
    std::string id_token;
    std::string access_token;   ///< may be empty
    std::string refresh_token;  ///< may be empty
};

/// Faults: forbidden/idp_refused when the provider says that this person, code or refresh token is not good (any more);
/// unavailable for everything else, our own misconfiguration included, because that must not end anybody's session.
Result<TokenAnswer> parse_token_answer(const ProviderAnswer& answer);

}  // namespace gatehouse::auth

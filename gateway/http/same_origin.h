// SPDX-License-Identifier: Apache-2.0
// The same-origin check of every POST that a page makes: stops cross-site request forgery without tokens in forms.
// Called by auth/ before anything else of such a request is looked at. Knows nothing of cookies or sessions.
#pragma once

#include <string_view>

#include "gateway/base/result.h"
#include "gateway/http/headers.h"

namespace gatehouse::http {

/// Passes when Origin is `public_origin`, or, with no Origin, when Sec-Fetch-Site is same-origin or none.
/// Sec-Fetch-Site cross-site or same-site overrides a good Origin. Fails with forbidden/cross_site.
Result<> check_same_origin(const Headers& headers, std::string_view public_origin);

}  // namespace gatehouse::http

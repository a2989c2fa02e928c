// SPDX-License-Identifier: Apache-2.0
// Error → the body that OAuth clients read (RFC 6749, section 5.2; RFC 8628, section 3.5), with the statuses of
// docs/api.md. The renderer of the token, revocation and device authorization routes.
#pragma once

#include <string_view>

#include "gateway/base/error.h"
#include "gateway/http/message.h"

namespace gatehouse::auth {

/// The error code alone: `authorization_pending`, `invalid_grant`, …
std::string_view to_oauth_code(const Error& error);
/// A failing store is the exception: 500 with the inference envelope, as Claude Code knows it.
http::Response render_oauth(const Error& error, std::string_view request_id);
/// `no-store` and `pragma: no-cache`, which every answer of these routes carries (RFC 6749, section 5.1).
void forbid_caching(http::Response& response);
/// Whether the store failed, and not the caller.
bool is_store_failure(const Error& error);

}  // namespace gatehouse::auth

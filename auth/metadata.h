// SPDX-License-Identifier: Apache-2.0
// Authorization server metadata (RFC 8414): where Claude Code finds the sign-in endpoints. Built from public_url only,
// so that no Host header can bend it.
#pragma once

#include "auth/settings.h"
#include "gateway/http/message.h"

namespace gatehouse::auth {

http::Response discovery_document(const SignInSettings& settings);

}  // namespace gatehouse::auth

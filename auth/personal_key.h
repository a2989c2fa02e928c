// SPDX-License-Identifier: Apache-2.0
// The form of a personal key: `ghk_` and 32 random bytes in base64url, so that secret scanners can recognise one. The
// access page makes them, the Authenticator recognises them, the vault keeps only their hash (secret_hash.h), prefix
// included.
#pragma once

#include <string>
#include <string_view>

#include "gateway/base/crypto.h"

namespace gatehouse::auth {

std::string make_personal_key(Random& random);
/// Whether this has the form of a personal key. Says nothing about whether it was ever issued.
bool is_personal_key(std::string_view credential);

}  // namespace gatehouse::auth

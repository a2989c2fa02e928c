// SPDX-License-Identifier: Apache-2.0
// How a secret that we hand out (device code, cookie, personal key) is known to the vault: by its SHA-256 only. The
// secrets are 256 random bits, so a plain hash is enough: there is nothing to guess and no salt to keep.
#pragma once

#include <string>
#include <string_view>

#include "gateway/base/crypto.h"

namespace gatehouse::auth {

inline std::string secret_hash(std::string_view secret) {
    return to_hex(sha256(secret));
}

}  // namespace gatehouse::auth

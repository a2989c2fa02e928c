// SPDX-License-Identifier: Apache-2.0
#include "auth/personal_key.h"

namespace gatehouse::auth {
namespace {

constexpr std::string_view prefix = "ghk_";
constexpr std::size_t secret_bytes = 32;

}  // namespace

std::string make_personal_key(Random& random) {
    return std::string(prefix) + random_token(random, secret_bytes);
}

bool is_personal_key(std::string_view credential) {
    if (!credential.starts_with(prefix)) return false;
    const auto secret = from_base64url(credential.substr(prefix.size()));
    return secret && secret->size() == secret_bytes;
}

}  // namespace gatehouse::auth

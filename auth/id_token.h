// SPDX-License-Identifier: Apache-2.0
// The outside of an id_token (RFC 7515 compact serialization) and the provider's keys (RFC 7517): decides, before the
// library sees anything, whether the algorithm is the configured one and which keys of which type may verify it. Pure;
// called by oidc.cpp. Debian's cjose reads past an RSA key when a token says HS256, hence the strictness.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/json.h"
#include "gateway/base/result.h"

namespace gatehouse::auth {

/// RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512. Not EdDSA: the library has no Ed25519.
bool is_supported_id_token_alg(std::string_view alg);

/// Taken apart; nothing in it is verified.
struct UnverifiedIdToken {
    std::string text;
    std::string alg;
    std::optional<std::string> kid;
    json::bj::value claims;
};

/// Fails with forbidden/claims_invalid: any `alg` but the expected one, an embedded key (`jwk`), `crit`, an encrypted
/// token, an empty signature, more than 64 KiB.
Result<UnverifiedIdToken> parse_id_token(std::string text, std::string_view expected_alg);

/// The signature keys of one JWKS document.
class KeySet {
  public:
    /// Keys of unknown type, for encryption, or too weak (RSA below 2048 bits) are left out. Fails only when the
    /// document is no key set at all, with unavailable/idp_answer_invalid.
    static Result<KeySet> parse(std::string_view jwks);

    /// The keys that may verify such a token, each as a JWK of its public members alone. With a `kid` only keys of that
    /// id; without one, every key of the algorithm's type.
    std::vector<std::string> candidates(std::string_view alg, const std::optional<std::string>& kid) const;
    std::size_t size() const { return keys_.size(); }

  private:
    struct Key {
        std::optional<std::string> kid;
        std::string alg;   ///< empty: any that fits the type
        std::string type;  ///< "RSA" or the curve
        std::string jwk;
    };
    static std::optional<Key> parse_key(const json::bj::value& jwk);

    std::vector<Key> keys_;
};

}  // namespace gatehouse::auth

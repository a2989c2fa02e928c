// SPDX-License-Identifier: Apache-2.0
#include "auth/id_token.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <utility>

#include "gateway/base/crypto.h"

namespace gatehouse::auth {
namespace {

using json::bj::value;

constexpr std::size_t largest_token = 65'536;
constexpr std::size_t most_candidates = 16;
constexpr std::size_t smallest_modulus = 256;  // 2048 bits: RFC 7518, section 3.3
constexpr std::size_t largest_modulus = 1024;  // 8192 bits: verification time grows with the cube

struct Algorithm {
    std::string_view name;
    std::string_view key_type;  ///< as in KeySet::Key::type
};

constexpr std::array<Algorithm, 9> algorithms{{{"RS256", "RSA"},
                                               {"RS384", "RSA"},
                                               {"RS512", "RSA"},
                                               {"PS256", "RSA"},
                                               {"PS384", "RSA"},
                                               {"PS512", "RSA"},
                                               {"ES256", "P-256"},
                                               {"ES384", "P-384"},
                                               {"ES512", "P-521"}}};

const Algorithm* find_algorithm(std::string_view name) {
    const auto found = std::ranges::find(algorithms, name, &Algorithm::name);
    return found == algorithms.end() ? nullptr : &*found;
}

Error refused(std::string why) {
    return Error::forbidden(Reason::claims_invalid, "The identity provider's answer could not be accepted.",
                            "id_token: " + std::move(why));
}

std::optional<value> decode(std::string_view part) {
    const auto text = from_base64url(part);
    return text ? json::parse(*text) : std::nullopt;
}

Result<> check_header(const value& header, std::string_view expected_alg) {
    const auto alg = json::find_string(header, "alg");
    if (!alg) return fail(refused("alg is missing"));
    if (*alg != expected_alg || find_algorithm(*alg) == nullptr)
        return fail(refused("alg is not " + std::string(expected_alg) + " (oidc.id_token_signed_response_alg)"));
    if (json::find(header, "jwk") != nullptr) return fail(refused("brings its own key (jwk)"));
    if (json::find(header, "crit") != nullptr) return fail(refused("has a critical extension (crit)"));
    const auto* kid = json::find(header, "kid");
    if (kid != nullptr && !kid->is_string()) return fail(refused("kid is no string"));
    return {};
}

/// Base64url of a number, its leading zeros not counted; nothing when it is not base64url.
std::optional<std::size_t> number_size(std::optional<std::string_view> encoded) {
    const auto bytes = encoded ? from_base64url(*encoded) : std::nullopt;
    if (!bytes) return std::nullopt;
    return bytes->size() - std::min(bytes->find_first_not_of('\0'), bytes->size());
}

bool may_sign(const value& jwk) {
    const auto use = json::find_string(jwk, "use");
    if (use && *use != "sig") return false;
    const auto* operations = json::find(jwk, "key_ops");
    if (operations == nullptr || !operations->is_array()) return true;
    return std::ranges::any_of(operations->get_array(),
                               [](const value& each) { return each.is_string() && each.get_string() == "verify"; });
}

/// `name` as a JSON member, for a JWK that is put together from public members only.
std::string member(std::string_view name, std::string_view content) {
    return "\"" + std::string(name) + "\":" + json::to_text(value(content));
}

}  // namespace

bool is_supported_id_token_alg(std::string_view alg) {
    return find_algorithm(alg) != nullptr;
}

Result<UnverifiedIdToken> parse_id_token(std::string text, std::string_view expected_alg) {
    if (text.size() > largest_token) return fail(refused("longer than 64 KiB"));
    const auto dots = std::ranges::count(text, '.');
    if (dots == 4) return fail(refused("is encrypted, which is not supported"));
    if (dots != 2) return fail(refused("is not of three parts"));
    const std::string_view whole(text);
    const std::size_t first = whole.find('.');
    const std::size_t second = whole.rfind('.');
    const auto header = decode(whole.substr(0, first));
    if (!header || !header->is_object()) return fail(refused("header is not base64url JSON"));
    const auto good = check_header(*header, expected_alg);
    if (!good) return fail(good.error());
    auto claims = decode(whole.substr(first + 1, second - first - 1));
    if (!claims || !claims->is_object()) return fail(refused("payload is not base64url JSON"));
    const auto signature = from_base64url(whole.substr(second + 1));
    if (!signature || signature->empty()) return fail(refused("signature is missing or not base64url"));

    UnverifiedIdToken token{{}, std::string(expected_alg), std::nullopt, std::move(*claims)};
    if (const auto kid = json::find_string(*header, "kid")) token.kid = std::string(*kid);
    token.text = std::move(text);
    return token;
}

std::optional<KeySet::Key> KeySet::parse_key(const value& jwk) {
    if (!jwk.is_object() || !may_sign(jwk)) return std::nullopt;
    Key key;
    if (const auto kid = json::find_string(jwk, "kid")) key.kid = std::string(*kid);
    key.alg = json::find_string(jwk, "alg").value_or(std::string_view{});
    const auto type = json::find_string(jwk, "kty");
    if (type == "RSA") {
        const auto modulus = json::find_string(jwk, "n");
        const auto exponent = json::find_string(jwk, "e");
        const auto size = number_size(modulus);
        if (!size || *size < smallest_modulus || *size > largest_modulus) return std::nullopt;
        const auto exponent_size = number_size(exponent);
        if (!exponent_size || *exponent_size == 0 || *exponent_size > 8) return std::nullopt;
        key.type = "RSA";
        key.jwk = "{" + member("kty", "RSA") + "," + member("n", *modulus) + "," + member("e", *exponent) + "}";
        return key;
    }
    if (type != "EC") return std::nullopt;
    const auto curve = json::find_string(jwk, "crv");
    const auto x = json::find_string(jwk, "x");
    const auto y = json::find_string(jwk, "y");
    if (!curve || !number_size(x) || !number_size(y)) return std::nullopt;
    key.type = *curve;
    key.jwk =
        "{" + member("kty", "EC") + "," + member("crv", *curve) + "," + member("x", *x) + "," + member("y", *y) + "}";
    return key;
}

Result<KeySet> KeySet::parse(std::string_view jwks) {
    const auto document = json::parse(jwks);
    const auto* keys = document ? json::find(*document, "keys") : nullptr;
    if (keys == nullptr || !keys->is_array())
        return fail(Error::unavailable(Reason::idp_answer_invalid, "The identity provider's answer is not valid.",
                                       "jwks_uri: no JSON object with an array `keys`"));
    KeySet set;
    for (const auto& jwk : keys->get_array())
        if (auto key = parse_key(jwk)) set.keys_.push_back(std::move(*key));
    return set;
}

std::vector<std::string> KeySet::candidates(std::string_view alg, const std::optional<std::string>& kid) const {
    std::vector<std::string> chosen;
    const Algorithm* algorithm = find_algorithm(alg);
    if (algorithm == nullptr) return chosen;
    for (const auto& key : keys_) {
        if (key.type != algorithm->key_type || (!key.alg.empty() && key.alg != alg)) continue;
        if (kid && key.kid != kid) continue;
        chosen.push_back(key.jwk);
        if (chosen.size() == most_candidates) break;
    }
    return chosen;
}

}  // namespace gatehouse::auth

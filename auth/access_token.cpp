// SPDX-License-Identifier: Apache-2.0
#include "auth/access_token.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "gateway/base/crypto.h"
#include "gateway/base/json.h"

namespace gatehouse::auth {
namespace {

namespace bj = boost::json;

constexpr std::string_view audience = "claude-gateway";
/// A person in a thousand groups still fits; more would not pass the header limit anyway.
constexpr std::size_t largest_token = 32'768;
/// 9999-12-31: what an Instant holds without overflow, and then some.
constexpr long long latest_time = 253'402'300'799;

struct SigningKey {
    HmacKey key;
    std::string kid;
    std::string header;  ///< encoded, as minted with this key
};

/// Bound to the secret by HKDF, so that it tells nothing about the secret.
std::string kid_of(const Secret& secret) {
    return to_hex(derive_key(secret.reveal(), "gatehouse access token kid").substr(0, 8));
}

SigningKey make_key(const Secret& secret) {
    std::string kid = kid_of(secret);
    std::string header = to_base64url(R"({"alg":"HS256","typ":"JWT","kid":")" + kid + R"("})");
    return {HmacKey(secret.reveal()), std::move(kid), std::move(header)};
}

struct Parts {
    std::string_view header;
    std::string_view payload;
    std::string_view signed_text;
    std::string_view signature;
};

std::optional<Parts> split(std::string_view token) {
    const std::size_t first = token.find('.');
    if (first == std::string_view::npos) return std::nullopt;
    const std::size_t second = token.find('.', first + 1);
    if (second == std::string_view::npos) return std::nullopt;
    return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1), token.substr(0, second),
                 token.substr(second + 1)};
}

Error refused(std::string detail) {
    return Error::unauthenticated(Reason::token_invalid, "invalid token", std::move(detail));
}

std::optional<Instant> find_time(const bj::value& claims, std::string_view name) {
    const auto seconds = json::find_integer(claims, name);
    if (!seconds || *seconds < 0 || *seconds > latest_time) return std::nullopt;
    return from_unix_seconds(*seconds);
}

std::string text_of(const bj::value& claims, std::string_view name) {
    return std::string(json::find_string(claims, name).value_or(std::string_view{}));
}

Person person_of(const bj::value& claims) {
    Person person{text_of(claims, "sub"), text_of(claims, "email"), text_of(claims, "name"), {}};
    const auto* groups = json::find(claims, "groups");
    if (groups == nullptr || !groups->is_array()) return person;
    person.groups.reserve(groups->get_array().size());
    for (const auto& group : groups->get_array())
        if (group.is_string()) person.groups.emplace_back(std::string_view(group.get_string()));
    return person;
}

}  // namespace

struct AccessTokens::State {
    std::vector<SigningKey> keys;
    std::string issuer;
    std::chrono::seconds ttl;
    std::string billing_group_tag;

    /// A header that this mints is recognised without parsing it. Any other must say HS256 and nothing critical, and
    /// may name a key; the keys to try are appended to `candidates`.
    Result<> choose_keys(std::string_view header, std::vector<const SigningKey*>& candidates) const {
        for (const auto& key : keys) {
            if (key.header != header) continue;
            candidates.push_back(&key);
            return {};
        }
        const auto text = from_base64url(header);
        const auto parsed = text ? json::parse(*text) : std::nullopt;
        if (!parsed || !parsed->is_object()) return fail(refused("header is not base64url JSON"));
        if (json::find_string(*parsed, "alg") != "HS256") return fail(refused("alg is not HS256"));
        if (json::find(*parsed, "crit") != nullptr) return fail(refused("crit is not supported"));
        const auto* kid = json::find(*parsed, "kid");
        for (const auto& key : keys)
            if (kid == nullptr || (kid->is_string() && std::string_view(kid->get_string()) == key.kid))
                candidates.push_back(&key);
        if (candidates.empty()) return fail(refused("kid is unknown"));
        return {};
    }

    Result<> check_signature(const Parts& parts) const {
        std::vector<const SigningKey*> candidates;
        const auto chosen = choose_keys(parts.header, candidates);
        if (!chosen) return fail(chosen.error());
        const auto signature = from_base64url(parts.signature);
        if (!signature) return fail(refused("signature is not base64url"));
        for (const auto* candidate : candidates)
            if (candidate->key.verifies(parts.signed_text, *signature)) return {};
        return fail(refused("signature"));
    }
};

AccessTokens::AccessTokens(const SessionSettings& settings, std::string issuer) : state_(std::make_unique<State>()) {
    for (const auto& secret : settings.jwt_secrets)
        state_->keys.push_back(make_key(secret));
    state_->issuer = std::move(issuer);
    state_->ttl = settings.ttl;
}

AccessTokens::AccessTokens(AccessTokens&&) noexcept = default;
AccessTokens::~AccessTokens() = default;

std::chrono::seconds AccessTokens::lifetime() const {
    return state_->ttl;
}

void AccessTokens::set_billing_group_tag(std::string name) {
    state_->billing_group_tag = std::move(name);
}

std::string AccessTokens::mint(const Person& person, std::string_view session_id, Instant now) const {
    bj::object claims;
    claims["sub"] = person.subject;
    claims["email"] = person.email;
    claims["name"] = person.name;
    claims["groups"] = bj::array(person.groups.begin(), person.groups.end());
    claims["aud"] = audience;
    claims["iss"] = state_->issuer;
    claims["iat"] = to_unix_seconds(now);
    claims["exp"] = to_unix_seconds(now + state_->ttl);
    claims["jti"] = request_uuid();
    claims["sid"] = session_id;
    if (!state_->billing_group_tag.empty()) claims["billing_group_tag"] = state_->billing_group_tag;
    const SigningKey& key = state_->keys.front();
    std::string token = key.header + "." + to_base64url(json::to_text(claims));
    const auto signature = key.key.sign(token);
    token.append(".").append(to_base64url({reinterpret_cast<const char*>(signature.data()), signature.size()}));
    return token;
}

Result<VerifiedToken> AccessTokens::verify(std::string_view token, Instant now) const {
    if (token.size() > largest_token) return fail(refused("longer than 32 KiB"));
    const auto parts = split(token);
    if (!parts) return fail(refused("not three parts"));
    const auto signature = state_->check_signature(*parts);
    if (!signature) return fail(signature.error());

    const auto payload = from_base64url(parts->payload);
    const auto claims = payload ? json::parse(*payload) : std::nullopt;
    if (!claims || !claims->is_object()) return fail(refused("payload is not base64url JSON"));
    if (json::find_string(*claims, "iss") != state_->issuer) return fail(refused("iss"));
    if (json::find_string(*claims, "aud") != audience) return fail(refused("aud"));
    const auto expires_at = find_time(*claims, "exp");
    if (!expires_at) return fail(refused("exp is missing or no number"));
    if (now >= *expires_at) return fail(Error::unauthenticated(Reason::token_expired, "invalid token", "exp is past"));
    const auto not_before = find_time(*claims, "nbf");
    if (json::find(*claims, "nbf") != nullptr && (!not_before || now < *not_before))
        return fail(refused("nbf is in the future or no number"));

    VerifiedToken verified{person_of(*claims), text_of(*claims, "sid"), find_time(*claims, "iat").value_or(Instant{}),
                           *expires_at};
    if (verified.person.subject.empty()) return fail(refused("sub is missing"));
    if (verified.session_id.empty()) return fail(refused("sid is missing"));
    return verified;
}

}  // namespace gatehouse::auth

// SPDX-License-Identifier: Apache-2.0
#include "auth/oidc.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/claims.h"
#include "auth/id_token.h"
#include "auth/liboauth2.h"
#include "auth/provider.h"
#include "auth/token_answer.h"
#include "gateway/base/crypto.h"
#include "gateway/base/json.h"
#include "gateway/base/log.h"
#include "gateway/http/form.h"

namespace gatehouse::auth {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words)
        text.append(text.empty() ? "" : " ").append(word);
    return text;
}

Error signature_refused(std::string detail) {
    return Error::forbidden(Reason::claims_invalid, "The identity provider's answer could not be accepted.",
                            "id_token: " + std::move(detail));
}

}  // namespace

struct Oidc::State {
    State(OidcSettings given, http::Client& client, BlockingPool& blocking, const Clock& time)
        : settings(std::move(given)),
          provider(settings.issuer, settings.discovery_url, client, time),
          pool(blocking),
          clock(time) {}

    ExpectedClaims expected_claims() const {
        ExpectedClaims expected;
        expected.issuer = settings.issuer;
        expected.client_id = settings.client_id;
        expected.additional_authorized_parties = settings.additional_authorized_parties;
        expected.clock_skew = settings.clock_skew;
        return expected;
    }

    Fields authorization_fields(const AuthorizationRequest& request) const;
    Task<TokenAnswer> ask_for_tokens(Fields fields);
    Task<json::bj::value> verified_claims(TokenAnswer tokens, ExpectedClaims expected);
    Task<> verify_signature(UnverifiedIdToken token);
    Task<bool> signed_by(KeySetPtr keys, UnverifiedIdToken token);
    Task<SignedIn> sign_in(TokenAnswer tokens, ExpectedClaims expected);
    Task<Person> completed(Person person, std::string access_token);

    const OidcSettings settings;
    Provider provider;
    BlockingPool& pool;
    const Clock& clock;
};

// ---- the authorization request

Fields Oidc::State::authorization_fields(const AuthorizationRequest& request) const {
    Fields fields{
        {"response_type", "code"},          {"client_id", settings.client_id}, {"redirect_uri", request.redirect_uri},
        {"scope", joined(settings.scopes)}, {"state", request.state},          {"nonce", request.nonce},
        {"response_mode", "query"}};
    if (settings.use_pkce && !request.pkce_verifier.empty()) {
        fields.emplace_back("code_challenge", to_base64url(sha256(request.pkce_verifier)));
        fields.emplace_back("code_challenge_method", "S256");
    }
    for (const auto& extra : settings.extra_auth_params)
        if (!is_own_authorization_parameter(extra.first)) fields.push_back(extra);
    return fields;
}

// ---- the token endpoint

Task<TokenAnswer> Oidc::State::ask_for_tokens(Fields fields) {
    const auto metadata = co_await provider.metadata();
    if (!metadata) co_return fail(metadata.error());
    auto method = choose_auth_method(**metadata, settings.token_endpoint_auth_method);
    if (!method) co_return fail(method.error());

    liboauth2::ClientAuthentication client{std::move(*method), settings.client_id, settings.client_secret};
    std::function<Result<liboauth2::AuthenticatedForm>()> authenticate =
        [fields = std::move(fields), client = std::move(client)] { return liboauth2::authenticate(fields, client); };
    auto form = co_await run_blocking(pool, std::move(authenticate));
    if (!form) co_return fail(form.error());

    const auto answer =
        co_await provider.post_form((*metadata)->token_endpoint, std::move(form->body), std::move(form->authorization));
    if (!answer) co_return fail(answer.error());
    co_return parse_token_answer(*answer);
}

// ---- the id_token

Task<bool> Oidc::State::signed_by(KeySetPtr keys, UnverifiedIdToken token) {
    auto candidates = keys->candidates(token.alg, token.kid);
    if (candidates.empty()) co_return false;
    std::function<bool()> verify = [text = std::move(token.text), candidates = std::move(candidates)] {
        return liboauth2::verifies(text, candidates);
    };
    const bool good = co_await run_blocking(pool, std::move(verify));
    co_return good;
}

Task<> Oidc::State::verify_signature(UnverifiedIdToken token) {
    const auto keys = co_await provider.keys();
    if (!keys) co_return fail(keys.error());
    const auto good = co_await signed_by(*keys, token);
    if (good && *good) co_return Result<>{};
    // A key that we know and that did not sign it: no newer set can help, and asking would be for the forger's benefit.
    const bool key_is_known = token.kid && !(*keys)->candidates(token.alg, token.kid).empty();
    if (key_is_known) co_return fail(signature_refused("signature is not by key " + *token.kid));

    const auto newer = co_await provider.keys_newer_than(*keys);
    if (!newer) co_return fail(newer.error());
    const auto good_now = co_await signed_by(*newer, token);
    if (good_now && *good_now) co_return Result<>{};
    const bool found = !(*newer)->candidates(token.alg, token.kid).empty();
    co_return fail(signature_refused(found ? "signature is by none of the provider's keys"
                                           : "kid names no " + token.alg + " key of the provider"));
}

Task<json::bj::value> Oidc::State::verified_claims(TokenAnswer tokens, ExpectedClaims expected) {
    auto token = parse_id_token(std::move(tokens.id_token), settings.id_token_alg);
    if (!token) co_return fail(token.error());
    // The claims are looked at before the signature, so that a refusal can name what is wrong and a hopeless token
    // costs no request for keys. Nothing is used before both have passed.
    const auto good = check_claims(token->claims, expected, clock.now());
    if (!good) co_return fail(good.error());
    const auto bound = check_access_token_hash(token->claims, token->alg, tokens.access_token);
    if (!bound) co_return fail(bound.error());
    json::bj::value claims = token->claims;
    const auto verified = co_await verify_signature(std::move(*token));
    if (!verified) co_return fail(verified.error());
    co_return claims;
}

// ---- the person

Task<Person> Oidc::State::completed(Person person, std::string access_token) {
    const bool complete = !person.email.empty() && !person.groups.empty();
    const ProviderMetadata* metadata = provider.known_metadata();
    if (complete || !settings.userinfo_fallback || access_token.empty() || !metadata->userinfo_endpoint)
        co_return person;
    const auto answer = co_await provider.get(*metadata->userinfo_endpoint, std::move(access_token));
    if (!answer) co_return fail(answer.error());
    const auto userinfo = answer->status == 200 ? json::parse(answer->body) : std::nullopt;
    if (!userinfo)
        co_return fail(Error::unavailable(
            Reason::idp_answer_invalid, "The identity provider's answer is not valid.",
            "userinfo endpoint: status " + std::to_string(answer->status) + ", " + answer->content_type));
    const auto filled = fill_gaps(person, *userinfo, settings);
    if (!filled) co_return fail(filled.error());
    co_return person;
}

Task<SignedIn> Oidc::State::sign_in(TokenAnswer tokens, ExpectedClaims expected) {
    const auto claims = co_await verified_claims(tokens, std::move(expected));
    if (!claims) co_return fail(claims.error());
    auto person = co_await completed(person_of(*claims, settings), std::move(tokens.access_token));
    if (!person) co_return fail(person.error());
    const auto admitted = admit(*person, settings);
    if (!admitted) co_return fail(admitted.error());
    co_return SignedIn{std::move(*person), std::move(tokens.refresh_token)};
}

// ---- the port

Oidc::Oidc(OidcSettings settings, http::Client& client, BlockingPool& pool, const Clock& clock)
    : state_(std::make_unique<State>(std::move(settings), client, pool, clock)) {}

Oidc::~Oidc() = default;

Task<> Oidc::prime() {
    const auto metadata = co_await state_->provider.metadata();
    if (!metadata) co_return fail(metadata.error());
    const auto& offered = (*metadata)->id_token_algs;
    const auto& alg = state_->settings.id_token_alg;
    if (!offered.empty() && std::ranges::find(offered, alg) == offered.end())
        log::warn("the identity provider does not offer oidc.id_token_signed_response_alg",
                  {{"configured", alg}, {"offered", joined(offered)}});
    co_return Result<>{};
}

Task<std::string> Oidc::authorize_url(AuthorizationRequest request) {
    const auto metadata = co_await state_->provider.metadata();
    if (!metadata) co_return fail(metadata.error());
    const std::string& endpoint = (*metadata)->authorization_endpoint;
    const char* separator = endpoint.find('?') == std::string::npos ? "?" : "&";
    co_return endpoint + separator + http::encode_form(state_->authorization_fields(request));
}

std::string Oidc::authorize_origin() const {
    const ProviderMetadata* metadata = state_->provider.known_metadata();
    return metadata == nullptr ? std::string() : metadata->authorization_origin;
}

Task<SignedIn> Oidc::redeem(std::string code, AuthorizationRequest request) {
    ExpectedClaims expected = state_->expected_claims();
    expected.nonce = request.nonce;
    Fields fields{{"grant_type", "authorization_code"},
                  {"code", std::move(code)},
                  {"redirect_uri", std::move(request.redirect_uri)}};
    if (state_->settings.use_pkce && !request.pkce_verifier.empty())
        fields.emplace_back("code_verifier", std::move(request.pkce_verifier));
    auto tokens = co_await state_->ask_for_tokens(std::move(fields));
    if (!tokens) co_return fail(tokens.error());
    auto signed_in = co_await state_->sign_in(std::move(*tokens), std::move(expected));
    co_return signed_in;
}

Task<SignedIn> Oidc::refresh(std::string refresh_token, std::string subject) {
    ExpectedClaims expected = state_->expected_claims();
    expected.subject = std::move(subject);
    Fields fields{{"grant_type", "refresh_token"}, {"refresh_token", refresh_token}};
    auto tokens = co_await state_->ask_for_tokens(std::move(fields));
    if (!tokens) co_return fail(tokens.error());
    // RFC 6749, section 6: without a new refresh token the old one stays.
    if (tokens->refresh_token.empty()) tokens->refresh_token = std::move(refresh_token);
    auto signed_in = co_await state_->sign_in(std::move(*tokens), std::move(expected));
    co_return signed_in;
}

}  // namespace gatehouse::auth

// SPDX-License-Identifier: Apache-2.0
#include "gateway/demo/identity_provider.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/base/json.h"
#include "gateway/demo/people.h"
#include "gateway/demo/sign_in_page.h"
#include "gateway/http/form.h"
#include "gateway/http/reply.h"
#include "gateway/http/url.h"

namespace gatehouse::demo {
namespace {

namespace bj = boost::json;
using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr std::chrono::seconds code_lifetime{60};
constexpr std::chrono::seconds token_lifetime{300};
constexpr std::chrono::hours refresh_lifetime{24 * 30};
constexpr std::string_view access_purpose = "demo access token";
constexpr std::string_view refresh_purpose = "demo refresh token";

/// What the authorization request asked for and the sign-in page carries through.
struct Authorization {
    std::string state;
    std::string nonce;
    std::string scope;
    std::string challenge;
};

struct Code {
    const DemoPerson* person = nullptr;
    Authorization asked;
    Instant expires_at;
};

/// An OAuth error answer (RFC 6749, section 5.2).
struct Refusal {
    int status = 400;
    std::string_view error;
    std::string_view why;
};

Task<http::Response> ready(http::Response response) {
    co_return response;
}

http::Response no_store(http::Response response) {
    response.headers.add("cache-control", "no-store");
    response.headers.add("pragma", "no-cache");
    return response;
}

http::Response to_response(const Refusal& refusal) {
    http::Response response =
        http::json(refusal.status, bj::object{{"error", refusal.error}, {"error_description", refusal.why}});
    if (refusal.status == 401) response.headers.add("www-authenticate", "Basic realm=\"gatehouse demo\"");
    return no_store(std::move(response));
}

const DemoPerson* find_person(std::string_view id) {
    const auto* found = std::ranges::find(demo_people, id, &DemoPerson::id);
    return found == demo_people.end() ? nullptr : &*found;
}

bool has_word(std::string_view list, std::string_view word) {
    while (!list.empty()) {
        const std::size_t end = std::min(list.find(' '), list.size());
        if (list.substr(0, end) == word) return true;
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return false;
}

/// Padded base64, by way of the unpadded decoder that the house has.
std::optional<std::string> from_base64(std::string_view text) {
    while (text.ends_with('='))
        text.remove_suffix(1);
    std::string translated(text);
    std::ranges::replace(translated, '+', '-');
    std::ranges::replace(translated, '/', '_');
    return from_base64url(translated);
}

std::string with_query(std::string_view address, const Fields& fields) {
    std::string text(address);
    text.push_back(address.find('?') == std::string_view::npos ? '?' : '&');
    return text.append(http::encode_form(fields));
}

}  // namespace

struct DemoIdentityProvider::State {
    std::string issuer;
    std::string client_id;
    Secret client_secret;
    std::string redirect_uri;
    std::string redirect_origin;
    const Clock& clock;
    Random& random;
    RsaKey key = RsaKey::generate();
    std::string key_id;
    std::string box_key;
    std::map<std::string, Code, std::less<>> codes;
    std::map<std::string, long long, std::less<>> generations;  ///< of refresh token families; negative: ended

    State(std::string own_issuer, std::string client, Secret secret, std::string redirect, const Clock& time,
          Random& source);

    bj::object discovery() const;
    bj::object jwks() const;
    http::Response authorize(std::string_view fields, bool posted);
    http::Response sign_in(const DemoPerson& person, Authorization asked);
    std::expected<Authorization, http::Response> check_authorization(const http::Form& form) const;
    http::Response redirect_error(std::string_view error, std::string_view why, std::string_view state) const;

    http::Response token(const http::Request& request);
    std::expected<void, Refusal> check_client(const http::Request& request, const http::Form& form) const;
    std::expected<bj::object, Refusal> redeem(const http::Form& form);
    std::expected<bj::object, Refusal> refresh(const http::Form& form);
    http::Response userinfo(const http::Request& request) const;

    bj::object claims_of(const DemoPerson& person) const;
    bj::object tokens_for(const DemoPerson& person, const std::string& nonce, const std::string& scope,
                          std::string family, long long generation);
    std::string id_token(const DemoPerson& person, const std::string& nonce, std::string_view access_token) const;
    std::string sealed(bj::object content, std::chrono::seconds lifetime, std::string_view purpose);
    std::optional<bj::value> unsealed(std::string_view token, std::string_view purpose) const;
};

DemoIdentityProvider::State::State(std::string own_issuer, std::string client, Secret secret, std::string redirect,
                                   const Clock& time, Random& source)
    : issuer(std::move(own_issuer)),
      client_id(std::move(client)),
      client_secret(std::move(secret)),
      redirect_uri(std::move(redirect)),
      clock(time),
      random(source),
      key_id(to_hex(sha256(key.modulus())).substr(0, 16)),
      box_key(derive_key(client_secret.reveal(), "gatehouse demo identity provider")) {
    if (const auto url = http::parse_url(redirect_uri)) redirect_origin = url->origin();
}

bj::object DemoIdentityProvider::State::discovery() const {
    return {{"issuer", issuer},
            {"authorization_endpoint", issuer + "/authorize"},
            {"token_endpoint", issuer + "/token"},
            {"userinfo_endpoint", issuer + "/userinfo"},
            {"jwks_uri", issuer + "/jwks"},
            {"response_types_supported", bj::array{"code"}},
            {"response_modes_supported", bj::array{"query"}},
            {"grant_types_supported", bj::array{"authorization_code", "refresh_token"}},
            {"subject_types_supported", bj::array{"public"}},
            {"id_token_signing_alg_values_supported", bj::array{"RS256"}},
            {"scopes_supported", bj::array{"openid", "profile", "email", "offline_access"}},
            {"claims_supported", bj::array{"sub", "name", "email", "email_verified", "groups"}},
            {"token_endpoint_auth_methods_supported", bj::array{"client_secret_basic", "client_secret_post"}},
            {"code_challenge_methods_supported", bj::array{"S256"}}};
}

bj::object DemoIdentityProvider::State::jwks() const {
    const bj::object entry{{"kty", "RSA"},
                           {"use", "sig"},
                           {"alg", "RS256"},
                           {"kid", key_id},
                           {"n", to_base64url(key.modulus())},
                           {"e", to_base64url(key.exponent())}};
    return {{"keys", bj::array{entry}}};
}

/// GET shows the page, POST carries the same fields and the person: both are checked from the start, nothing is kept.
http::Response DemoIdentityProvider::State::authorize(std::string_view text, bool posted) {
    const http::Form form = http::Form::parse(text);
    // A wrong client or redirect address must never be answered by a redirect (RFC 6749, section 4.1.2.1).
    if (form.value("client_id") != client_id) return refusal_page("The client_id is not known here.");
    if (form.value("redirect_uri") != redirect_uri) return refusal_page("The redirect_uri is not the registered one.");
    auto asked = check_authorization(form);
    if (!asked) return asked.error();
    const DemoPerson* person = posted ? find_person(form.value("person")) : nullptr;
    if (person != nullptr) return sign_in(*person, std::move(*asked));
    const Fields fields{{"client_id", client_id},
                        {"redirect_uri", redirect_uri},
                        {"response_type", "code"},
                        {"scope", asked->scope},
                        {"state", asked->state},
                        {"nonce", asked->nonce},
                        {"code_challenge", asked->challenge},
                        {"code_challenge_method", "S256"}};
    return sign_in_page(fields, redirect_origin);
}

std::expected<Authorization, http::Response> DemoIdentityProvider::State::check_authorization(
    const http::Form& form) const {
    const std::string_view state = form.value("state");
    const auto refuse = [&](std::string_view error, std::string_view why) {
        return std::unexpected(redirect_error(error, why, state));
    };
    if (form.value("response_type") != "code") return refuse("unsupported_response_type", "only code is supported");
    if (!has_word(form.value("scope"), "openid")) return refuse("invalid_scope", "the scope must hold openid");
    if (const auto mode = form.find("response_mode"); mode && *mode != "query")
        return refuse("invalid_request", "only response_mode query is supported");
    if (form.value("prompt") == "none") return refuse("login_required", "choosing a person needs a page");
    if (form.value("code_challenge_method") != "S256" || form.value("code_challenge").size() != 43)
        return refuse("invalid_request", "a code_challenge with method S256 is required");
    return Authorization{std::string(state), std::string(form.value("nonce")), std::string(form.value("scope")),
                         std::string(form.value("code_challenge"))};
}

http::Response DemoIdentityProvider::State::redirect_error(std::string_view error, std::string_view why,
                                                           std::string_view state) const {
    Fields fields{{"error", std::string(error)}, {"error_description", std::string(why)}};
    if (!state.empty()) fields.emplace_back("state", state);
    return no_store(http::redirect(with_query(redirect_uri, fields)));
}

http::Response DemoIdentityProvider::State::sign_in(const DemoPerson& person, Authorization asked) {
    const Instant now = clock.now();
    std::erase_if(codes, [&](const auto& entry) { return entry.second.expires_at <= now; });
    std::string code = random_token(random, 32);
    Fields fields{{"code", code}};
    if (!asked.state.empty()) fields.emplace_back("state", asked.state);
    codes.emplace(std::move(code), Code{&person, std::move(asked), now + code_lifetime});
    return no_store(http::redirect(with_query(redirect_uri, fields)));
}

http::Response DemoIdentityProvider::State::token(const http::Request& request) {
    if (!request.headers.value("content-type").starts_with("application/x-www-form-urlencoded"))
        return to_response({400, "invalid_request", "the body must be a form"});
    const http::Form form = http::Form::parse(request.body.view());
    const auto known = check_client(request, form);
    if (!known) return to_response(known.error());
    const std::string_view grant = form.value("grant_type");
    if (grant != "authorization_code" && grant != "refresh_token")
        return to_response({400, "unsupported_grant_type", "authorization_code and refresh_token are supported"});
    const auto tokens = grant == "refresh_token" ? refresh(form) : redeem(form);
    return tokens ? no_store(http::json(200, *tokens)) : to_response(tokens.error());
}

/// client_secret_basic or client_secret_post, not both (RFC 6749, section 2.3).
std::expected<void, Refusal> DemoIdentityProvider::State::check_client(const http::Request& request,
                                                                       const http::Form& form) const {
    const Refusal wrong{401, "invalid_client", "the client's id or secret is wrong"};
    std::string id(form.value("client_id"));
    std::string secret(form.value("client_secret"));
    const std::string_view header = request.headers.value("authorization");
    if (!header.empty()) {
        if (!secret.empty()) return std::unexpected(Refusal{400, "invalid_request", "two client authentications"});
        if (!http::same_token(header.substr(0, 6), "basic ")) return std::unexpected(wrong);
        const auto pair = from_base64(header.substr(6));
        const std::size_t colon = pair ? pair->find(':') : std::string::npos;
        if (colon == std::string::npos) return std::unexpected(wrong);
        // Both halves are form-encoded before they are joined (RFC 6749, section 2.3.1).
        id = http::Form::parse("v=" + pair->substr(0, colon)).value("v");
        secret = http::Form::parse("v=" + pair->substr(colon + 1)).value("v");
    }
    if (id != client_id || !client_secret.equals(secret)) return std::unexpected(wrong);
    return {};
}

std::expected<bj::object, Refusal> DemoIdentityProvider::State::redeem(const http::Form& form) {
    const auto entry = codes.find(form.value("code"));
    if (entry == codes.end()) return std::unexpected(Refusal{400, "invalid_grant", "the code is not known"});
    const Code code = std::move(entry->second);
    // Spent by the first attempt, right or wrong: a guessed verifier gets one try.
    codes.erase(entry);
    if (code.expires_at <= clock.now()) return std::unexpected(Refusal{400, "invalid_grant", "the code is too old"});
    if (form.value("redirect_uri") != redirect_uri)
        return std::unexpected(Refusal{400, "invalid_grant", "the redirect_uri is not the one of the request"});
    if (!constant_time_equal(to_base64url(sha256(form.value("code_verifier"))), code.asked.challenge))
        return std::unexpected(Refusal{400, "invalid_grant", "the code_verifier does not fit the challenge"});
    return tokens_for(*code.person, code.asked.nonce, code.asked.scope, random_token(random, 12), 1);
}

std::expected<bj::object, Refusal> DemoIdentityProvider::State::refresh(const http::Form& form) {
    const Refusal wrong{400, "invalid_grant", "the refresh token is not valid"};
    const auto content = unsealed(form.value("refresh_token"), refresh_purpose);
    if (!content) return std::unexpected(wrong);
    const DemoPerson* person = find_person(json::find_string(*content, "person").value_or(std::string_view{}));
    const std::string family(json::find_string(*content, "family").value_or(std::string_view{}));
    const long long generation = json::find_integer(*content, "generation").value_or(0);
    if (person == nullptr || family.empty()) return std::unexpected(wrong);
    // A family from before a restart is taken up where its token says it stands.
    const auto [current, adopted] = generations.try_emplace(family, generation);
    if (current->second != generation) {
        current->second = -1;  // a replayed token ends the whole family (RFC 9700, section 4.14.2)
        return std::unexpected(wrong);
    }
    const std::string scope(json::find_string(*content, "scope").value_or("openid"));
    return tokens_for(*person, {}, scope, family, generation + 1);
}

http::Response DemoIdentityProvider::State::userinfo(const http::Request& request) const {
    const std::string_view header = request.headers.value("authorization");
    const bool bearer = http::same_token(header.substr(0, 7), "bearer ");
    const auto content = bearer ? unsealed(header.substr(7), access_purpose) : std::nullopt;
    const DemoPerson* person =
        content ? find_person(json::find_string(*content, "person").value_or(std::string_view{})) : nullptr;
    if (person != nullptr) return no_store(http::json(200, claims_of(*person)));
    http::Response response = http::json(401, bj::object{{"error", "invalid_token"}});
    response.headers.add("www-authenticate", "Bearer error=\"invalid_token\"");
    return no_store(std::move(response));
}

bj::object DemoIdentityProvider::State::claims_of(const DemoPerson& person) const {
    bj::array groups;
    for (const std::string_view group : person.groups)
        groups.emplace_back(group);
    return {{"sub", person.id},
            {"name", person.name},
            {"email", person.email},
            {"email_verified", true},
            {"groups", std::move(groups)}};
}

bj::object DemoIdentityProvider::State::tokens_for(const DemoPerson& person, const std::string& nonce,
                                                   const std::string& scope, std::string family, long long generation) {
    std::string access = sealed({{"person", person.id}}, token_lifetime, access_purpose);
    bj::object answer{{"access_token", access},
                      {"token_type", "Bearer"},
                      {"expires_in", token_lifetime.count()},
                      {"scope", scope},
                      {"id_token", id_token(person, nonce, access)}};
    if (!has_word(scope, "offline_access")) return answer;
    generations[family] = generation;
    bj::object content{{"person", person.id}, {"family", family}, {"generation", generation}, {"scope", scope}};
    answer["refresh_token"] = sealed(std::move(content), refresh_lifetime, refresh_purpose);
    return answer;
}

std::string DemoIdentityProvider::State::id_token(const DemoPerson& person, const std::string& nonce,
                                                  std::string_view access_token) const {
    const long long now = to_unix_seconds(clock.now());
    bj::object claims = claims_of(person);
    claims["iss"] = issuer;
    claims["aud"] = client_id;
    claims["iat"] = now;
    claims["auth_time"] = now;
    claims["exp"] = now + token_lifetime.count();
    claims["at_hash"] = to_base64url(sha256(access_token).substr(0, 16));
    if (!nonce.empty()) claims["nonce"] = nonce;
    const bj::object header{{"alg", "RS256"}, {"typ", "JWT"}, {"kid", key_id}};
    std::string token = to_base64url(json::to_text(header)) + "." + to_base64url(json::to_text(claims));
    const std::string signature = key.sign_rs256(token);
    return token.append(".").append(to_base64url(signature));
}

std::string DemoIdentityProvider::State::sealed(bj::object content, std::chrono::seconds lifetime,
                                                std::string_view purpose) {
    content["expires_at"] = to_unix_seconds(clock.now() + lifetime);
    return to_base64url(seal(random, box_key, json::to_text(content), purpose));
}

std::optional<bj::value> DemoIdentityProvider::State::unsealed(std::string_view token, std::string_view purpose) const {
    const auto box = from_base64url(token);
    const auto text = box ? open_sealed(box_key, *box, purpose) : std::nullopt;
    auto content = text ? json::parse(*text) : std::nullopt;
    if (!content || json::find_integer(*content, "expires_at").value_or(0) <= to_unix_seconds(clock.now()))
        return std::nullopt;
    return content;
}

DemoIdentityProvider::DemoIdentityProvider(std::string issuer, std::string client_id, Secret client_secret,
                                           std::string redirect_uri, const Clock& clock, Random& random)
    : state_(std::make_unique<State>(std::move(issuer), std::move(client_id), std::move(client_secret),
                                     std::move(redirect_uri), clock, random)) {}

DemoIdentityProvider::~DemoIdentityProvider() = default;

void DemoIdentityProvider::mount(http::Router& router) {
    State* state = state_.get();
    const auto add = [&router](std::string method, std::string path,
                               std::function<http::Response(http::Request&)> act) {
        const auto handler = [act = std::move(act)](http::Request& request) { return ready(act(request)); };
        router.add({.method = std::move(method),
                    .path = std::move(path),
                    .handler = {http::Access::anyone, http::ReplyHandler(handler)},
                    .render = http::render_plain,
                    .label = "demo_identity"});
    };
    add("GET", "/.well-known/openid-configuration",
        [state](http::Request&) { return http::json(200, state->discovery()); });
    add("GET", "/jwks", [state](http::Request&) { return http::json(200, state->jwks()); });
    add("GET", "/authorize", [state](http::Request& request) { return state->authorize(request.query(), false); });
    add("POST", "/authorize", [state](http::Request& request) { return state->authorize(request.body.view(), true); });
    add("POST", "/token", [state](http::Request& request) { return state->token(request); });
    add("GET", "/userinfo", [state](http::Request& request) { return state->userinfo(request); });
    add("POST", "/userinfo", [state](http::Request& request) { return state->userinfo(request); });
    const auto nothing = [](http::Request&) { return ready(http::text(404, "not found\n")); };
    router.set_fallback({.method = "*",
                         .path = "/*",
                         .handler = {http::Access::anyone, http::ReplyHandler(nothing)},
                         .render = http::render_plain,
                         .label = "demo_identity"});
}

}  // namespace gatehouse::demo

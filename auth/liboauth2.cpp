// SPDX-License-Identifier: Apache-2.0
#include "auth/liboauth2.h"

extern "C" {
#include <oauth2/cfg.h>
#include <oauth2/http.h>
#include <oauth2/mem.h>
#include <oauth2/oauth2.h>
#include <oauth2/util.h>
}

#include <cstring>
#include <memory>
#include <mutex>
#include <string_view>

#include "gateway/base/crypto.h"
#include "gateway/http/form.h"

namespace gatehouse::auth::liboauth2 {
namespace {

struct Release {
    void operator()(oauth2_cfg_token_verify_t* verify) const { oauth2_cfg_token_verify_free(nullptr, verify); }
    void operator()(oauth2_cfg_endpoint_auth_t* auth) const { oauth2_cfg_endpoint_auth_free(nullptr, auth); }
    void operator()(oauth2_nv_list_t* list) const { oauth2_nv_list_free(nullptr, list); }
    void operator()(oauth2_http_call_ctx_t* call) const { oauth2_http_call_ctx_free(nullptr, call); }
    void operator()(char* text) const { oauth2_mem_free(text); }
    void operator()(json_t* value) const { json_decref(value); }
};
template <class T>
using Owned = std::unique_ptr<T, Release>;

/// The library creates its global lists and semaphores at first use, unlocked. Sign-ins are rare and a check takes
/// 0.1 ms: one at a time costs nothing.
std::mutex& library_lock() {
    static std::mutex lock;
    return lock;
}

/// Times are left to claims.cpp: the library knows no skew for `exp`, takes whole seconds only and asks the system's
/// clock. No result cache: `verify.cache` names one that does not exist, and `expiry=0` would end an entry at once (the
/// library's cache answers by token alone, whatever keys are asked for).
constexpr const char* verify_options = "verify.exp=skip&verify.iat=skip&verify.iss=skip&expiry=0&verify.cache=none";

void add(oauth2_nv_list_t* list, const std::string& name, const std::string& value) {
    oauth2_nv_list_add(nullptr, list, name.c_str(), value.c_str());
}

Owned<oauth2_nv_list_t> list_of(const std::vector<std::pair<std::string, std::string>>& fields) {
    Owned<oauth2_nv_list_t> list(oauth2_nv_list_init(nullptr));
    for (const auto& [name, value] : fields)
        add(list.get(), name, value);
    return list;
}

/// RFC 6749, section 2.3.1: both halves are form-encoded before they are joined. The library keeps this pair for its
/// own HTTP calls and hands it to nobody, so it is made here.
std::string basic_authorization(const ClientAuthentication& client) {
    return "Basic " + to_base64(http::percent_encode(client.client_id) + ":" +
                                http::percent_encode(client.client_secret.reveal()));
}

/// Appends what the method adds to the form.
bool add_authentication(oauth2_nv_list_t* form, const ClientAuthentication& client) {
    const Owned<oauth2_cfg_endpoint_auth_t> auth(oauth2_cfg_endpoint_auth_init(nullptr));
    const auto options = list_of({{"client_id", client.client_id}, {"client_secret", client.client_secret.reveal()}});
    const Owned<char> problem(
        oauth2_cfg_set_endpoint_auth(nullptr, auth.get(), client.method.c_str(), options.get(), nullptr));
    if (problem) return false;
    const Owned<oauth2_http_call_ctx_t> call(oauth2_http_call_ctx_init(nullptr));
    return oauth2_http_ctx_auth_add(nullptr, call.get(), auth.get(), form);
}

}  // namespace

bool verifies(const std::string& token, const std::vector<std::string>& jwks) {
    const std::lock_guard guard(library_lock());
    // One chain per key: a key that the library cannot read (a point off its curve) would hide those after it.
    for (const auto& jwk : jwks) {
        oauth2_cfg_token_verify_t* chain = nullptr;
        const Owned<char> problem(
            oauth2_cfg_token_verify_add_options(nullptr, &chain, "jwk", jwk.c_str(), verify_options));
        const Owned<oauth2_cfg_token_verify_t> owned_chain(chain);
        if (problem) continue;
        json_t* payload = nullptr;
        const bool good = oauth2_token_verify(nullptr, nullptr, chain, token.c_str(), &payload);
        const Owned<json_t> owned_payload(payload);
        if (good) return true;
    }
    return false;
}

Result<AuthenticatedForm> authenticate(const std::vector<std::pair<std::string, std::string>>& fields,
                                       const ClientAuthentication& client) {
    const std::lock_guard guard(library_lock());
    const auto form = list_of(fields);
    if (!add_authentication(form.get(), client))
        return fail(Error::internal("liboauth2 refused client authentication by " + client.method));
    const Owned<char> body(oauth2_http_url_form_encode(nullptr, form.get()));
    if (!body) return fail(Error::internal("liboauth2 could not encode the token request"));
    const bool basic = client.method == "client_secret_basic";
    return AuthenticatedForm{body.get(), basic ? basic_authorization(client) : std::string()};
}

}  // namespace gatehouse::auth::liboauth2

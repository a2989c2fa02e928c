// SPDX-License-Identifier: Apache-2.0
#include "auth/token_answer.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "gateway/base/json.h"

namespace gatehouse::auth {
namespace {

constexpr std::size_t longest_detail = 300;

/// The errors that are about the person or the grant. All others (invalid_client, invalid_request, server_error, …) are
/// about us or the provider.
constexpr std::array<std::string_view, 6> refusals{"invalid_grant",        "access_denied",
                                                   "login_required",       "consent_required",
                                                   "interaction_required", "account_selection_required"};

Error invalid(std::string detail) {
    return Error::unavailable(Reason::idp_answer_invalid, "The identity provider's answer is not valid.",
                              "token endpoint: " + std::move(detail));
}

std::string text_of(const json::bj::value& answer, std::string_view name) {
    return std::string(json::find_string(answer, name).value_or(std::string_view{}));
}

Error error_of(const ProviderAnswer& answer) {
    const auto status = "status " + std::to_string(answer.status);
    if (answer.status >= 500)
        return Error::unavailable(Reason::idp_unreachable, "The identity provider cannot be reached.",
                                  "token endpoint: " + status);
    const auto body = json::parse(answer.body);
    const std::string error = body ? text_of(*body, "error") : std::string();
    if (error.empty()) return invalid(status + " without an OAuth error");
    std::string detail = error + ": " + text_of(*body, "error_description");
    detail.resize(std::min(detail.size(), longest_detail));
    if (std::ranges::find(refusals, error) == refusals.end()) return invalid(status + ", " + detail);
    return Error::forbidden(Reason::idp_refused, "The identity provider refused the sign-in.",
                            "token endpoint: " + detail);
}

}  // namespace

Result<TokenAnswer> parse_token_answer(const ProviderAnswer& answer) {
    if (answer.status != 200) return fail(error_of(answer));
    const auto body = json::parse(answer.body);
    if (!body) return fail(invalid("no JSON"));
    TokenAnswer tokens{text_of(*body, "id_token"), text_of(*body, "access_token"), text_of(*body, "refresh_token")};
    if (tokens.id_token.empty()) return fail(invalid("no id_token (is `openid` among oidc.scopes?)"));
    return tokens;
}

}  // namespace gatehouse::auth

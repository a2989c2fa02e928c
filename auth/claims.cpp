// SPDX-License-Identifier: Apache-2.0
#include "auth/claims.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cmath>
#include <utility>

#include "gateway/base/crypto.h"
#include "gateway/base/text.h"

namespace gatehouse::auth {
namespace {

using json::bj::value;
using std::chrono::hours;
using std::chrono::seconds;

constexpr std::size_t longest_subject = 255;  // OpenID Connect Core 1.0, section 2
constexpr std::size_t longest_text = 512;
constexpr std::size_t most_groups = 4096;
/// 9999-12-31, so that no date overflows an Instant.
constexpr double latest_date = 253'402'300'799.0;
/// `iat` limits nothing by itself (exp and nbf do, strictly). A provider whose clock is a few seconds ahead must not
/// lock everyone out; a token issued a day before it was asked for is a replay or a broken provider.
constexpr seconds iat_leeway{10};
constexpr hours oldest_iat{24};

Error invalid(std::string_view claim, std::string_view why, std::string_view source = "id_token") {
    return Error::forbidden(Reason::claims_invalid, "The identity provider's answer could not be accepted.",
                            std::string(source) + ": " + std::string(claim) + " " + std::string(why));
}

bool contains(const std::vector<std::string>& list, std::string_view text) {
    return std::ranges::find(list, text) != list.end();
}

bool is_reasonable(std::string_view text, std::size_t longest) {
    return !text.empty() && text.size() <= longest && !has_control(text);
}

/// NumericDate (RFC 7519, section 2): seconds, possibly with a fraction.
std::optional<Instant> find_date(const value& claims, std::string_view name) {
    const auto* member = json::find(claims, name);
    if (member == nullptr || !member->is_number()) return std::nullopt;
    const double date = member->to_number<double>();
    if (!(date >= 0 && date <= latest_date)) return std::nullopt;
    return from_unix_seconds(static_cast<long long>(std::floor(date)));
}

Result<> check_issuer_and_subject(const value& claims, const ExpectedClaims& expected) {
    const auto issuer = json::find_string(claims, "iss");
    if (!issuer) return fail(invalid("iss", "is missing"));
    if (*issuer != expected.issuer) return fail(invalid("iss", "is not oidc.issuer (compared byte for byte)"));
    const auto subject = json::find_string(claims, "sub");
    if (!subject || subject->empty()) return fail(invalid("sub", "is missing"));
    if (!is_reasonable(*subject, longest_subject)) return fail(invalid("sub", "is too long or not printable"));
    if (expected.subject && *subject != *expected.subject)
        return fail(invalid("sub", "names another person than the sign-in did"));
    return {};
}

Result<> check_audience(const value& claims, const ExpectedClaims& expected) {
    const auto* audience = json::find(claims, "aud");
    if (audience == nullptr) return fail(invalid("aud", "is missing"));
    const auto is_us = [&](const value& item) {
        return item.is_string() && std::string_view(item.get_string()) == expected.client_id;
    };
    const auto* list = audience->if_array();
    const bool ours = list != nullptr ? std::ranges::any_of(*list, is_us) : is_us(*audience);
    if (!ours) return fail(invalid("aud", "does not hold oidc.client_id"));

    const auto* party = json::find(claims, "azp");
    if (party == nullptr) {
        if (list != nullptr && list->size() > 1) return fail(invalid("azp", "is missing beside several audiences"));
        return {};
    }
    const auto name = json::find_string(claims, "azp");
    const bool known = name && (*name == expected.client_id || contains(expected.additional_authorized_parties, *name));
    if (!known) return fail(invalid("azp", "is neither oidc.client_id nor in additional_authorized_parties"));
    return {};
}

Result<> check_times(const value& claims, seconds skew, Instant now) {
    const auto expiry = find_date(claims, "exp");
    if (!expiry) return fail(invalid("exp", "is missing or no date"));
    if (now >= *expiry + skew) return fail(invalid("exp", "is past"));
    const auto not_before = find_date(claims, "nbf");
    if (json::find(claims, "nbf") != nullptr && !not_before) return fail(invalid("nbf", "is no date"));
    if (not_before && now + skew < *not_before) return fail(invalid("nbf", "is in the future"));
    const auto issued_at = find_date(claims, "iat");
    if (!issued_at) return fail(invalid("iat", "is missing or no date"));
    if (now + skew + iat_leeway < *issued_at) return fail(invalid("iat", "is in the future"));
    if (*issued_at + skew + oldest_iat < now) return fail(invalid("iat", "is more than a day past"));
    return {};
}

Result<> check_nonce(const value& claims, const std::optional<std::string>& expected) {
    if (!expected) return {};
    const auto nonce = json::find_string(claims, "nonce");
    if (!nonce) return fail(invalid("nonce", "is missing"));
    if (!constant_time_equal(*nonce, *expected)) return fail(invalid("nonce", "is not the one of this sign-in"));
    return {};
}

/// Some providers write booleans as strings.
bool is_false(const value* flag) {
    if (flag == nullptr) return false;
    if (flag->is_string()) return flag->get_string() == "false";
    return flag->is_bool() && !flag->get_bool();
}

Result<> check_email_verified(const value& claims) {
    if (!is_false(json::find(claims, "email_verified"))) return {};
    return fail(Error::forbidden(Reason::email_unverified,
                                 "Your email address is not verified at the identity provider.",
                                 "email_verified is false"));
}

std::string reasonable_text(const value* member) {
    if (member == nullptr || !member->is_string()) return {};
    const std::string_view text = member->get_string();
    return is_reasonable(text, longest_text) ? std::string(text) : std::string();
}

std::string email_of(const value& claims, const OidcSettings& settings) {
    for (const auto& path : settings.email_claims) {
        std::string email = reasonable_text(json::find_path(claims, path));
        if (!email.empty()) return email;
    }
    return {};
}

std::vector<std::string> groups_of(const value& claims, const OidcSettings& settings) {
    std::vector<std::string> groups;
    const auto* member = json::find_path(claims, settings.groups_claim);
    if (member == nullptr) return groups;
    if (member->is_string()) groups.push_back(reasonable_text(member));
    if (const auto* list = member->if_array())
        for (const auto& item : *list)
            groups.push_back(reasonable_text(&item));
    std::erase(groups, std::string());
    if (groups.size() > most_groups) groups.resize(most_groups);
    return groups;
}

}  // namespace

Result<> check_claims(const value& claims, const ExpectedClaims& expected, Instant now) {
    if (!claims.is_object()) return fail(invalid("payload", "is no JSON object"));
    const auto names = check_issuer_and_subject(claims, expected);
    if (!names) return fail(names.error());
    const auto audience = check_audience(claims, expected);
    if (!audience) return fail(audience.error());
    const auto times = check_times(claims, expected.clock_skew, now);
    if (!times) return fail(times.error());
    const auto nonce = check_nonce(claims, expected.nonce);
    if (!nonce) return fail(nonce.error());
    return check_email_verified(claims);
}

Result<> check_access_token_hash(const value& claims, std::string_view alg, std::string_view access_token) {
    const auto* member = json::find(claims, "at_hash");
    if (member == nullptr || !alg.ends_with("256")) return {};
    const auto hash = json::find_string(claims, "at_hash");
    const std::string expected = to_base64url(sha256(access_token).substr(0, 16));
    if (!hash || !constant_time_equal(*hash, expected))
        return fail(invalid("at_hash", "is not that of the access token"));
    return {};
}

Person person_of(const value& claims, const OidcSettings& settings) {
    return Person{std::string(json::find_string(claims, "sub").value_or(std::string_view{})),
                  email_of(claims, settings), reasonable_text(json::find(claims, "name")), groups_of(claims, settings)};
}

Result<> fill_gaps(Person& person, const value& userinfo, const OidcSettings& settings) {
    // Core, section 5.3.2: an answer about someone else must not be used (token substitution).
    if (json::find_string(userinfo, "sub") != person.subject)
        return fail(invalid("sub", "is not that of the id_token", "userinfo"));
    if (person.email.empty()) {
        const auto verified = check_email_verified(userinfo);
        if (!verified) return fail(verified.error());
        person.email = email_of(userinfo, settings);
    }
    if (person.name.empty()) person.name = reasonable_text(json::find(userinfo, "name"));
    if (person.groups.empty()) person.groups = groups_of(userinfo, settings);
    return {};
}

Result<> admit(const Person& person, const OidcSettings& settings) {
    if (!settings.allowed_email_domains.empty()) {
        const std::size_t at = person.email.rfind('@');
        const std::string domain =
            at == std::string::npos ? "" : to_lower(std::string_view(person.email).substr(at + 1));
        if (domain.empty() || !contains(settings.allowed_email_domains, domain))
            return fail(Error::forbidden(Reason::domain_not_allowed, "Your email domain may not sign in here.",
                                         domain.empty()
                                             ? "no email claim (oidc.email_claim, oidc.userinfo_fallback)"
                                             : "domain " + domain + " is not in oidc.allowed_email_domains"));
    }
    if (settings.allowed_groups.empty()) return {};
    for (const auto& group : person.groups)
        if (contains(settings.allowed_groups, group)) return {};
    return fail(Error::forbidden(Reason::group_not_allowed, "You are not in a group that may sign in here.",
                                 person.groups.empty()
                                     ? "no groups in claim " + settings.groups_claim + " (oidc.groups_claim)"
                                     : "none of the person's groups is in oidc.allowed_groups"));
}

}  // namespace gatehouse::auth

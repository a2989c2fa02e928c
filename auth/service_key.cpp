// SPDX-License-Identifier: Apache-2.0
#include "auth/service_key.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value_to.hpp>
#include <utility>

#include "gateway/base/cidr.h"
#include "gateway/base/json.h"
#include "gateway/base/text.h"
#include "gateway/base/timestamp.h"

namespace gatehouse::auth {
namespace {

namespace bj = boost::json;

constexpr std::string_view prefix = "ghs_";
constexpr std::string_view subject_prefix = "service:";
constexpr std::size_t secret_bytes = 32;
constexpr std::size_t longest_address = 64;

bj::array to_array(const std::vector<std::string>& texts) {
    return bj::array(texts.begin(), texts.end());
}

std::optional<Instant> find_moment(const bj::value& from, std::string_view key) {
    const auto text = json::find_string(from, key);
    return text ? parse_timestamp(*text) : std::nullopt;
}

/// Nothing when it is neither null nor a moment.
std::optional<std::optional<Instant>> find_end(const bj::value& from, std::string_view key) {
    const bj::value* value = json::find(from, key);
    if (value == nullptr) return std::nullopt;
    if (value->is_null()) return std::optional<Instant>{};
    const auto when = find_moment(from, key);
    if (!when) return std::nullopt;
    return when;
}

std::optional<std::vector<std::string>> find_texts(const bj::value& from, std::string_view key) {
    const bj::value* value = json::find(from, key);
    if (value == nullptr || !value->is_array()) return std::nullopt;
    std::vector<std::string> texts;
    for (const bj::value& each : value->get_array()) {
        if (!each.is_string()) return std::nullopt;
        texts.emplace_back(each.get_string());
    }
    return texts;
}

std::optional<ServiceSecret> parse_secret(const bj::value& value) {
    const auto hash = json::find_string(value, "hash");
    const auto created_at = find_moment(value, "created_at");
    const auto expires_at = find_end(value, "expires_at");
    if (!hash || hash->empty() || !created_at || !expires_at) return std::nullopt;
    return ServiceSecret{std::string(*hash), *created_at, *expires_at};
}

std::optional<std::vector<ServiceSecret>> find_secrets(const bj::value& from) {
    const bj::value* value = json::find(from, "secrets");
    if (value == nullptr || !value->is_array()) return std::nullopt;
    std::vector<ServiceSecret> secrets;
    for (const bj::value& each : value->get_array()) {
        auto secret = parse_secret(each);
        if (!secret) return std::nullopt;
        secrets.push_back(std::move(*secret));
    }
    return secrets;
}

bool has_ended(const std::optional<Instant>& end, Instant now) {
    return end && now >= *end;
}

Error expired(std::string message) {
    return Error::unauthenticated(Reason::key_expired, std::move(message));
}

}  // namespace

std::string make_service_key(Random& random) {
    return std::string(prefix) + random_token(random, secret_bytes);
}

bool is_service_key(std::string_view credential) {
    if (!credential.starts_with(prefix)) return false;
    const auto secret = from_base64url(credential.substr(prefix.size()));
    return secret && secret->size() == secret_bytes;
}

std::string service_subject(std::string_view id) {
    return std::string(subject_prefix).append(id);
}

std::optional<std::string_view> service_key_of(std::string_view subject) {
    if (!subject.starts_with(subject_prefix)) return std::nullopt;
    return subject.substr(subject_prefix.size());
}

Person to_person(const ServiceKey& key) {
    return {.subject = service_subject(key.id), .email = {}, .name = key.name, .groups = key.groups};
}

Result<> admit(const ServiceKey& key, const ServiceSecret& secret, std::string_view address, Instant now) {
    if (key.disabled) return fail(Error::unauthenticated(Reason::key_revoked, "this service key is disabled"));
    if (has_ended(key.expires_at, now)) return fail(expired("this service key has expired"));
    if (has_ended(secret.expires_at, now))
        return fail(expired("this service key was rotated: its former secret has expired"));
    const auto covers = [&](const std::string& range) {
        const auto cidr = Cidr::parse(range);
        return cidr && cidr->contains(address);
    };
    if (key.allowed_cidrs.empty() || std::ranges::any_of(key.allowed_cidrs, covers)) return {};
    return fail(Error::forbidden(Reason::address_denied,
                                 "this service key may not be used from " + printable(address, longest_address)));
}

void rotate(ServiceKey& key, std::string hash, Instant now, std::chrono::seconds overlap) {
    forget_ended_secrets(key, now);
    if (overlap.count() == 0) key.secrets.clear();
    if (key.secrets.size() >= most_service_secrets) key.secrets.resize(most_service_secrets - 1);
    for (ServiceSecret& former : key.secrets)
        former.expires_at = now + overlap;
    key.secrets.insert(key.secrets.begin(), ServiceSecret{std::move(hash), now, std::nullopt});
}

void forget_ended_secrets(ServiceKey& key, Instant now) {
    std::erase_if(key.secrets, [&](const ServiceSecret& secret) { return has_ended(secret.expires_at, now); });
}

std::string to_document(const ServiceKey& key) {
    bj::array secrets;
    for (const ServiceSecret& secret : key.secrets)
        secrets.push_back(bj::object{{"hash", secret.hash},
                                     {"created_at", to_timestamp(secret.created_at)},
                                     {"expires_at", json::or_null(secret.expires_at)}});
    return json::to_text(bj::object{{"type", service_key_record_kind},
                                    {"id", key.id},
                                    {"name", key.name},
                                    {"owner", key.owner},
                                    {"groups", to_array(key.groups)},
                                    {"allowed_cidrs", to_array(key.allowed_cidrs)},
                                    {"rate_limits", key.limits},
                                    {"disabled", key.disabled},
                                    {"created_at", to_timestamp(key.created_at)},
                                    {"created_by", key.created_by},
                                    {"updated_at", to_timestamp(key.updated_at)},
                                    {"expires_at", json::or_null(key.expires_at)},
                                    {"secrets", std::move(secrets)}});
}

std::optional<ServiceKey> parse_service_key(std::string_view document) {
    const auto value = json::parse(document);
    if (!value || json::find_string(*value, "type") != service_key_record_kind) return std::nullopt;
    const auto words = [&](std::string_view name) { return std::string(json::find_string(*value, name).value_or("")); };
    auto groups = find_texts(*value, "groups");
    auto allowed_cidrs = find_texts(*value, "allowed_cidrs");
    const auto disabled = json::find_bool(*value, "disabled");
    const auto created_at = find_moment(*value, "created_at");
    const auto updated_at = find_moment(*value, "updated_at");
    const auto expires_at = find_end(*value, "expires_at");
    auto secrets = find_secrets(*value);
    ServiceKey key{
        .id = words("id"), .name = words("name"), .owner = words("owner"), .created_by = words("created_by")};
    if (key.id.empty() || !groups || !allowed_cidrs || !disabled || !created_at || !updated_at || !expires_at ||
        !secrets)
        return std::nullopt;
    key.groups = std::move(*groups);
    key.allowed_cidrs = std::move(*allowed_cidrs);
    // Keys that were made before there were such limits have none.
    if (const auto* limits = json::find(*value, "rate_limits")) {
        if (!limits->is_object()) return std::nullopt;
        key.limits = limits->get_object();
    }
    key.disabled = *disabled;
    key.created_at = *created_at;
    key.updated_at = *updated_at;
    key.expires_at = *expires_at;
    key.secrets = std::move(*secrets);
    return key;
}

}  // namespace gatehouse::auth

// SPDX-License-Identifier: Apache-2.0
#include "auth/refresh_token.h"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace gatehouse::auth {
namespace {

std::vector<std::string> derive_keys(const SessionSettings& settings, std::string_view purpose) {
    std::vector<std::string> keys;
    keys.reserve(settings.jwt_secrets.size());
    for (const Secret& secret : settings.jwt_secrets)
        keys.push_back(derive_key(secret.reveal(), purpose));
    return keys;
}

std::string sign(std::string_view key, std::string_view session_id, std::string_view generation) {
    std::string text(session_id);
    text.append("|").append(generation);
    return to_base64url(hmac_sha256(key, text));
}

/// Only the spelling that to_string gives, so that a generation has one token text.
std::optional<std::int64_t> parse_generation(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
    if (std::to_string(value) != text) return std::nullopt;
    return value;
}

}  // namespace

RefreshTokens::RefreshTokens(const SessionSettings& settings) : keys_(derive_keys(settings, "refresh-token")) {}

std::string RefreshTokens::derive(const RefreshToken& token) const {
    const std::string generation = std::to_string(token.generation);
    std::string text(refresh_token_prefix);
    text.append(token.session_id).append(".").append(generation).append(".");
    return text.append(sign(keys_.front(), token.session_id, generation));
}

std::optional<RefreshToken> RefreshTokens::verify(std::string_view text) const {
    if (!text.starts_with(refresh_token_prefix)) return std::nullopt;
    text.remove_prefix(refresh_token_prefix.size());
    const std::size_t first = text.find('.');
    const std::size_t last = text.rfind('.');
    if (first == std::string_view::npos || first == last) return std::nullopt;
    const std::string_view session_id = text.substr(0, first);
    const std::string_view generation = text.substr(first + 1, last - first - 1);
    const std::string_view signature = text.substr(last + 1);
    const bool genuine = std::ranges::any_of(keys_, [&](const std::string& key) {
        return constant_time_equal(sign(key, session_id, generation), signature);
    });
    const auto number = parse_generation(generation);
    if (!genuine || !number || session_id.empty()) return std::nullopt;
    return RefreshToken{std::string(session_id), *number};
}

TokenBox::TokenBox(const SessionSettings& settings) : keys_(derive_keys(settings, "idp-refresh")) {}

std::string TokenBox::seal(Random& random, std::string_view token, std::string_view context) const {
    if (token.empty()) return {};
    return to_base64url(gatehouse::seal(random, keys_.front(), token, context));
}

std::optional<std::string> TokenBox::open(std::string_view sealed, std::string_view context) const {
    const auto box = from_base64url(sealed);
    if (!box) return std::nullopt;
    for (const std::string& key : keys_)
        if (auto token = open_sealed(key, *box, context)) return token;
    return std::nullopt;
}

std::string grant_context(std::string_view device_hash) {
    return "grant:" + std::string(device_hash);
}

std::string session_context(std::string_view session_id) {
    return "session:" + std::string(session_id);
}

}  // namespace gatehouse::auth

// SPDX-License-Identifier: Apache-2.0
#include "gateway/store/record.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

#include "gateway/base/crypto.h"

namespace gatehouse::store {
namespace {

bool is_plain(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
           letter == '-' || letter == '_' || letter == '.';
}

std::optional<std::int64_t> to_number(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

/// Group names may hold any bytes, so no separator is safe: `<length>:<bytes>` one after the other.
std::string pack(const std::vector<std::string>& texts) {
    std::string packed;
    for (const std::string& text : texts)
        packed += std::to_string(text.size()) + ':' + text;
    return packed;
}

std::optional<std::vector<std::string>> unpack(std::string_view packed) {
    std::vector<std::string> texts;
    while (!packed.empty()) {
        const auto colon = packed.find(':');
        if (colon == std::string_view::npos) return std::nullopt;
        const auto size = to_number(packed.substr(0, colon));
        packed.remove_prefix(colon + 1);
        if (!size || *size < 0 || static_cast<std::size_t>(*size) > packed.size()) return std::nullopt;
        texts.emplace_back(packed.substr(0, static_cast<std::size_t>(*size)));
        packed.remove_prefix(static_cast<std::size_t>(*size));
    }
    return texts;
}

/// Reads fields one by one; remembers whether all were there and sound.
class Reading {
  public:
    explicit Reading(const Fields& fields) : fields_(fields) {}

    std::string text(std::string_view name) {
        const auto found = fields_.find(name);
        if (found != fields_.end()) return found->second;
        sound_ = false;
        return {};
    }
    std::int64_t number(std::string_view name) {
        const auto value = to_number(text(name));
        if (!value) sound_ = false;
        return value.value_or(0);
    }
    Instant instant(std::string_view name) { return Instant{std::chrono::milliseconds{number(name)}}; }
    std::optional<Instant> maybe_instant(std::string_view name) {
        if (!fields_.contains(name)) return std::nullopt;
        return instant(name);
    }
    auth::Person person() {
        auth::Person read{text("subject"), text("email"), text("name"), {}};
        auto groups = unpack(text("groups"));
        if (!groups) sound_ = false;
        if (groups) read.groups = std::move(*groups);
        return read;
    }
    bool sound() const { return sound_; }

  private:
    const Fields& fields_;
    bool sound_ = true;
};

}  // namespace

std::string key_of(std::string_view kind, std::string_view name) {
    constexpr std::size_t longest = 64;
    const bool plain = !name.empty() && name.size() <= longest && std::ranges::all_of(name, is_plain);
    std::string key = "gh:{";
    key += kind;
    key += ':';
    // The tilde keeps hashed names apart from plain ones: nobody can choose a name that is another's hash.
    if (plain)
        key += name;
    else
        key += '~' + to_base64url(sha256(name));
    key += '}';
    return key;
}

std::optional<Instant> parse_instant(std::string_view text) {
    const auto number = to_number(text);
    if (!number) return std::nullopt;
    return Instant{std::chrono::milliseconds{*number}};
}

std::string to_text(Instant when) {
    return std::to_string(when.time_since_epoch().count());
}

Fields to_fields(const auth::Person& person) {
    return {
        {"subject", person.subject}, {"email", person.email}, {"name", person.name}, {"groups", pack(person.groups)}};
}

Fields to_fields(const auth::Attempt& attempt) {
    return {{"id", attempt.id},
            {"cookie_hash", attempt.cookie_hash},
            {"nonce", attempt.nonce},
            {"pkce_verifier", attempt.pkce_verifier},
            {"return_to", attempt.return_to},
            {"device_hash", attempt.device_hash}};
}

Fields to_fields(const auth::DeviceGrant& grant) {
    return {{"device_hash", grant.device_hash},
            {"user_code", grant.user_code},
            {"client", grant.client},
            {"address", grant.address},
            {"expires_at", to_text(grant.expires_at)}};
}

Fields to_fields(const auth::Approval& approval) {
    Fields fields = to_fields(approval.person);
    fields["sealed_idp_refresh"] = approval.sealed_idp_refresh;
    return fields;
}

Fields to_fields(const auth::Session& session) {
    Fields fields = to_fields(session.person);
    fields["id"] = session.id;
    fields["kind"] = session.kind == auth::SessionKind::browser ? "browser" : "device";
    fields["secret_hash"] = session.secret_hash;
    fields["client"] = session.client;
    fields["address"] = session.address;
    fields["created_at"] = to_text(session.created_at);
    fields["last_used_at"] = to_text(session.last_used_at);
    fields["expires_at"] = to_text(session.expires_at);
    fields["sealed_idp_refresh"] = session.sealed_idp_refresh;
    fields["generation"] = std::to_string(session.generation);
    fields["rotated_at"] = to_text(session.rotated_at);
    return fields;
}

Fields to_fields(const auth::PersonalKey& key) {
    Fields fields = to_fields(key.person);
    fields["id"] = key.id;
    fields["hash"] = key.hash;
    fields["label"] = key.name;
    fields["created_at"] = to_text(key.created_at);
    fields["expires_at"] = to_text(key.expires_at);
    if (key.last_used_at) fields["last_used_at"] = to_text(*key.last_used_at);
    return fields;
}

Fields fields_of(const Reply& reply) {
    Fields fields;
    for (std::size_t at = 0; at + 1 < reply.items.size(); at += 2)
        fields.emplace(reply.items[at].text, reply.items[at + 1].text);
    return fields;
}

bool is_live(const Fields& fields, Instant now) {
    Reading read(fields);
    const auto expires_at = read.instant("expires_at");
    return read.sound() && expires_at > now;
}

std::optional<auth::Attempt> to_attempt(const Fields& fields) {
    Reading read(fields);
    auth::Attempt attempt{.id = read.text("id"),
                          .cookie_hash = read.text("cookie_hash"),
                          .nonce = read.text("nonce"),
                          .pkce_verifier = read.text("pkce_verifier"),
                          .return_to = read.text("return_to"),
                          .device_hash = read.text("device_hash")};
    if (!read.sound()) return std::nullopt;
    return attempt;
}

std::optional<auth::DeviceGrant> to_grant(const Fields& fields) {
    Reading read(fields);
    auth::DeviceGrant grant{.device_hash = read.text("device_hash"),
                            .user_code = read.text("user_code"),
                            .client = read.text("client"),
                            .address = read.text("address"),
                            .expires_at = read.instant("expires_at")};
    if (!read.sound()) return std::nullopt;
    return grant;
}

std::optional<auth::Approval> to_approval(const Fields& fields) {
    Reading read(fields);
    auth::Approval approval{.person = read.person(), .sealed_idp_refresh = read.text("sealed_idp_refresh")};
    if (!read.sound()) return std::nullopt;
    return approval;
}

std::optional<auth::Session> to_session(const Fields& fields) {
    Reading read(fields);
    auth::Session session{
        .id = read.text("id"),
        .kind = read.text("kind") == "browser" ? auth::SessionKind::browser : auth::SessionKind::device,
        .person = read.person(),
        .secret_hash = read.text("secret_hash"),
        .client = read.text("client"),
        .address = read.text("address"),
        .created_at = read.instant("created_at"),
        .last_used_at = read.instant("last_used_at"),
        .expires_at = read.instant("expires_at"),
        .sealed_idp_refresh = read.text("sealed_idp_refresh"),
        .generation = read.number("generation"),
        .rotated_at = read.instant("rotated_at")};
    if (!read.sound()) return std::nullopt;
    return session;
}

std::optional<auth::PersonalKey> to_key(const Fields& fields) {
    Reading read(fields);
    auth::PersonalKey key{.id = read.text("id"),
                          .hash = read.text("hash"),
                          .name = read.text("label"),
                          .person = read.person(),
                          .created_at = read.instant("created_at"),
                          .expires_at = read.instant("expires_at"),
                          .last_used_at = read.maybe_instant("last_used_at")};
    if (!read.sound()) return std::nullopt;
    return key;
}

void append_fields(std::vector<std::string>& words, const Fields& fields) {
    for (const auto& [name, value] : fields) {
        words.push_back(name);
        words.push_back(value);
    }
}

}  // namespace gatehouse::store

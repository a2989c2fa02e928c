// SPDX-License-Identifier: Apache-2.0
#include "auth/keys.h"

#include <charconv>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "auth/audit.h"
#include "auth/pages.h"
#include "auth/personal_key.h"
#include "auth/secret_hash.h"
#include "gateway/base/json.h"
#include "gateway/base/text.h"
#include "gateway/http/form.h"
#include "gateway/http/reply.h"

namespace gatehouse::auth {
namespace {

constexpr std::size_t longest_name = 100;
constexpr int longest_days = 365;
/// Enough for every tool of a person; keeps a hijacked browser session from filling the store.
constexpr std::size_t most_keys = 50;

bool is_text(std::string_view text) {
    return !has_control(text) && json::parse(json::to_text(boost::json::value(text))).has_value();
}

PersonalKey make_key(Random& random, Person person, const KeyWish& wish, std::string_view secret, Instant now) {
    PersonalKey key;
    key.id = random_token(random, 16);
    key.hash = secret_hash(secret);
    key.name = wish.name;
    key.person = std::move(person);
    key.created_at = now;
    key.expires_at = key.created_at + wish.lifetime;
    return key;
}

}  // namespace

Result<KeyWish> parse_key_wish(std::string_view given, std::string_view text) {
    const std::string_view name = trim(given);
    if (name.empty() || name.size() > longest_name || !is_text(name))
        return fail(
            Error::bad_request(Reason::malformed_request, "The name must be 1 to 100 characters of plain text."));
    int days = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), days);
    if (error != std::errc{} || end != text.data() + text.size() || days < 1 || days > longest_days)
        return fail(Error::bad_request(Reason::malformed_request,
                                       "“Expires after” must be a whole number of days from 1 to 365."));
    return KeyWish{std::string(name), std::chrono::days{days}};
}

Task<NewKey> create_key(Vault& vault, Random& random, Person person, KeyWish wish, Instant now) {
    const auto keys = co_await vault.keys_of(person.subject);
    if (!keys) co_return fail(keys.error());
    if (keys->size() >= most_keys)
        co_return fail(Error::conflict(Reason::already_exists, "You have 50 keys. Revoke one that you no longer use."));
    NewKey made;
    made.secret = make_personal_key(random);
    made.key = make_key(random, std::move(person), wish, made.secret, now);
    const auto stored = co_await vault.put_key(made.key);
    if (!stored) co_return fail(stored.error());
    co_return made;
}

Task<> revoke_own_key(Vault& vault, std::string subject, std::string id) {
    const auto gone = co_await vault.revoke_key(std::move(subject), std::move(id));
    if (!gone) co_return fail(gone.error());
    if (!*gone) co_return fail(Error::not_found(Reason::not_found, "You have no such key. It may be revoked already."));
    co_return Result<>{};
}

Task<http::Response> KeyEndpoints::create(http::Request& request, const Session& mine) const {
    const auto form = http::Form::parse(request.body.view());
    const auto wish = parse_key_wish(form.value("name"), form.value("days"));
    if (!wish) co_return fail(wish.error());
    const auto made = co_await create_key(parts_.vault, parts_.random, mine.person, *wish, parts_.clock.now());
    if (!made) co_return fail(made.error());
    audit_success(parts_.journal, "key.create", request, mine.person,
                  {{"credential_id", made->key.id}, {"key_name", made->key.name}});
    const NewKeyView view{parts_.settings.public_url.origin(), made->key.name, made->secret, made->key.expires_at};
    co_return new_key_page(view);
}

Task<http::Response> KeyEndpoints::revoke(http::Request& request, const Session& mine) const {
    const auto form = http::Form::parse(request.body.view());
    const std::string id(form.value("key"));
    const auto gone = co_await revoke_own_key(parts_.vault, mine.person.subject, id);
    if (!gone) co_return fail(gone.error());
    audit_success(parts_.journal, "key.revoke", request, mine.person, {{"credential_id", id}});
    co_return http::redirect("/access");
}

}  // namespace gatehouse::auth

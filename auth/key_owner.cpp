// SPDX-License-Identifier: Apache-2.0
#include "auth/key_owner.h"

#include <utility>

#include "auth/audit.h"
#include "gateway/base/log.h"

namespace gatehouse::auth {
namespace {

void log_failure(const Error& error) {
    log::warn("personal keys not brought up to date", {{"reason", to_slug(error.reason)}, {"error", describe(error)}});
}

bool ends_admission(Reason reason) {
    return reason == Reason::group_not_allowed || reason == Reason::domain_not_allowed ||
           reason == Reason::email_unverified;
}

}  // namespace

boost::asio::awaitable<void> update_keys(const SignInParts& parts, Person person) {
    const auto keys = co_await parts.vault.keys_of(person.subject);
    if (!keys) {
        log_failure(keys.error());
        co_return;
    }
    for (const PersonalKey& key : *keys) {
        if (key.person == person) continue;
        const auto stored = co_await parts.vault.update_key_owner(key.hash, person);
        if (!stored) log_failure(stored.error());
    }
}

boost::asio::awaitable<void> end_keys_of_refused(const SignInParts& parts, const http::Request& request, Person person,
                                                 Reason reason) {
    if (!ends_admission(reason)) co_return;
    const auto keys = co_await parts.vault.keys_of(person.subject);
    if (!keys) {
        log_failure(keys.error());
        co_return;
    }
    for (const PersonalKey& key : *keys) {
        const auto gone = co_await parts.vault.revoke_key(person.subject, key.id);
        if (!gone) {
            log_failure(gone.error());
            continue;
        }
        audit_success(parts.journal, "key.revoke", request, person,
                      {{"credential_id", key.id}, {"reason", std::string(to_slug(reason))}});
    }
}

}  // namespace gatehouse::auth

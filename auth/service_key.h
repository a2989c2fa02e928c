// SPDX-License-Identifier: Apache-2.0
// A service key: how a program that no browser can sign in (CI, a bot) shows who it is. Its form, `ghs_` and 32 random
// bytes in base64url; what is kept of it (never a secret, secret_hash.h); and the decisions about it. Pure. Written by
// admin/service_keys, which keeps it as a record; the Authenticator holds all of them and asks nobody.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/identity.h"
#include "gateway/base/clock.h"
#include "gateway/base/crypto.h"
#include "gateway/base/result.h"

namespace gatehouse::auth {

inline constexpr std::string_view service_key_record_kind = "service_key";
/// The present secret, and the one before it while a rotation overlaps.
inline constexpr std::size_t most_service_secrets = 2;

struct ServiceSecret {
    std::string hash;  ///< hex SHA-256 of the secret
    Instant created_at;
    std::optional<Instant> expires_at;  ///< it was replaced and counts until then; nothing: as long as its key

    bool operator==(const ServiceSecret&) const = default;
};

struct ServiceKey {
    std::string id;     ///< "svk_" and 32 hex digits; not secret
    std::string name;   ///< what it is for
    std::string owner;  ///< who answers for it, in the words of whoever made it
    std::vector<std::string> groups;
    std::vector<std::string> allowed_cidrs;  ///< empty: from everywhere
    boost::json::object limits;              ///< how fast it may go, as a policy writes it; empty: as its policy says
    bool disabled = false;
    Instant created_at;
    std::string created_by;  ///< an actor of the audit trail
    Instant updated_at;
    std::optional<Instant> expires_at;   ///< nothing: never
    std::vector<ServiceSecret> secrets;  ///< newest first

    bool operator==(const ServiceKey&) const = default;
};

std::string make_service_key(Random& random);
/// Whether this has the form of a service key. Says nothing about whether it was ever issued.
bool is_service_key(std::string_view credential);

/// Who it is to policies, caps, the ledger and reports: `service:<id>`.
std::string service_subject(std::string_view id);
/// The other way round; nothing when it is not one.
std::optional<std::string_view> service_key_of(std::string_view subject);
Person to_person(const ServiceKey& key);

/// Whether this secret of this key may be used from there now. Faults: unauthenticated (key_revoked when disabled,
/// key_expired), forbidden (address_denied). The messages are for whoever holds the secret.
Result<> admit(const ServiceKey& key, const ServiceSecret& secret, std::string_view address, Instant now);
/// A new secret; what was the present one goes on for `overlap`, what was older is gone.
void rotate(ServiceKey& key, std::string hash, Instant now, std::chrono::seconds overlap);
/// Takes out the secrets that do not count any more.
void forget_ended_secrets(ServiceKey& key, Instant now);

/// The record, hashes included: for the store alone.
std::string to_document(const ServiceKey& key);
/// Nothing when it is not such a document: what cannot be read grants nothing.
std::optional<ServiceKey> parse_service_key(std::string_view document);

}  // namespace gatehouse::auth

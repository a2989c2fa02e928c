// SPDX-License-Identifier: Apache-2.0
// Person: what an identity provider said. Identity: a caller whose credential was verified for this request; only the
// Authenticator makes one, so holding an Identity is the proof. policy/ never sees either (it takes a Subject).
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/base/clock.h"

namespace gatehouse::auth {

struct Person {
    std::string subject;  ///< the identity provider's `sub`
    std::string email;    ///< may be empty
    std::string name;     ///< may be empty
    std::vector<std::string> groups;

    bool operator==(const Person&) const = default;
};

enum class CredentialKind : std::uint8_t {
    session,
    personal_key,
    service_key,      ///< of a program: its person() is not one, see service_key.h
    browser_session,  ///< a cookie; good for the console's API, never for requests to the model
};

std::string_view to_slug(CredentialKind kind);

class Identity {
  public:
    const Person& person() const { return person_; }
    CredentialKind kind() const { return kind_; }
    /// Session id or key id: not secret, appears in audit lines and is what gets revoked.
    const std::string& credential_id() const { return credential_id_; }
    /// The credential's end; Instant::max() when it has none.
    Instant expires_at() const { return expires_at_; }
    /// How fast it may go, as policies write it: laid over its policy's. Null: nothing of its own.
    const boost::json::object* limits() const { return limits_.get(); }
    /// Empty when the caller is a person.
    std::string_view service_key_id() const {
        return kind_ == CredentialKind::service_key ? std::string_view(credential_id_) : std::string_view{};
    }

  private:
    friend class Authenticator;
    Identity(Person person, CredentialKind kind, std::string credential_id, Instant expires_at,
             std::shared_ptr<const boost::json::object> limits = nullptr)
        : person_(std::move(person)),
          kind_(kind),
          credential_id_(std::move(credential_id)),
          expires_at_(expires_at),
          limits_(std::move(limits)) {}

    Person person_;
    CredentialKind kind_;
    std::string credential_id_;
    Instant expires_at_;
    std::shared_ptr<const boost::json::object> limits_;
};

using IdentityPtr = std::shared_ptr<const Identity>;

}  // namespace gatehouse::auth

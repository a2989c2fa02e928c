// SPDX-License-Identifier: Apache-2.0
// FakeIdp: an identity provider in memory. A test adds people by authorization code; redeeming uses the code up and
// gives a refresh token, refreshing rotates it. It checks what a real provider checks of the flow (redirect_uri, nonce
// and PKCE verifier are those of the authorization request), so a sign-in that mixes up two attempts fails here too.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "auth/idp.h"
#include "gateway/http/form.h"

namespace gatehouse::testing {

class FakeIdp final : public auth::IdentityProvider {
  public:
    static constexpr const char* origin = "https://idp.example";

    /// What `code` is worth, once.
    void will_sign_in(std::string code, auth::Person person) { codes_[std::move(code)] = std::move(person); }
    /// What a refresh of this subject says from now on (moved to another group, renamed).
    void now_knows(auth::Person person) { people_[person.subject] = std::move(person); }
    /// Refreshes of this subject are refused with forbidden/idp_refused from now on.
    void disable(const std::string& subject) { people_.erase(subject); }
    /// Every call that needs the provider fails with this until `work_again`. Use unavailable/idp_unreachable for an
    /// outage, forbidden/group_not_allowed and the like for a person who may not sign in.
    void fail_with(Error error) { failure_ = std::move(error); }
    void work_again() { failure_.reset(); }
    /// False: sign-ins and refreshes give no refresh token (scopes without offline_access).
    void gives_refresh_tokens(bool yes) { gives_refresh_tokens_ = yes; }
    /// False: refreshes keep the same refresh token (no rotation at the provider).
    void rotates_refresh_tokens(bool yes) { rotates_ = yes; }
    /// The next refresh comes back with another person's subject.
    void mixes_up_subjects(bool yes) { mixes_up_ = yes; }

    const std::vector<auth::AuthorizationRequest>& authorizations() const { return authorizations_; }
    const std::vector<std::string>& redeemed() const { return redeemed_; }
    const std::vector<std::string>& refreshed() const { return refreshed_; }

    Task<std::string> authorize_url(auth::AuthorizationRequest request) override {
        if (failure_) co_return fail(*failure_);
        authorizations_.push_back(request);
        co_return std::string(origin) + "/authorize?" +
            http::encode_form({{"response_type", "code"},
                               {"client_id", "gatehouse"},
                               {"redirect_uri", request.redirect_uri},
                               {"state", request.state},
                               {"nonce", request.nonce}});
    }

    std::string authorize_origin() const override { return origin; }

    Task<auth::SignedIn> redeem(std::string code, auth::AuthorizationRequest request) override {
        redeemed_.push_back(code);
        if (failure_) co_return fail(*failure_);
        const auto found = codes_.find(code);
        if (found == codes_.end() || !was_authorized(request))
            co_return fail(Error::forbidden(Reason::idp_refused, "the identity provider refused the sign-in",
                                            "invalid_grant: unknown code, or not of this authorization request"));
        auth::Person person = found->second;
        codes_.erase(found);
        people_[person.subject] = person;
        co_return auth::SignedIn{person, issue_refresh_token(person.subject)};
    }

    Task<auth::SignedIn> refresh(std::string refresh_token, std::string subject) override {
        refreshed_.push_back(refresh_token);
        if (failure_) co_return fail(*failure_);
        const auto owner = refresh_tokens_.find(refresh_token);
        const auto person = owner == refresh_tokens_.end() ? people_.end() : people_.find(owner->second);
        if (person == people_.end())
            co_return fail(
                Error::forbidden(Reason::idp_refused, "the identity provider refused the refresh", "invalid_grant"));
        if (mixes_up_ || person->first != subject)
            co_return fail(Error::forbidden(Reason::claims_invalid, "the identity provider named another person",
                                            "sub changed on refresh"));
        std::string token = refresh_token;
        if (rotates_) {
            refresh_tokens_.erase(owner);
            token = issue_refresh_token(subject);
        }
        co_return auth::SignedIn{person->second, std::move(token)};
    }

  private:
    bool was_authorized(const auth::AuthorizationRequest& request) const {
        for (const auto& known : authorizations_)
            if (known.nonce == request.nonce && known.pkce_verifier == request.pkce_verifier &&
                known.redirect_uri == request.redirect_uri)
                return true;
        return false;
    }

    std::string issue_refresh_token(const std::string& subject) {
        if (!gives_refresh_tokens_) return {};
        std::string token = "idp-refresh-" + std::to_string(++issued_);
        refresh_tokens_[token] = subject;
        return token;
    }

    std::map<std::string, auth::Person> codes_;
    std::map<std::string, auth::Person> people_;
    std::map<std::string, std::string> refresh_tokens_;
    std::optional<Error> failure_;
    bool gives_refresh_tokens_ = true;
    bool rotates_ = true;
    bool mixes_up_ = false;
    int issued_ = 0;
    std::vector<auth::AuthorizationRequest> authorizations_;
    std::vector<std::string> redeemed_;
    std::vector<std::string> refreshed_;
};

}  // namespace gatehouse::testing

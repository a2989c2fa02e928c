// SPDX-License-Identifier: Apache-2.0
// Provider: the OpenID provider's documents (discovery, keys), fetched over our own client, cached for an hour, one
// fetch at a time, with a back-off when it does not answer; and single calls to its endpoints. Used by oidc.cpp alone.
// One per shard; not thread-safe.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "auth/id_token.h"
#include "auth/provider_metadata.h"
#include "auth/single_flight.h"
#include "gateway/base/clock.h"
#include "gateway/base/task.h"
#include "gateway/http/client.h"

namespace gatehouse::auth {

using MetadataPtr = std::shared_ptr<const ProviderMetadata>;
using KeySetPtr = std::shared_ptr<const KeySet>;

struct ProviderAnswer {
    int status = 0;
    std::string content_type;
    std::string body;
};

/// One document and when it may be fetched next. Decides by `now`; fetches nothing.
template <class T>
class Remembered {
  public:
    const std::shared_ptr<const T>& value() const { return value_; }
    bool is_fresh(Instant now) const { return value_ && now < fresh_until_; }
    /// After a failure, until the back-off has passed.
    bool is_resting(Instant now) const { return now < next_attempt_; }
    /// The last good value, however old; without one, the last error.
    Result<std::shared_ptr<const T>> value_or_error() const {
        if (value_) return value_;
        return fail(error_);
    }
    Result<std::shared_ptr<const T>> settle(Result<T> fetched, Instant now);

    SingleFlight flight;

  private:
    std::shared_ptr<const T> value_;
    Instant fresh_until_;
    Instant next_attempt_;
    std::chrono::seconds back_off_{0};
    Error error_;
};

class Provider {
  public:
    /// Keeps references: client and clock outlive it.
    Provider(std::string issuer, const std::string& discovery_url, http::Client& client, const Clock& clock);

    /// At most an hour old, unless the provider does not answer: then the last good one.
    Task<MetadataPtr> metadata();
    Task<KeySetPtr> keys();
    /// A newer set than `seen`, for a token whose key is not in it. Asks the provider at most every 30 seconds, so that
    /// forged tokens cannot make us hammer it; otherwise gives what there is.
    Task<KeySetPtr> keys_newer_than(KeySetPtr seen);
    /// Null before discovery succeeded.
    const ProviderMetadata* known_metadata() const { return metadata_.value().get(); }

    Task<ProviderAnswer> get(http::Url url, std::string bearer_token);
    Task<ProviderAnswer> post_form(http::Url url, std::string form, std::string authorization);

  private:
    Task<ProviderAnswer> exchange(http::Outbound outbound);
    Task<ProviderMetadata> fetch_metadata();
    Task<KeySet> fetch_keys();

    std::string issuer_;
    std::string discovery_address_;
    http::Client& client_;
    const Clock& clock_;
    Remembered<ProviderMetadata> metadata_;
    Remembered<KeySet> keys_;
    Instant next_extra_fetch_;
    std::optional<Error> extra_fetch_failed_;
};

}  // namespace gatehouse::auth

// SPDX-License-Identifier: Apache-2.0
// RevocationFeed: the subscriber connection that tells a shard's RevocationListener which sessions and keys any replica
// revokes, and its ChangeListener which records any replica changes. Its promise is that silence means "nothing was
// revoked": whenever it cannot know that (no connection, no answer to its pings for longer than `silence`), it says
// on_feed_down first. Not thread-safe: one per shard.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string_view>

#include "auth/vault.h"
#include "gateway/store/settings.h"
#include "policy/records.h"

namespace gatehouse::store {

/// Where RedisVault publishes the ids of revoked credentials.
inline constexpr std::string_view revocation_channel = "gh:revoked";

class RevocationFeed {
  public:
    /// Begins at once. `listener` is called on the executor until stop(); a feed that has never been up says
    /// on_feed_down when its first attempt fails. `changes` may be null.
    RevocationFeed(boost::asio::any_io_executor executor, RedisSettings settings, auth::RevocationListener& listener,
                   policy::ChangeListener* changes = nullptr, RedisPatience patience = {});
    RevocationFeed(const RevocationFeed&) = delete;
    RevocationFeed& operator=(const RevocationFeed&) = delete;
    /// Stops. Call on the shard's thread or when its context no longer runs.
    ~RevocationFeed();

    bool is_up() const;
    /// Closes; the listener is not called any more. Safe to call twice.
    void stop();

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace gatehouse::store

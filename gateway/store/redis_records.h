// SPDX-License-Identifier: Apache-2.0
// RedisRecords: policy::Records on Redis. One hash per kind and one sorted set for the audit trail, all in one hash
// slot, so that a change and its audit row are one script. One per shard.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/store/redis_client.h"
#include "policy/records.h"

namespace gatehouse::store {

/// Where changed kinds are told to every replica (revocation_feed.h listens).
inline constexpr std::string_view changes_channel = "gh:changed";

class RedisRecords final : public policy::Records {
  public:
    /// `redis` outlives it.
    explicit RedisRecords(RedisClient& redis) : redis_(redis) {}

    Task<policy::Documents> all(std::string kind) override;
    Task<std::optional<std::string>> find(std::string kind, std::string id) override;
    Task<> write(std::vector<policy::RecordWrite> changes) override;
    Task<> note(policy::AuditEvent event) override;
    Task<std::vector<policy::AuditEvent>> audit(std::int64_t before, std::size_t limit) override;
    Task<> sweep_audit(Instant before) override;

  private:
    RedisClient& redis_;
};

}  // namespace gatehouse::store

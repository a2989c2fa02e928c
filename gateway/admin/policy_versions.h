// SPDX-License-Identifier: Apache-2.0
// PolicyVersions: the history of the policies in the store. Reads versions and adds the next one; of two editors who
// began from the same version one wins, whichever replicas they are at. Used by admin/policies.cpp and, at start and
// when another replica has added one, by policy_follower.cpp. One per shard.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>

#include "gateway/base/clock.h"
#include "gateway/base/task.h"
#include "policy/policy_version.h"
#include "policy/records.h"

namespace gatehouse::admin {

struct NewVersion {
    policy::PolicyVersionPtr base;  ///< the present one; null: there is none
    boost::json::object document;
    std::string author;
    std::string reason;
    std::string action;  ///< in the audit trail: "policy.update", "policy.rollback"
};

class PolicyVersions {
  public:
    /// Both outlive it.
    PolicyVersions(policy::Records& records, const Clock& clock) : records_(records), clock_(clock) {}

    /// The number of the version that counts; 0: there is none yet.
    Task<std::int64_t> newest();
    /// Null when there is no such version. Faults: internal when it cannot be read.
    Task<policy::PolicyVersionPtr> find(std::int64_t number);
    /// The version that counts, or null.
    Task<policy::PolicyVersionPtr> current();
    /// Writes it, its audit row and that it counts from now on. Faults: precondition_failed/version_stale when `base`
    /// is not the present version any more.
    Task<policy::PolicyVersionPtr> add(NewVersion next);
    /// The version that counts; when there is none, this document becomes the first. Replicas that start at the same
    /// time agree on one.
    Task<policy::PolicyVersionPtr> current_or_first(boost::json::object document);

  private:
    policy::Records& records_;
    const Clock& clock_;
};

}  // namespace gatehouse::admin

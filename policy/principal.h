// SPDX-License-Identifier: Apache-2.0
// Principal: who has been seen at work, as far as admins ask about them: reports by name, and whom a cap or a policy
// would touch. Read from Rollups (rollups.h).
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "gateway/base/clock.h"

namespace gatehouse::policy {

/// A person or service key that was seen at work. Forgotten `admin.identity_retention_days` after `last_seen`.
struct Principal {
    std::string id;  ///< the subject
    std::string email;
    std::string name;
    std::vector<std::string> groups;
    bool service = false;
    Instant last_seen;
};

/// As the Admin API shows somebody: `{"type":"user_actor","user_id","name","email_address","deleted":false}`; null
/// where something is not known.
boost::json::object actor_of(const Principal& who);

}  // namespace gatehouse::policy

// SPDX-License-Identifier: Apache-2.0
// PausedSessions port: the sessions that a pause rule stopped (brake.h), for their owners and for admins. The ledger
// pauses them; only a person resumes them. Implementations: store/redis_paused_sessions (real), tests/support/
// memory_ledger (fake); tests/contract/paused_sessions_contract.h is what both pass.
#pragma once

#include <string>
#include <vector>

#include "gateway/base/task.h"
#include "policy/brake.h"

namespace gatehouse::policy {

class PausedSessions {
  public:
    virtual ~PausedSessions() = default;

    /// Of one user, longest paused first.
    virtual Task<std::vector<PausedSession>> of(std::string user) = 0;
    /// Of everybody, longest paused first.
    virtual Task<std::vector<PausedSession>> all() = 0;
    /// It may go on, and a new stretch begins with its next request. False: it is not paused.
    virtual Task<bool> resume(std::string user, std::string session) = 0;
};

}  // namespace gatehouse::policy

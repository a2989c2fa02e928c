// SPDX-License-Identifier: Apache-2.0
// PausedWorkHere: auth::PausedWork over policy::PausedSessions: a person answers for their own sessions and for those
// of the service keys whose owner they are. Built by services.cpp, one per shard. Words nothing and stores nothing.
#pragma once

#include <string>
#include <vector>

#include "auth/authenticator.h"
#include "auth/paused_work.h"
#include "policy/paused_sessions.h"

namespace gatehouse {

class PausedWorkHere final : public auth::PausedWork {
  public:
    /// Both outlive it.
    PausedWorkHere(policy::PausedSessions& sessions, const auth::Authenticator& authenticator)
        : sessions_(sessions), authenticator_(authenticator) {}

    Task<std::vector<auth::PausedItem>> of(auth::Person person) override;
    Task<bool> resume(auth::Person person, std::string user, std::string session) override;

  private:
    policy::PausedSessions& sessions_;
    const auth::Authenticator& authenticator_;
};

}  // namespace gatehouse

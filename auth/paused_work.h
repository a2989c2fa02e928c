// SPDX-License-Identifier: Apache-2.0
// PausedWork port: the sessions of Claude Code that a rule stopped, for the page of whoever answers for them. auth/
// does not know policy/: gateway/paused_work.h is the implementation.
#pragma once

#include <string>
#include <vector>

#include "auth/identity.h"
#include "gateway/base/clock.h"
#include "gateway/base/task.h"

namespace gatehouse::auth {

struct PausedItem {
    std::string user;         ///< a person's subject, or a service key's
    std::string session;      ///< as the client names it
    std::string service_key;  ///< name of the key; empty: the person's own session
    Instant since;
    std::string why;  ///< the rest of a sentence
};

class PausedWork {
  public:
    virtual ~PausedWork() = default;

    /// Of the person and of the service keys that they own.
    virtual Task<std::vector<PausedItem>> of(Person person) = 0;
    /// Lets it go on. False: it is not theirs, or not paused.
    virtual Task<bool> resume(Person person, std::string user, std::string session) = 0;
};

/// PausedWork::resume(). Faults: not_found, in words for the person, when it is not theirs or not paused.
Task<> resume_own(PausedWork& work, Person person, std::string user, std::string session);

}  // namespace gatehouse::auth

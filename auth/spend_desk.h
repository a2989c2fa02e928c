// SPDX-License-Identifier: Apache-2.0
// SpendDesk port: how somebody's own caps stand, asking for a higher one and taking that back, for the page of a
// signed-in person. auth/ does not know policy/: gateway/spend_desk.h is the implementation.
#pragma once

#include <string>
#include <vector>

#include "auth/identity.h"
#include "gateway/base/clock.h"
#include "gateway/base/task.h"

namespace gatehouse::auth {

/// One cap. Amounts in dollars.
struct SpendRow {
    std::string period;  ///< "daily", "weekly", "monthly"
    std::string group;   ///< whose shared budget it is; empty: their own
    std::string spent;
    std::string held;  ///< set aside for requests under way; empty: nothing
    std::string limit;
    Instant resets_at;
    bool reached = false;
};

/// One request for more.
struct AskedRow {
    std::string id;
    std::string period;
    std::string status;  ///< "pending", "approved", …
    bool open = false;   ///< may be taken back
    std::string reason;
    std::string answer;  ///< the admin's words, and what was granted; may be empty
    Instant asked_at;
};

struct SpendSheet {
    std::vector<SpendRow> rows;   ///< empty: nothing is capped
    std::vector<AskedRow> asked;  ///< newest first, the latest few
};

class SpendDesk {
  public:
    virtual ~SpendDesk() = default;

    virtual Task<SpendSheet> of(Person person) = 0;
    /// Empty `period`: the one that blocks. Empty `dollars`: left to the admin. Faults: bad_request, conflict (asked
    /// already), rate_limited, not_found (there are no caps here); the messages are for the person.
    virtual Task<> ask(Person person, std::string period, std::string dollars, std::string reason) = 0;
    /// Faults: not_found (or it is not theirs), conflict (it is decided).
    virtual Task<> withdraw(Person person, std::string id) = 0;
};

}  // namespace gatehouse::auth

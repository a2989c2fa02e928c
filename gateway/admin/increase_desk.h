// SPDX-License-Identifier: Apache-2.0
// IncreaseDesk: increase requests in the records: asking, taking back, approving and denying, each once and all or
// nothing with its row in the audit trail, with the cap that an approval writes, and with the history that keeps a
// person to one open request a period. Called by increase_requests (the API) and gateway/spend_desk (the page). Knows
// no HTTP.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/admin/cap_store.h"
#include "gateway/admin/increase_order.h"
#include "gateway/admin/spending.h"
#include "gateway/base/crypto.h"
#include "policy/increase.h"

namespace gatehouse::admin {

struct Approved {
    policy::IncreaseRequest request;
    policy::Cap cap;
};

/// What an approval would write, and the caps as they would be then.
struct Prospect {
    policy::IncreaseRequest request;
    policy::Cap cap;
    std::optional<policy::Cap> replaces;
    policy::CapBookPtr book;
};

/// References outlive the desk.
struct IncreaseDeskParts {
    policy::Records& records;
    Standings standings;
    std::function<policy::GroupLimitMode()> mode;
    Random& random;
    const Clock& clock;
};

class IncreaseDesk {
  public:
    explicit IncreaseDesk(IncreaseDeskParts parts) : parts_(std::move(parts)), caps_(parts_.records) {}

    /// Newest first. An unreadable record is logged and left out.
    Task<std::vector<policy::IncreaseRequest>> all();
    /// One person's own of late, newest first, at most `most` of those that `fits`, behind the one with that id.
    Task<std::vector<policy::IncreaseRequest>> of(std::string user, std::string after, std::size_t most,
                                                  std::function<bool(const policy::IncreaseRequest&)> fits);
    /// Faults: not_found.
    Task<policy::IncreaseRequest> find(std::string id);
    /// Faults: bad_request (nothing is capped, not in that period, not more than now), conflict (one is open already),
    /// rate_limited.
    Task<policy::IncreaseRequest> ask(policy::Principal who, IncreaseAsk ask);
    /// Faults: not_found (or it is another's), conflict (it is decided).
    Task<policy::IncreaseRequest> withdraw(std::string id, std::string user);
    /// Changes nothing. Faults: as approve().
    Task<Prospect> preview(std::string id, IncreaseGrant grant);
    /// Faults: not_found, conflict (it is decided, withdrawn or has lapsed).
    Task<Approved> approve(std::string id, IncreaseGrant grant, std::string actor);
    /// One that is denied already stays as it is. Faults: not_found, bad_request (it is approved: as Anthropic's API
    /// answers), conflict (it is withdrawn or has lapsed).
    Task<policy::IncreaseRequest> deny(std::string id, std::string note, std::string actor);

  private:
    struct Grounds;
    struct Stored;

    Task<Grounds> examine(policy::Principal who, IncreaseAsk ask, Instant now);
    Task<std::pair<policy::IncreaseHistory, std::string>> history_of(std::string user);
    Task<Stored> look_up(std::string id);
    Task<policy::IncreaseRequest> decide(Stored decided, std::string_view action,
                                         std::vector<policy::RecordWrite> more);

    IncreaseDeskParts parts_;
    CapStore caps_;
};

}  // namespace gatehouse::admin

// SPDX-License-Identifier: Apache-2.0
// IncreaseDesk: increase requests in the records: asking, approving and denying, each once and all or nothing with its
// row in the audit trail, with the cap that an approval writes, and with the mark that keeps a person to one open
// request a period. Called by increase_requests (the API) and gateway/spend_desk (the page). Knows no HTTP.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/admin/cap_store.h"
#include "gateway/admin/spending.h"
#include "gateway/base/crypto.h"
#include "policy/increase.h"

namespace gatehouse::admin {

/// What somebody asks for.
struct IncreaseAsk {
    std::optional<policy::Period> period;
    std::optional<std::string> wished;  ///< cents in digits
    std::string reason;
};

/// What an admin grants, or (only `note`) why not.
struct IncreaseGrant {
    std::string amount;                    ///< cents in digits
    std::optional<policy::Period> period;  ///< nothing: the request's
    std::optional<Instant> expires_at;     ///< nothing: for good
    std::string note;
};

struct Approved {
    policy::IncreaseRequest request;
    policy::Cap cap;
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
    /// Faults: not_found.
    Task<policy::IncreaseRequest> find(std::string id);
    /// Faults: bad_request (nothing is capped, not in that period), conflict (one is open already).
    Task<policy::IncreaseRequest> ask(policy::Principal who, IncreaseAsk ask);
    /// Faults: not_found, conflict (somebody has decided already).
    Task<Approved> approve(std::string id, IncreaseGrant grant, std::string actor);
    Task<policy::IncreaseRequest> deny(std::string id, std::string note, std::string actor);

  private:
    Task<policy::Period> choose_period(policy::Principal who, std::optional<policy::Period> said, Instant now);
    /// One that is still open, with its stored text.
    Task<std::pair<policy::IncreaseRequest, std::string>> open(std::string id);

    IncreaseDeskParts parts_;
    CapStore caps_;
};

/// The caps and pools of a person that are reached, as `[{"spend_limit_id","scope","period"}]`.
boost::json::array reached_caps(const policy::CapBook& book, const policy::Principal& who,
                                const std::vector<policy::Limit>& limits,
                                const std::vector<policy::Standing>& standings, policy::GroupLimitMode mode,
                                Instant now);

}  // namespace gatehouse::admin

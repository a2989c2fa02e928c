// SPDX-License-Identifier: Apache-2.0
// Outbox port: what the notifier (gateway/notify) remembers across replicas and restarts: which accounts were charged
// since anybody looked, which alerts were raised, and which deliveries are owed. Implementations: store/redis_outbox
// (real), tests/support/memory_outbox (fake); tests/contract/outbox_contract.h is what both pass.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/money.h"
#include "gateway/base/task.h"

namespace gatehouse::policy {

/// An account that was charged on a day. `mark` tells this charge from later ones of that day.
struct Touched {
    std::string account;
    Instant day;  ///< its midnight, UTC: what is settled late counts in the past
    std::int64_t mark = 0;
};

/// Something to tell, once.
struct Notice {
    std::string key;  ///< the same thing has the same key
    std::chrono::seconds remembered{0};
    std::string id;               ///< of the event
    std::string event;            ///< JSON
    std::vector<std::string> to;  ///< names of webhooks; none: it is only remembered
};

struct Delivery {
    std::string event_id;
    std::string to;     ///< name of the webhook
    std::string event;  ///< JSON
    int attempts = 0;   ///< that failed
    Instant since;      ///< when it was first owed
};

class Outbox {
  public:
    virtual ~Outbox() = default;

    /// At most so many, longest waiting first.
    virtual Task<std::vector<Touched>> touched(std::size_t most) = 0;
    /// They were looked at. One that was charged again meanwhile stays.
    virtual Task<> looked_at(std::vector<Touched> accounts) = 0;
    /// What an account spent on each of the days before that one, the latest first.
    virtual Task<std::vector<Money>> days_before(std::string account, Instant day, int days) = 0;

    /// True: it is new, and is owed to each of its webhooks from `now` on. All or nothing.
    virtual Task<bool> offer(Notice notice, Instant now) = 0;
    /// At most so many deliveries that are due. Nobody else gets them until `lease` is over.
    virtual Task<std::vector<Delivery>> take_due(Instant now, std::chrono::seconds lease, std::size_t most) = 0;
    /// Delivered, or given up.
    virtual Task<> settle(std::string event_id, std::string to) = 0;
    /// It failed: due again at that moment.
    virtual Task<> retry(std::string event_id, std::string to, Instant at) = 0;
    /// How many deliveries are owed.
    virtual Task<std::int64_t> owed() = 0;
};

}  // namespace gatehouse::policy

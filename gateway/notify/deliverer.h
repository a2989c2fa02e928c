// SPDX-License-Identifier: Apache-2.0
// Deliverer: posts what the outbox owes to webhooks, signs it, and decides when a failed delivery is tried again. A
// chore of one shard of every gateway; the outbox gives each delivery to one of them. At least once, with the same
// webhook-id each time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gateway/base/clock.h"
#include "gateway/base/crypto.h"
#include "gateway/http/client.h"
#include "gateway/notify/settings.h"
#include "gateway/observe/metrics.h"
#include "policy/outbox.h"

namespace gatehouse::notify {

/// References outlive the deliverer.
struct DelivererParts {
    policy::Outbox& outbox;
    http::Client& client;
    std::function<std::shared_ptr<const NotificationSettings>()> settings;
    observe::Metrics& metrics;
    const Clock& clock;
    Random& random;
    std::string user_agent;
};

class Deliverer {
  public:
    explicit Deliverer(DelivererParts parts) : parts_(std::move(parts)) {}

    /// What is due now, some of it.
    Task<> deliver();

  private:
    struct Outcome;
    Task<> deliver_one(policy::Delivery delivery);
    Task<Outcome> post(const Webhook& webhook, const policy::Delivery& delivery);
    Task<> give_up(const policy::Delivery& delivery, std::string why);

    Task<> count_owed(bool worked);

    DelivererParts parts_;
    Instant counted_;
};

/// When a delivery is tried again that has failed so often (1: once): twice as late each time, at most an hour, give or
/// take a fifth by `chance` (0 to 255) so that receivers are not hit by all at once; not before what the receiver asked
/// for. Nothing: it is given up.
std::optional<Instant> next_attempt(const NotificationSettings& settings, Instant since, int failed,
                                    std::chrono::seconds asked, unsigned char chance, Instant now);

}  // namespace gatehouse::notify

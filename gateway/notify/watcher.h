// SPDX-License-Identifier: Apache-2.0
// Watcher: looks at the accounts that were charged since anybody looked, and offers the outbox what is worth telling
// about them. A chore of one shard of every gateway; the outbox sees to it that each alert is raised once, whoever
// looks, and that none is lost when who looked dies. Delivers nothing (deliverer.h).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gateway/notify/settings.h"
#include "policy/cap.h"
#include "policy/ledger.h"
#include "policy/outbox.h"
#include "policy/rollups.h"

namespace gatehouse::notify {

/// References outlive the watcher.
struct WatcherParts {
    policy::Outbox& outbox;
    policy::Ledger& ledger;
    policy::Rollups& rollups;
    std::function<policy::CapBookPtr()> caps;
    std::function<policy::GroupLimitMode()> mode;
    std::function<std::shared_ptr<const NotificationSettings>()> settings;
    const Clock& clock;
};

class Watcher {
  public:
    explicit Watcher(WatcherParts parts) : parts_(std::move(parts)) {}

    /// One look, at no more accounts than fit into a step that the store does well.
    Task<> look();

  private:
    struct Watched;
    Task<> look_at_day(std::vector<policy::Touched> touched, std::shared_ptr<const NotificationSettings> settings);
    Task<std::vector<Watched>> watch(std::vector<policy::Touched> touched, Instant now);
    Task<> raise_thresholds(std::vector<Watched> watched, std::shared_ptr<const NotificationSettings> settings,
                            Instant day);
    Task<> raise_spikes(std::vector<Watched> watched, std::shared_ptr<const NotificationSettings> settings,
                        Instant day);
    Task<> offer(policy::Alert alert, std::string key, bool silent,
                 std::shared_ptr<const NotificationSettings> settings);

    WatcherParts parts_;
};

}  // namespace gatehouse::notify

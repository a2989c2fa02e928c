// SPDX-License-Identifier: Apache-2.0
// LiveState: what this process decides by, as one immutable snapshot that every shard reads: the file's settings, and
// the rules made of them and of the policies, which are the file's own or a version from the store. SIGHUP replaces the
// first, a new version the second; each time the rules are made anew from both. What does not fit together changes
// nothing. Thread-safe; owned by app.cpp.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "gateway/base/result.h"
#include "gateway/base/snapshot.h"
#include "gateway/messages/route.h"
#include "gateway/observe/metrics.h"
#include "gateway/settings.h"
#include "policy/policy_version.h"

namespace gatehouse {

struct Live {
    Settings settings;                  ///< its `rules` are those in force
    messages::UpstreamsPtr upstreams;   ///< with the same rules, and providers in the settings' order
    policy::PolicyVersionPtr policies;  ///< the version in force; null: the file's own
    /// The newest version that was read. Another than `policies` when it does not fit the file.
    policy::PolicyVersionPtr newest;
};

using LivePtr = std::shared_ptr<const Live>;

class LiveState {
  public:
    /// `metrics` outlives it.
    LiveState(Settings settings, observe::Metrics& metrics);

    LivePtr load() const { return snapshot_.load(); }
    /// Takes over what the file says now, with the policies from where they came until now: another `managed.source`
    /// applies after a restart. Faults: configuration_invalid when no version of the policies fits; nothing changes
    /// then.
    Result<> reload(Settings next);
    /// Whether the caller should read this version and hand it to `take`: it is newer than the newest, and no other
    /// shard is at it. Who cannot read it gives it up.
    bool claim(std::int64_t version);
    void give_up(std::int64_t version);
    /// Puts a version in force, unless a newer one is already here. Faults: configuration_invalid when it does not fit
    /// the file; the rules stay as they are then, and the next reload tries it again.
    Result<> take(policy::PolicyVersionPtr version);

  private:
    void store(LivePtr live);

    observe::Metrics& metrics_;
    std::mutex writing_;  ///< SIGHUP's thread and the shards make new snapshots of old ones
    std::atomic<std::int64_t> claimed_{0};
    Snapshot<Live> snapshot_;
};

}  // namespace gatehouse

// SPDX-License-Identifier: Apache-2.0
// SpendJournal: what was spent, on disk before it is in the store, so that neither an outage of the store nor the end
// of this process loses it. JSON lines (charge_line.h): a request that may cost something is written when it begins and
// when it is settled or released. Each run of a gateway has a directory of its own below `dir`, locked while it runs;
// the next run finds the directories of dead ones, posts what they left and says which requests they had under way.
// Files are of fixed size, rotated, and synced ten times a second while there is something to sync. One per process,
// thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/crypto.h"
#include "gateway/base/result.h"
#include "gateway/observe/metrics.h"
#include "gateway/store/charge_line.h"
#include "gateway/store/settings.h"

namespace gatehouse::store {

/// A run that is over and left its directory behind, which nobody else can adopt until `finish` or our end.
struct DeadRun {
    std::string directory;
    std::string epoch;
    std::uint64_t checkpoint = 0;       ///< every settlement below is in the store
    std::vector<std::string> files;     ///< in order
    std::vector<StartLine> unfinished;  ///< begun, and neither settled nor released
};

class SpendJournal {
  public:
    /// Makes the directory. Faults: unavailable with what is wrong as detail.
    static Result<std::unique_ptr<SpendJournal>> open(JournalSettings settings, const Clock& clock, Random& random,
                                                      observe::Metrics& metrics);
    SpendJournal(const SpendJournal&) = delete;
    SpendJournal& operator=(const SpendJournal&) = delete;
    /// Writes a last checkpoint and syncs.
    ~SpendJournal();

    const std::string& epoch() const;

    void started(const policy::Begun& begun);
    void released(std::string_view request_id, std::string_view why);
    /// Writes it down and numbers it. `record` becomes the line. Until `posted` it counts as waiting.
    std::uint64_t settled(const policy::Charge& charge, std::string& record);
    /// How often the store was doubted so far: asked before a settlement is posted, told when it is.
    std::uint64_t doubts() const;
    /// The store took it. It still counts as waiting until `trust`: a store that ends without warning may lose its last
    /// seconds. When the store was doubted since, this may be the word of the one that is gone: `failed` will give it
    /// back.
    void posted(std::uint64_t number, std::uint64_t doubts);
    /// The store did not take it: `failed` will give it back.
    void not_posted(std::uint64_t number);
    /// Whether there is something to trust.
    bool has_taken(std::chrono::seconds age) const;
    /// What was posted that long ago is in the store for good.
    void trust(std::chrono::seconds age);
    /// The store may have lost what is not trusted yet: `failed` will give it back.
    void doubt();

    bool has_failed() const;
    /// What the store did not take, of one file (the oldest that has some). Reads the file: call it on the blocking
    /// pool.
    std::vector<SettleLine> failed() const;

    /// Takes over what dead runs left. Reads it all: call it on the blocking pool, once.
    std::vector<DeadRun> adopt();
    /// The settlements of one file from a number on. Blocks.
    static std::vector<SettleLine> settlements(const std::string& file, std::uint64_t from);
    /// Everything of it is in the store now.
    void finish(const DeadRun& run);
    /// Deletes directories of finished runs and files that are older than kept. Blocks.
    void sweep();

  private:
    struct State;
    explicit SpendJournal(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace gatehouse::store

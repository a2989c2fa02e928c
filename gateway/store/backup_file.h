// SPDX-License-Identifier: Apache-2.0
// The form of a backup (docs/operations.md): JSON Lines. First what it is, then the keys (a big one on several lines
// with the same name), last how many and a SHA-256 over every line before, so that half a file is no backup. Text to
// values and back; who reads and writes the store is backup.h. Refuses keys that a backup does not hold: a restore can
// touch nothing else.
#pragma once

#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/digest.h"
#include "gateway/base/result.h"
#include "gateway/store/kept_keys.h"

namespace gatehouse::store {

struct BackupHeader {
    Instant created_at;
    std::string gatehouse;  ///< the version that wrote it
};

/// A key, or a part of a big one.
struct BackupLine {
    std::string key;
    KeyType type = KeyType::string;
    std::optional<Instant> expires_at;
    /// The value; or field, value, …; or member, score, …
    std::vector<std::string> items;
};

struct BackupCounts {
    std::uint64_t lines = 0;  ///< of keys
    std::uint64_t keys = 0;
};

/// Gives the lines of a backup in their order, each with its line break.
class BackupText {
  public:
    std::string header(const BackupHeader& header);
    /// Lines of one key follow each other.
    std::string line(const BackupLine& line);
    std::string end();
    const BackupCounts& counts() const { return counts_; }

  private:
    std::string add(std::string text);

    Sha256 digest_;
    BackupCounts counts_;
    std::string last_key_;
};

/// Reads a backup from its begin. Faults: bad_request/malformed_request with a sentence that names the line.
class BackupReader {
  public:
    /// `in` outlives it.
    explicit BackupReader(std::istream& in) : in_(&in) {}

    Result<BackupHeader> header();
    /// The next line of a key; nothing at the end of a whole and sound backup.
    Result<std::optional<BackupLine>> next();
    const BackupCounts& counts() const { return counts_; }

  private:
    Result<std::string> read();
    Error refused(std::string_view sentence) const;
    Result<> check_end(std::string_view text);

    std::istream* in_;
    Sha256 digest_;
    BackupCounts counts_;
    std::string last_key_;
    std::uint64_t number_ = 0;
};

/// A backup that was read to its end and is whole. Only such a one can be restored.
class SoundBackup {
  public:
    /// `in` can be read twice, and outlives it.
    static Result<SoundBackup> check(std::istream& in);
    const BackupHeader& header() const { return header_; }
    /// At its first key.
    Result<BackupReader> reader() const;

  private:
    SoundBackup(std::istream& in, BackupHeader header) : in_(&in), header_(std::move(header)) {}

    std::istream* in_;
    BackupHeader header_;
};

}  // namespace gatehouse::store

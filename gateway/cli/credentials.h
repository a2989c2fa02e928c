// SPDX-License-Identifier: Apache-2.0
// The developer's own credentials file: which gateways this account is signed in to, and with which tokens. One JSON
// file (0600) in one directory (0700), replaced as a whole so that a reader never sees half of it, and a lock that
// makes concurrent refreshes one. Called by commands.cpp. Refuses a file that others can read.
#pragma once

#include <map>
#include <string>

#include "gateway/base/clock.h"
#include "gateway/base/result.h"

namespace gatehouse::cli {

/// The tokens of one gateway.
struct Credential {
    std::string access_token;
    std::string refresh_token;  ///< empty: cannot be refreshed
    std::string token_endpoint;
    std::string revocation_endpoint;  ///< empty: the gateway offers none
    Instant issued_at;
    Instant expires_at;
};

/// By the gateway's origin.
using Credentials = std::map<std::string, Credential, std::less<>>;

/// Released when it goes away.
class FileLock {
  public:
    explicit FileLock(int file) : file_(file) {}
    FileLock(FileLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
    FileLock& operator=(FileLock&&) = delete;
    ~FileLock();

  private:
    int file_;
};

class CredentialFile {
  public:
    /// `$XDG_CONFIG_HOME/gatehouse`, else `~/.config/gatehouse`. Fails when neither is known.
    static Result<CredentialFile> in_home();
    explicit CredentialFile(std::string directory) : directory_(std::move(directory)) {}

    /// No file: nobody is signed in. A damaged one or one that others can read is an error.
    Result<Credentials> load() const;
    Result<> save(const Credentials& credentials) const;
    /// Tries once; conflict/already_exists when another process holds it.
    Result<FileLock> try_lock() const;
    std::string path() const { return directory_ + "/credentials.json"; }

  private:
    Result<> make_directory() const;

    std::string directory_;
};

}  // namespace gatehouse::cli

// SPDX-License-Identifier: Apache-2.0
// What gateway.yaml's `store.redis_url` becomes, and how patient the connections to it are.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "gateway/base/secret.h"

namespace gatehouse::store {

struct RedisSettings {
    bool tls = false;
    std::string host;  ///< empty when `socket` is set
    std::uint16_t port = 6379;
    std::string socket;  ///< unix socket path
    std::string user;
    Secret password;
    int database = 0;

    bool operator==(const RedisSettings&) const = default;
};

/// What gateway.yaml's `journal` becomes.
struct JournalSettings {
    std::string dir;
    std::size_t file_size = std::size_t{16} << 20U;
    std::chrono::days keep{30};  ///< files whose content is in the store

    bool operator==(const JournalSettings&) const = default;
};

/// One value for every connection of the process; the tests shorten it.
struct RedisPatience {
    std::chrono::milliseconds command{500};     ///< from asking to the answer; then the connection is given up
    std::chrono::milliseconds connect{2'000};   ///< name look-up, connecting, TLS, signing in
    std::chrono::milliseconds first_pause{50};  ///< between attempts, doubling with jitter
    std::chrono::milliseconds longest_pause{2'000};
    std::chrono::milliseconds ping_every{200};  ///< on the revocation feed
    std::chrono::milliseconds silence{600};     ///< on the revocation feed: longer, and it counts as down
    std::size_t queue = 4'096;                  ///< commands under way on one connection; more are refused
};

}  // namespace gatehouse::store

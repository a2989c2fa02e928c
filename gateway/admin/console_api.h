// SPDX-License-Identifier: Apache-2.0
// ConsoleApi: what everyone who is signed in has, put together: the console's pages and the API about oneself. Built by
// services.cpp, one per shard, with or without an `admin` section; what finance and admins do is AdminApi's.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "gateway/admin/console_pages.h"
#include "gateway/admin/me.h"
#include "gateway/admin/my_credentials.h"
#include "gateway/admin/my_paused_sessions.h"
#include "policy/ledger.h"

namespace gatehouse::admin {

/// References outlive the API.
struct ConsoleApiParts {
    GateParts gate;
    policy::Rollups& rollups;
    policy::Ledger& ledger;
    std::function<policy::RulesPtr()> rules;
    std::function<CapsInForce()> caps;
    std::string origin;
    std::string version;
    std::function<bool()> sample;
    auth::Vault& vault;
    Random& random;
    auth::PausedWork& paused;
    std::function<Task<std::optional<auth::Person>>(const http::Request&)> viewer;
    std::span<const ConsoleFile> files;
};

class ConsoleApi {
  public:
    explicit ConsoleApi(ConsoleApiParts parts);
    ConsoleApi(const ConsoleApi&) = delete;
    ConsoleApi& operator=(const ConsoleApi&) = delete;

    /// Adds the routes. The router keeps a reference to this.
    void mount(http::Router& router);

  private:
    Gate gate_;
    MeRoute me_;
    MyCredentialsRoute credentials_;
    MyPausedSessionsRoute paused_;
    ConsolePages pages_;
};

}  // namespace gatehouse::admin

// SPDX-License-Identifier: Apache-2.0
// Settings: gateway.yaml as resolved values, or every problem at once with its path and line. The file's form ends
// here; each room gets its own settings struct and can reach no other.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/settings.h"
#include "gateway/admin/settings.h"
#include "gateway/base/log.h"
#include "gateway/net/settings.h"
#include "gateway/notify/settings.h"
#include "gateway/otlp/settings.h"
#include "gateway/store/settings.h"
#include "gateway/upstream/settings.h"
#include "policy/enforcement.h"
#include "policy/policy_version.h"
#include "policy/price.h"
#include "policy/rules.h"

namespace gatehouse {

/// Where the store is. Exactly one of the two.
struct StoreSettings {
    std::optional<store::RedisSettings> redis;
    std::string embedded_dir;  ///< set when `redis` is not

    bool operator==(const StoreSettings&) const = default;
};

/// One fault: printed as `<file>:<line>: <path>: <message>`.
struct SettingsProblem {
    int line = 0;  ///< 1-based; 0 when the fault is an absence at the top
    std::string path;
    std::string message;
};

struct Settings {
    net::ListenSettings listen;
    net::TrafficSettings traffic;
    std::optional<net::ListenSettings> metrics_listen;  ///< listen.metrics: own listener for /metrics
    http::Url public_url;
    auth::OidcSettings oidc;
    auth::SessionSettings session;
    auth::SignInSettings sign_in;
    StoreSettings store;
    store::JournalSettings journal;
    std::vector<upstream::AnthropicSettings> upstreams;
    policy::RulesPtr rules;        ///< those in force, see live.h: as read here, the file's
    policy::RulesSpec rules_spec;  ///< what the file says of them, its own policies included
    policy::PolicySource policy_source = policy::PolicySource::file;
    otlp::TelemetrySettings telemetry;
    admin::AdminSettings admin;
    policy::EnforcementSettings enforcement;
    /// Never null; without webhooks nobody is told of anything.
    std::shared_ptr<const notify::NotificationSettings> notifications =
        std::make_shared<const notify::NotificationSettings>();
    policy::PriceBookPtr prices;  ///< never null
    log::Level log_level = log::Level::info;
    std::vector<SettingsProblem> notices;  ///< odd but not wrong: warned of at start and after a reload
    bool allow_loopback = false;           ///< GATEHOUSE_ALLOW_LOOPBACK=1 (CLAUDE_GATEWAY_ALLOW_LOOPBACK=1 is read too)
};

using Environment = std::function<std::optional<std::string>(std::string_view name)>;

/// Parses the text of gateway.yaml. Reads `${VAR}` through `environment` and `${file:…}` from disk; no network.
/// Problems never contain a secret's value.
std::expected<Settings, std::vector<SettingsProblem>> parse_settings(std::string_view yaml,
                                                                     const Environment& environment);
/// The same from a file.
std::expected<Settings, std::vector<SettingsProblem>> load_settings(const std::string& path,
                                                                    const Environment& environment);
/// One line per fault, each ending in a newline: `file:line: path: message`.
std::string format_problems(std::string_view file, const std::vector<SettingsProblem>& problems);
/// The process's environment.
std::optional<std::string> process_environment(std::string_view name);

}  // namespace gatehouse

// SPDX-License-Identifier: Apache-2.0
// The section parsers: each reads its top-level keys of gateway.yaml into the struct of the room that uses them, and
// reports what is wrong. Called by settings.cpp, once each, in this order.
#pragma once

#include "gateway/settings.h"
#include "gateway/settings/section.h"

namespace gatehouse::settings {

struct Context {
    const Environment& environment;
    bool allow_loopback = false;
};

/// Gives keys with an old name their present one: `managed.policies[].settings` is `cli`.
void rename_aliases(YamlNode& root, Problems& problems);

void read_listen(Section& file, Settings& settings);  ///< listen, access_control, limits, timeouts
void read_sign_in(Section& file, const Context& context,
                  Settings& settings);  ///< oidc, session, rate_limits, login_notice
void read_store(Section& file, const Context& context, Settings& settings);  ///< store, journal
/// Also fills the spec's upstream names.
void read_upstreams(Section& file, const Context& context, Settings& settings, policy::RulesSpec& spec);
void read_models(Section& file, policy::RulesSpec& spec);  ///< models, auto_include_builtin_models
void read_managed(Section& file, Problems& problems, Settings& settings);
void read_telemetry(Section& file, const Context& context, Settings& settings, policy::RulesSpec& spec);
void read_admin(Section& file, Settings& settings);  ///< admin, enforcement
void read_notifications(Section& file, const Context& context, Settings& settings);
/// After the upstreams and admin.
void read_pricing(Section& file, Settings& settings, const policy::RulesSpec& spec);
void read_log_level(Section& file, const Context& context, Problems& problems, Settings& settings);

/// What is odd about the prices of a file without a fault.
std::vector<SettingsProblem> find_pricing_notices(const Settings& settings, const YamlNode& root);

/// Refuses what the outbound guard would refuse (net/addresses.h), at boot rather than at first use.
void check_target(Section& section, std::string_view key, const http::Url& url, const Context& context);

}  // namespace gatehouse::settings

// SPDX-License-Identifier: Apache-2.0
// App: the process. Builds everything in dependency order, listens, waits for signals, ends in reverse order.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "gateway/services.h"
#include "gateway/settings.h"

namespace gatehouse {

/// `gatehouse serve`: runs until SIGTERM or SIGINT. Exit code 0 after a drain, 1 when something that it needs is not
/// there, 2 when the configuration is wrong (every problem is printed).
int serve(const std::string& config_file);
/// `gatehouse check`: the configuration's problems, without network. Exit code 0 or 2.
int check(const std::string& config_file);

/// How a process gets its settings: once at start and again on SIGHUP. Prints problems itself; nothing means refused.
using SettingsSource = std::function<std::optional<Settings>()>;
/// Blocks SIGTERM, SIGINT and SIGHUP for this thread and all that it starts. Call before any thread exists.
void block_signals();
/// Runs a gateway with these settings until it is told to end; `listening` is called once it accepts. `prepare`, if
/// there is one, fills the store before that.
int run_gateway(const SettingsSource& source, const std::function<void()>& listening, const Prepare& prepare = {});

}  // namespace gatehouse

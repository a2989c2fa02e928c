// SPDX-License-Identifier: Apache-2.0
// `gatehouse backup` and `gatehouse restore`: the store that a gateway.yaml names, out to a file and back in. Both
// connect to it beside a running gateway; an embedded store that no gateway runs is started for as long as they need.
#pragma once

#include "gateway/cli/arguments.h"

namespace gatehouse {

/// Exit codes: 0 done; 1 the store or a file failed; 2 the configuration is wrong, or the backup is damaged or meets a
/// store that is not empty, and nothing was written.
int run_backup(const cli::Backup& action);
int run_restore(const cli::Restore& action);

}  // namespace gatehouse

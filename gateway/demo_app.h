// SPDX-License-Identifier: Apache-2.0
// `gatehouse demo`: the gateway as it ships, on an embedded store, between a demo identity provider and a demo provider
// that this process serves on loopback. Nothing here is reachable from `serve`.
#pragma once

#include "gateway/cli/arguments.h"

namespace gatehouse {

/// Exit codes as `serve`.
int run_demo(const cli::Demo& options);

}  // namespace gatehouse

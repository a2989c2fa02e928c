// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/console_api.h"

#include <utility>

#include "auth/pages.h"

namespace gatehouse::admin {

ConsoleApi::ConsoleApi(ConsoleApiParts parts)
    : gate_(parts.gate),
      me_({.gate = gate_,
           .rollups = parts.rollups,
           .standings = standings_of(parts.ledger),
           .rules = std::move(parts.rules),
           .caps = std::move(parts.caps),
           .settings = parts.gate.settings,
           .origin = std::move(parts.origin),
           .version = std::move(parts.version),
           .sample = std::move(parts.sample),
           .clock = parts.gate.clock}),
      credentials_({.gate = gate_,
                    .vault = parts.vault,
                    .random = parts.random,
                    .journal = parts.gate.journal,
                    .clock = parts.gate.clock}),
      paused_({.gate = gate_, .paused = parts.paused, .journal = parts.gate.journal}),
      pages_({.viewer = std::move(parts.viewer), .files = parts.files, .render = auth::render_problem_page}) {}

void ConsoleApi::mount(http::Router& router) {
    me_.mount(router);
    credentials_.mount(router);
    paused_.mount(router);
    pages_.mount(router);
}

}  // namespace gatehouse::admin

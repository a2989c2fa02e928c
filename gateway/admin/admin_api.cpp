// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/admin_api.h"

#include <utility>

namespace gatehouse::admin {

AdminApi::AdminApi(const AdminApiParts& parts)
    : gate_({.authenticator = parts.authenticator,
             .settings = parts.settings,
             .records = parts.records,
             .journal = parts.journal,
             .clock = parts.clock,
             .browser = parts.browser}),
      spend_limits_({.gate = gate_,
                     .records = parts.records,
                     .rollups = parts.rollups,
                     .standings = standings_of(parts.ledger),
                     .settings = parts.settings,
                     .journal = parts.journal,
                     .clock = parts.clock}),
      effective_({.gate = gate_,
                  .records = parts.records,
                  .rollups = parts.rollups,
                  .standings = standings_of(parts.ledger),
                  .settings = parts.settings,
                  .clock = parts.clock}),
      explain_({.gate = gate_,
                .records = parts.records,
                .rollups = parts.rollups,
                .standings = standings_of(parts.ledger),
                .readings = readings_of(parts.ledger),
                .rules = parts.rules,
                .settings = parts.settings,
                .clock = parts.clock}),
      inventory_({.gate = gate_, .rollups = parts.rollups, .rules = parts.rules}),
      policies_({.gate = gate_,
                 .here = parts.policies,
                 .people = [&rollups = parts.rollups] { return rollups.principals(); },
                 .journal = parts.journal}),
      reports_({.gate = gate_,
                .rollups = parts.rollups,
                .clock = parts.clock,
                .pool = parts.pool,
                .providers = parts.providers,
                .prices = parts.prices}),
      spend_summary_(
          {.gate = gate_, .rollups = parts.rollups, .clock = parts.clock, .pool = parts.pool, .prices = parts.prices}),
      invoice_check_({.gate = gate_, .rollups = parts.rollups, .pool = parts.pool}),
      service_keys_({.gate = gate_,
                     .records = parts.records,
                     .vault = parts.vault,
                     .settings = parts.settings,
                     .journal = parts.journal,
                     .clock = parts.clock,
                     .random = parts.random,
                     .rules = parts.rules}),
      paused_sessions_({.gate = gate_, .paused = parts.paused, .records = parts.records, .clock = parts.clock}),
      operations_({.gate = gate_,
                   .activity = parts.activity,
                   .upstreams = parts.upstreams,
                   .replica = parts.replica,
                   .clock = parts.clock}),
      increase_desk_({.records = parts.records,
                      .standings = standings_of(parts.ledger),
                      .mode = [settings = parts.settings] { return settings()->group_limit_mode; },
                      .random = parts.random,
                      .clock = parts.clock}),
      increase_requests_({.gate = gate_,
                          .desk = increase_desk_,
                          .records = parts.records,
                          .rollups = parts.rollups,
                          .standings = standings_of(parts.ledger),
                          .settings = parts.settings,
                          .journal = parts.journal,
                          .clock = parts.clock}),
      users_({.gate = gate_,
              .rollups = parts.rollups,
              .records = parts.records,
              .vault = parts.vault,
              .rules = parts.rules,
              .settings = parts.settings,
              .journal = parts.journal,
              .clock = parts.clock}),
      audit_({.gate = gate_, .records = parts.records, .settings = parts.settings, .clock = parts.clock}) {}

void AdminApi::mount(http::Router& router) {
    spend_limits_.mount(router);
    effective_.mount(router);
    explain_.mount(router);
    inventory_.mount(router);
    policies_.mount(router);
    reports_.mount(router);
    spend_summary_.mount(router);
    invoice_check_.mount(router);
    service_keys_.mount(router);
    paused_sessions_.mount(router);
    operations_.mount(router);
    increase_requests_.mount(router);
    users_.mount(router);
    audit_.mount(router);
}

}  // namespace gatehouse::admin

// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/inventory.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "gateway/admin/reply.h"

namespace gatehouse::admin {
namespace {

namespace bj = boost::json;

struct Members {
    std::size_t people = 0;
    std::size_t service_keys = 0;
};

bj::array to_rows(std::span<const policy::Principal> seen) {
    std::map<std::string, Members, std::less<>> by_group;
    for (const policy::Principal& each : seen)
        for (const std::string& group : each.groups)
            ++(each.service ? by_group[group].service_keys : by_group[group].people);
    bj::array rows;
    for (const auto& [group, members] : by_group)
        rows.push_back(bj::object{{"type", "rbac_group"},
                                  {"rbac_group_id", group},
                                  {"people", members.people},
                                  {"service_keys", members.service_keys}});
    return rows;
}

bj::object to_row(const policy::Rules& rules, const policy::Model& model) {
    bj::array upstreams;
    for (std::size_t index = 0; index < rules.upstreams().size(); ++index)
        if (rules.upstream_id(model, index)) upstreams.emplace_back(rules.upstreams()[index].name);
    return {{"type", "model"},
            {"id", model.id},
            {"display_name", model.display_name},
            {"description", model.description},
            {"created_at", model.created_at},
            {"builtin", model.builtin},
            {"upstreams", std::move(upstreams)}};
}

}  // namespace

void InventoryRoute::mount(http::Router& router) {
    router.add({.method = "GET",
                .path = "/v1/organizations/groups",
                .handler = parts_.gate.guard(Right::read_spend, "groups", this, &InventoryRoute::groups),
                .render = render_admin_error,
                .label = "inventory"});
    router.add({.method = "GET",
                .path = "/v1/organizations/models",
                .handler = parts_.gate.guard(Right::read_spend, "models", this, &InventoryRoute::models),
                .render = render_admin_error,
                .label = "inventory"});
}

Task<http::Response> InventoryRoute::groups(http::Request& request) {
    const auto seen = co_await parts_.rollups.principals();
    if (!seen) co_return fail(seen.error());
    co_return reply(request, bj::object{{"data", to_rows(*seen)}});
}

Task<http::Response> InventoryRoute::models(http::Request& request) {
    const auto rules = parts_.rules();
    bj::array rows;
    for (const policy::Model* model : rules->models_for(nullptr))
        rows.push_back(to_row(*rules, *model));
    co_return reply(request, bj::object{{"data", std::move(rows)}});
}

}  // namespace gatehouse::admin

// SPDX-License-Identifier: Apache-2.0
#include "gateway/managed/route.h"

#include <string>

#include "auth/audit.h"
#include "gateway/http/reply.h"

namespace gatehouse::managed {
namespace {

/// Without cache-control: together with the version header, no-store means "nothing for this session" to the client.
http::Headers answer_headers() {
    return {{"vary", "User-Agent"}, {"x-cc-gateway-version", GATEHOUSE_VERSION}};
}

http::Response nothing(std::string why) {
    http::Response response = http::text(404, std::move(why));
    for (const auto& [name, value] : answer_headers())
        response.headers.add(name, value);
    response.headers.add("cache-control", "no-store");
    response.headers.add("pragma", "no-cache");
    return response;
}

}  // namespace

http::Response settings_answer(const policy::Rules& rules, const policy::Policy* policy,
                               std::string_view if_none_match) {
    if (policy == nullptr) policy = rules.telemetry_only();
    if (policy == nullptr) return nothing(rules.managed_configured() ? "no policy matched" : "not configured");

    const std::string tag = "\"" + policy->checksum + "\"";
    http::Response response;
    response.headers = answer_headers();
    if (if_none_match == tag) {
        response.status = 304;
        return response;
    }
    response.headers.add("etag", tag);
    response.headers.add("content-type", "application/json;charset=utf-8");
    response.body.append(R"({"uuid":)").append(tag).append(R"(,"checksum":)").append(tag);
    response.body.append(R"(,"settings":)").append(policy->settings_text).append("}");
    return response;
}

void ManagedRoute::mount(http::Router& router) {
    router.add({.method = "GET",
                .path = "/managed/settings",
                .handler = auth::guard_credential(parts_.authenticator, parts_.journal,
                                                  [this](http::Request& request, const auth::IdentityPtr& identity) {
                                                      return handle(request, identity);
                                                  }),
                .render = http::render_inference,
                .label = "managed_settings"});
}

Task<http::Response> ManagedRoute::handle(http::Request& request, const auth::IdentityPtr& identity) {
    const policy::RulesPtr rules = parts_.rules();
    const auth::Person& person = identity->person();
    const policy::Policy* policy = rules->policy_for({person.subject, person.email, person.groups});
    co_return settings_answer(*rules, policy, request.headers.value("if-none-match"));
}

}  // namespace gatehouse::managed

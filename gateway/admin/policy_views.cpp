// SPDX-License-Identifier: Apache-2.0
#include "gateway/admin/policy_views.h"

#include <algorithm>
#include <boost/json/value.hpp>
#include <string>
#include <utility>

#include "gateway/admin/reply.h"
#include "gateway/base/json.h"
#include "policy/policy_document.h"

namespace gatehouse::admin {
namespace {

namespace bj = boost::json;

bj::array to_array(const std::vector<std::string>& texts) {
    return bj::array(texts.begin(), texts.end());
}

bj::object to_json(const policy::PolicyEffect& effect) {
    return {{"user_id", effect.who.id},
            {"email_address", effect.who.email},
            {"service", effect.who.service},
            {"policy",
             {{"before", json::text_or_null(effect.policy_before)},
              {"after", json::text_or_null(effect.policy_after)},
              {"changed", effect.policy_changed}}},
            {"models_gained", to_array(effect.models_gained)},
            {"models_lost", to_array(effect.models_lost)},
            {"settings_changed", to_array(effect.settings_changed)},
            {"limits_changed", to_array(effect.limits_changed)}};
}

std::size_t count(std::span<const policy::PolicyEffect> effects, bool (*claim)(const policy::PolicyEffect&)) {
    return static_cast<std::size_t>(std::ranges::count_if(effects, claim));
}

}  // namespace

bj::object to_json(const policy::PolicyVersion& version) {
    return {{"type", "policy_version"},
            {"version", version.number},
            {"source", policy::to_slug(policy::PolicySource::store)},
            {"created_at", to_timestamp(version.created_at)},
            {"author", version.author},
            {"reason", version.reason},
            {"base_version", version.base},
            {"document", version.document}};
}

bj::array to_json(std::span<const policy::Problem> notices) {
    bj::array list;
    for (const policy::Problem& notice : notices)
        list.push_back(bj::object{{"path", notice.path}, {"message", notice.message}});
    return list;
}

bj::object to_json(std::span<const policy::PolicyEffect> effects, std::size_t known) {
    using Effect = policy::PolicyEffect;
    bj::array users;
    for (const Effect& effect : effects.first(std::min(effects.size(), most_listed_people)))
        users.push_back(to_json(effect));
    return {
        {"type", "policy_preview"},
        {"counts",
         {{"known", known},
          {"changed", effects.size()},
          {"policy", count(effects, [](const Effect& each) { return each.policy_changed; })},
          {"models",
           count(effects, [](const Effect& each) { return !each.models_gained.empty() || !each.models_lost.empty(); })},
          {"settings", count(effects, [](const Effect& each) { return !each.settings_changed.empty(); })},
          {"limits", count(effects, [](const Effect& each) { return !each.limits_changed.empty(); })}}},
        {"has_more", effects.size() > most_listed_people},
        {"users", std::move(users)}};
}

http::Response reply_version(const http::Request& request, bj::object body, const policy::PolicyVersion& version) {
    http::Response response = reply(request, std::move(body));
    response.headers.add("etag", "\"v" + std::to_string(version.number) + "\"");
    return response;
}

http::Response show_file(const http::Request& request, const policy::RulesSpec& file) {
    bj::object body{{"type", "policy_version"},
                    {"version", 0},
                    {"source", policy::to_slug(policy::PolicySource::file)},
                    {"created_at", nullptr},
                    {"author", "gateway.yaml"},
                    {"reason", nullptr},
                    {"base_version", 0},
                    {"document", policy::to_document(file.policies)},
                    {"in_force_version", 0}};
    http::Response response = reply(request, std::move(body));
    response.headers.add("etag", "\"v0\"");
    return response;
}

}  // namespace gatehouse::admin
